/* SPDX-License-Identifier: ISC */
/*
 * An act under way: the transaction, which its one audit entry ends. Fail at any place and just
 * return: AUTO_ACT takes back what was done.
 */
#pragma once

#include "store/sqlite/query.h"

#include <jansson.h>

struct act {
	struct store *store; /* NULL: not begun, or over */
	const struct store_actor *by;
};

/* Takes the database for writing. ERR_READ_ONLY, ERR_LOCKED; ERR_SYNTAX, ERR_RANGE: the actor. */
int act_begin(struct act *act, struct store *store, const struct store_actor *by) must_check;

/*
 * Writes the entry and ends the transaction. Consumes details; NULL: they could not be made, as
 * jansson makes no text that is not UTF-8: ERR_SYNTAX.
 */
int act_commit(struct act *act, const char *verb, const char *object, json_t *details) must_check;

/* Takes back all that was done since act_begin(); does nothing once it is over. */
void act_cancel(struct act *act);

#define AUTO_ACT __attribute__((cleanup(act_cancel)))

/* For details: a key as 64 hexadecimal digits. */
json_t *act_key(const uint8_t key[static STORE_KEY_SIZE]);

/* For details: an address of the overlay as text. */
json_t *act_address(const struct address *address);

/* The object's name of what a user has: "alice/laptop". */
enum {
	ACT_OBJECT_SIZE = 2 * STORE_NAME_SIZE,
};
const char *act_object(const char *user, const char *name, char ret_object[static ACT_OBJECT_SIZE]);
