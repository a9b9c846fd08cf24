/* SPDX-License-Identifier: ISC */
/*
 * Who looked: campaigns of all sources, in a table whose size never changes. What is new takes the
 * place of what has not been heard of for longest, of those with few packets first, so that a
 * flood from made-up sources does not wash away who came back. Allocates once; for one thread.
 */
#pragma once

#include "base/siphash.h"
#include "radar/campaign.h"

enum {
	ROSTER_SIZE = 4096,   /* campaigns; 2.5 MiB */
	ROSTER_PAUSE_S = 600, /* a source that was quiet for so long begins a campaign anew */
	ROSTER_FEW = 8,	      /* packets, below which a campaign is the first to go */
};

struct roster;

/* NULL: no memory. `key` is random: nobody outside can choose where sources go. */
struct roster *roster_new(const struct siphash_key *key);

/* Accepts NULL. */
void roster_free(struct roster *roster);

/* Takes a packet in. */
void roster_add(struct roster *roster, const struct sample *sample, uint64_t realtime_ns);

/* Forgets all campaigns. */
void roster_clear(struct roster *roster);

/* How many campaigns went to make room. */
uint64_t roster_forgotten(const struct roster *roster);

/* Told each campaign; those of one source and name, of about the same time, as one. */
typedef void roster_visit(
	void *context, const struct campaign *campaign, const struct verdict *verdict);

/* Visits all, those that were heard last first. */
void roster_list(const struct roster *roster, roster_visit *visit, void *context);
