/* SPDX-License-Identifier: ISC */
/*
 * Devices: a WireGuard public key that belongs to a user, with addresses in the overlay that it has
 * for life. A revoked key can never come back, and its address rests before another gets it.
 */
#pragma once

#include "base/address.h"
#include "store/store.h"

enum store_device_state {
	STORE_DEVICE_PENDING, /* enrolled, waits for approval */
	STORE_DEVICE_ACTIVE,
	STORE_DEVICE_QUARANTINED, /* reaches the portal only */
	STORE_DEVICE_REVOKED,	  /* for good */
};

struct store_device {
	uint64_t id; /* never given twice */
	uint8_t public_key[STORE_KEY_SIZE];
	uint8_t preshared_key[STORE_KEY_SIZE]; /* zero: none; wiped when revoked */
	char user[STORE_NAME_SIZE];
	char name[STORE_NAME_SIZE]; /* one live device of a user has it */
	enum store_device_state state;
	struct address ipv4;
	struct address ipv6;
	uint64_t enrolled_ns;
	uint64_t revoked_ns; /* 0: not */
	uint64_t invite_id;  /* 0: without an invite */
	uint64_t knock_told; /* number of the newest knock key that it was told; 0: none */
	uint64_t knock_has;  /* and that it says it has; see store/knock.h */
};

/* What a device brings along. */
struct store_enrolment {
	const char *name;
	const uint8_t *public_key;    /* STORE_KEY_SIZE bytes */
	const uint8_t *preshared_key; /* as many; NULL: none */
};

/*
 * Adds a device without an invite, active at once (stock WireGuard). ERR_NAME, ERR_NOT_FOUND: no
 * such user; ERR_EXISTS: the user's device of that name, or the key, also as a gateway's, an
 * invite's or one revoked; ERR_NO_ADDRESS, ERR_NO_NETWORK.
 */
int store_device_add(struct store *store, const struct store_actor *by, const char *user,
	const struct store_enrolment *enrolment, struct store_device *ret_device) must_check;

/* Each: ERR_NOT_FOUND, ERR_WRONG_STATE. pending to active; active to quarantined; back; any to
 * revoked.
 */
int store_device_approve(struct store *store, const struct store_actor *by, uint64_t id) must_check;
int store_device_quarantine(
	struct store *store, const struct store_actor *by, uint64_t id) must_check;
int store_device_release(struct store *store, const struct store_actor *by, uint64_t id) must_check;
int store_device_revoke(struct store *store, const struct store_actor *by, uint64_t id) must_check;

/* By key, revoked ones too. ERR_NOT_FOUND. */
int store_device_get(struct store *store, const uint8_t public_key[static STORE_KEY_SIZE],
	struct store_device *ret_device) must_check;

/* The live device of that user and name. ERR_NOT_FOUND. */
int store_device_find(struct store *store, const char *user, const char *name,
	struct store_device *ret_device) must_check;

/* Borrows the device for the call; not 0: stop, and give that back. It may look up, not act. */
typedef int store_device_visit(void *context, const struct store_device *device);

enum store_device_scope {
	STORE_DEVICES_LIVE, /* all but the revoked */
	STORE_DEVICES_ALL,
};

/* Visits devices by id: of one user, or of all (NULL). */
int store_device_each(struct store *store, const char *user, enum store_device_scope scope,
	store_device_visit *visit, void *context) must_check;
