/* SPDX-License-Identifier: ISC */
/* Invites inside an act. */
#pragma once

#include "store/invite.h"
#include "store/sqlite/query.h"

/* An invite, and what only this folder needs of it. */
struct invites_row {
	struct store_invite invite;
	uint64_t user_id; /* 0: a gateway's */
};

/* By one-time key. ERR_NOT_FOUND. */
int invites_get(struct store *store, const uint8_t one_time_key[static STORE_KEY_SIZE],
	struct invites_row *ret_row) must_check;
