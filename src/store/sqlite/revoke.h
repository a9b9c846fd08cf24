/* SPDX-License-Identifier: ISC */
/* Taking access away inside an act: state, pre-shared key, address and knock keys go together. */
#pragma once

#include "store/invite.h"
#include "store/sqlite/query.h"

/* Ends one device that is live. */
int revoke_device(struct store *store, uint64_t id, uint64_t now_ns) must_check;

/* Ends one open invite, by redemption, expiry or revocation. */
int revoke_invite(struct store *store, uint64_t id, enum store_invite_state state,
	uint64_t now_ns) must_check;

/* Ends all of a user's live devices and open invites; the counts say how many. */
int revoke_all(struct store *store, uint64_t user_id, uint64_t now_ns, uint64_t *ret_devices,
	uint64_t *ret_invites) must_check;
