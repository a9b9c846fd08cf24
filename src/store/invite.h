/* SPDX-License-Identifier: ISC */
/*
 * Invites: a one-time key that lets one new device or gateway enrol. The private half of the key is
 * in the token alone and never here; the pre-shared key is wiped when the invite ends.
 */
#pragma once

#include "base/address.h"
#include "store/device.h"
#include "store/gateway.h"

#include <stdbool.h>

enum store_invite_kind {
	STORE_INVITE_DEVICE,
	STORE_INVITE_GATEWAY,
};

enum store_invite_state {
	STORE_INVITE_OPEN,
	STORE_INVITE_REDEEMED,
	STORE_INVITE_EXPIRED,
	STORE_INVITE_REVOKED,
};

/* What is asked for. */
struct store_invite_request {
	enum store_invite_kind kind;
	const char *subject;	      /* the user who is there, or the new gateway's name */
	const uint8_t *public_key;    /* the one-time key, STORE_KEY_SIZE bytes */
	const uint8_t *preshared_key; /* as many */
	uint64_t expires_ns;
	bool needs_approval; /* the device will be pending */
};

struct store_invite {
	uint64_t id; /* never given twice */
	enum store_invite_kind kind;
	enum store_invite_state state;
	char subject[STORE_NAME_SIZE];
	uint8_t public_key[STORE_KEY_SIZE];
	uint8_t preshared_key[STORE_KEY_SIZE]; /* zero: none, or not open any more */
	bool needs_approval;
	struct address ipv4; /* of the one-time peer, for as long as the invite is open */
	struct address ipv6;
	uint64_t created_ns;
	uint64_t expires_ns;
	uint64_t ended_ns; /* 0: open */
	uint64_t knock;	   /* number of the joining key in its token; 0: none */
};

/*
 * ERR_NOT_FOUND: no such user; ERR_NAME; ERR_EXISTS: a gateway of that name, or the key;
 * ERR_RANGE: it would have expired; ERR_NO_ADDRESS, ERR_NO_NETWORK.
 */
int store_invite_create(struct store *store, const struct store_actor *by,
	const struct store_invite_request *request, struct store_invite *ret_invite) must_check;

/*
 * Turns an invite into a device: exactly one of all who try gets 0. The same device that asks
 * again, for the answer got lost, gets STORE_INVITE_AGAIN and its device. Any other gets
 * ERR_INVITE_USED, and an entry "invite.reuse" says so: raise the alarm. ERR_NOT_FOUND: no such
 * invite; ERR_INVITE_EXPIRED, ERR_INVITE_REVOKED; ERR_WRONG_STATE: it is for a gateway; and
 * store_device_add()'s, after which the invite is open still.
 */
int store_invite_redeem(struct store *store, const struct store_actor *by,
	const uint8_t one_time_key[static STORE_KEY_SIZE], const struct store_enrolment *enrolment,
	struct store_device *ret_device) must_check;

enum {
	STORE_INVITE_AGAIN = 1,
};

/* What a gateway brings along; its name is the invite's. */
struct store_gateway_enrolment {
	const uint8_t *public_key;    /* STORE_KEY_SIZE bytes */
	const uint8_t *preshared_key; /* as many; NULL: none */
	const char *endpoint;	      /* host:port, as devices call it */
};

/* As that, for a gateway, with store_gateway_add()'s errors. */
int store_invite_redeem_gateway(struct store *store, const struct store_actor *by,
	const uint8_t one_time_key[static STORE_KEY_SIZE],
	const struct store_gateway_enrolment *enrolment,
	struct store_gateway *ret_gateway) must_check;

/* ERR_NOT_FOUND, ERR_WRONG_STATE: not open. */
int store_invite_revoke(struct store *store, const struct store_actor *by, uint64_t id) must_check;

/* Ends what has expired by by->now_ns, one act each. ret_count: how many. */
int store_invite_expire(
	struct store *store, const struct store_actor *by, uint64_t *ret_count) must_check;

/* When the next open invite expires, realtime ns; UINT64_MAX: none is open. */
int store_invite_next_expiry(struct store *store, uint64_t *ret_ns) must_check;

/* By one-time key, in whatever state. ERR_NOT_FOUND. */
int store_invite_get(struct store *store, const uint8_t one_time_key[static STORE_KEY_SIZE],
	struct store_invite *ret_invite) must_check;

/* Borrows the invite for the call; not 0: stop, and give that back. It may look up, not act. */
typedef int store_invite_visit(void *context, const struct store_invite *invite);

enum store_invite_scope {
	STORE_INVITES_OPEN,
	STORE_INVITES_ALL,
};

/* Visits invites by id. */
int store_invite_each(struct store *store, enum store_invite_scope scope, store_invite_visit *visit,
	void *context) must_check;
