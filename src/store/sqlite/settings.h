/* SPDX-License-Identifier: ISC */
/* Reading and writing single settings inside an act. */
#pragma once

#include "store/sqlite/query.h"

/* The settings that network.h owns begin so. */
#define SETTINGS_NETWORK "network."

/* Writes without looking at the key; for use in an act. */
int settings_put(struct store *store, const char *key, const char *value) must_check;

/* Reads at most size - 1 bytes. ERR_NOT_FOUND, ERR_CORRUPT: longer. */
int settings_get(struct store *store, const char *key, char *ret_value, size_t size) must_check;
