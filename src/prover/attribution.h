/* SPDX-License-Identifier: ISC */
/*
 * Which stimulus a frame of the target's answers: by the tag that it brings back, else by what was
 * sent last that it may be an answer to. Pure; any thread.
 */
#pragma once

#include "prover/proof.h"

/* Tags of a row: one for each arm. */
static inline uint16_t attribution_tag(size_t row, enum proof_arm arm)
{
	return (uint16_t)(CRAFT_TAG_FIRST + row * PROOF_ARMS + arm);
}

/* Whom a frame is of. */
enum attribution_who {
	ATTRIBUTION_TARGET,
	ATTRIBUTION_ROUTER, /* an ICMP error about a frame of ours, by somebody else */
	ATTRIBUTION_OTHER,  /* not of interest */
};

enum attribution_who attribution_who(
	const struct proof *proof, const uint8_t *frame, size_t size, const struct answer *answer);

struct attribution {
	struct proof_row *row; /* NULL: it belongs to none */
	enum proof_arm arm;
	bool is_by_time;
};

/* For a frame of the target's that came at now_ns. */
struct attribution attribution_find(
	struct proof *proof, const struct answer *answer, uint64_t now_ns);
