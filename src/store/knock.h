/* SPDX-License-Identifier: ISC */
/*
 * Knock keys (docs/knock.md): which there are, whom each was told to, and what becomes of those
 * that somebody knows who is not one of us any more. A key has a number, counted up and never given
 * twice; on the wire it goes by the number's last 16 bits, its epoch.
 *
 * Members' keys are told to devices and gateways. A joining key is in tokens only: it is served
 * from the budget, and only as long as an invite that carries it is open.
 */
#pragma once

#include "store/store.h"
#include "wireguard/knock.h"

#include <stdbool.h>

enum {
	STORE_KNOCKS_JOINING_MAX = 64,
	STORE_KNOCKS_MEMBER_MAX = KNOCK_KEYS_MAX - STORE_KNOCKS_JOINING_MAX,
	STORE_KNOCK_ROTATION_S = 24 * 3600, /* unless told otherwise */
	STORE_KNOCK_ROTATION_MIN_S = 60,
	STORE_KNOCK_ROTATION_MAX_S = 90 * 24 * 3600,
};

struct store_knock {
	uint64_t number;
	uint8_t key[KNOCK_KEY_SIZE];
	bool is_joining;
	bool is_spoiled; /* a member's that somebody knows who is out */
	uint64_t made_ns;
};

static inline uint16_t store_knock_epoch(uint64_t number)
{
	return (uint16_t)(number & UINT16_MAX);
}

/* What the network asks for. */
struct store_knock_rules {
	enum knock_mode mode;
	uint32_t rotation_s; /* so often a new key is made at the least */
};

int store_knock_get_rules(struct store *store, struct store_knock_rules *ret_rules) must_check;

/* ERR_RANGE: the rotation. */
int store_knock_set_rules(struct store *store, const struct store_actor *by,
	const struct store_knock_rules *rules) must_check;

/*
 * Makes the next key of the members. Where there are too many then, those go that no device and no
 * gateway has as its last, the oldest first; only where there is none, the oldest of all.
 */
int store_knock_rotate(struct store *store, const struct store_actor *by) must_check;

/* Borrows the key for the call; not 0: stop, and give that back. It may look up, not act. */
typedef int store_knock_visit(void *context, const struct store_knock *knock);

/* Visits all keys by number. */
int store_knock_each(struct store *store, store_knock_visit *visit, void *context) must_check;

/* Of a device or a gateway. */
struct store_knock_news {
	bool is_gateway;
	uint64_t holder; /* its id */
	uint64_t told;	 /* the number that it is about to be told; 0: none */
	uint64_t has;	 /* that it says it has; 0: it says nothing */
};

/*
 * Writes down, in one transaction, whom members' keys are told to: before they are. It is no act
 * and leaves no entry: each device would, each day.
 */
int store_knock_tell(
	struct store *store, const struct store_knock_news *news, size_t count) must_check;
