/* SPDX-License-Identifier: ISC */
/* Settings: a word and its value, as text. The network's own are in network.h. */
#pragma once

#include "store/store.h"

enum {
	STORE_SETTING_SIZE = 4096, /* of a value with its zero */
};

/* ERR_NAME: the key; ERR_RANGE: too long; ERR_SYNTAX: not UTF-8; ERR_WRONG_STATE: network.h's. */
int store_setting_set(struct store *store, const struct store_actor *by, const char *key,
	const char *value) must_check;

/* ERR_NOT_FOUND. */
int store_setting_get(
	struct store *store, const char *key, char ret_value[static STORE_SETTING_SIZE]) must_check;

/* Borrows both for the call; not 0: stop, and give that back. It may look up, not act. */
typedef int store_setting_visit(void *context, const char *key, const char *value);

/* Visits all settings by key. */
int store_setting_each(struct store *store, store_setting_visit *visit, void *context) must_check;
