/* SPDX-License-Identifier: ISC */
/* A store of a test's own, in a directory of its own, and short words for what tests do with it. */
#pragma once

#include "base/attributes.h"
#include "store/audit.h"
#include "store/device.h"
#include "store/gateway.h"
#include "store/group.h"
#include "store/invite.h"
#include "store/network.h"
#include "store/policytext.h"
#include "store/service.h"
#include "store/setting.h"
#include "store/store.h"
#include "store/user.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	LAB_PATH_SIZE = 128,
	LAB_SECOND = 1000000000,
};

/* When a test plays: some day of 2026, and as many seconds later. */
#define LAB_NOW_NS (1780000000ULL * LAB_SECOND)

struct lab {
	char directory[LAB_PATH_SIZE / 2];
	char path[LAB_PATH_SIZE]; /* of the database */
	struct store *store;
};

/* Aborts where a test's own ground does not hold. */
void lab_must(bool held, const char *what);

/* A directory for files, in memory where that is possible. */
void lab_begin(struct lab *lab);

/* Opens the store in it, whose network is set up and which has the gateway "gw". */
void lab_setup(struct lab *lab);

/* Both. */
void lab_open(struct lab *lab);

/* Opens the store of that path once more. */
struct store *lab_reopen(const struct lab *lab, enum store_mode mode);

/* Closes the store and removes the directory. */
void lab_end(struct lab *lab);

/* The path of another file in the directory. */
void lab_path(const struct lab *lab, const char *name, char ret_path[static LAB_PATH_SIZE]);

/* root, by the local socket, so many seconds after LAB_NOW_NS. */
struct store_actor lab_root(uint64_t seconds);

/* Some key, of a kind and a number; never zero. */
void lab_key(char kind, uint64_t number, uint8_t ret_key[static STORE_KEY_SIZE]);

/* An invite for a user's device, with the one-time key lab_key('i', number). */
int lab_invite(struct store *store, const char *user, uint64_t number, uint64_t lifetime_s,
	struct store_invite *ret_invite) must_check;

/* Redeems it for a device "<name>" with the key lab_key('d', device). */
int lab_redeem(struct store *store, uint64_t invite, uint64_t device, const char *name,
	struct store_device *ret_device) must_check;

/* What verification finds. */
struct store_audit_verdict lab_verify(struct store *store);

/* Whether the log is sound. */
bool lab_is_sound(struct store *store);

/* How many entries the log has. */
uint64_t lab_entries(struct store *store);

/* Runs SQL on the file, past all our functions. */
void lab_sql(const struct lab *lab, const char *sql);
/* As that; the result of SQLite's. */
int lab_try_sql(const struct lab *lab, const char *sql);
/* The number that SQL gives. */
int64_t lab_ask(const struct lab *lab, const char *sql);
