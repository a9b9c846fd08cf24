/* SPDX-License-Identifier: ISC */
/*
 * The peers and knocks that the engine should have, whole, as the parent said them last; and what
 * leads the engine there from whatever it has, by public key. On the engine's thread.
 */
#pragma once

#include "base/attributes.h"
#include "engine/engine.h"
#include "priv/message.h"

struct peerlist;

/* Begins a list: room for what is announced. */
struct peerlist *peerlist_new(const struct message_plan *head);

/* Wipes and frees. Accepts NULL. */
void peerlist_free(struct peerlist *list);

/* The next records. ERR_TRAILING: more than announced. */
int peerlist_add_peers(
	struct peerlist *list, const struct message_peer *peers, size_t count) must_check;
int peerlist_add_prefixes(
	struct peerlist *list, const struct message_prefix *prefixes, size_t count) must_check;
int peerlist_add_knocks(
	struct peerlist *list, const struct message_knock *knocks, size_t count) must_check;

/* All is there; the list can be compared from now on. ERR_TRUNCATED: fewer than announced. */
int peerlist_end(struct peerlist *list) must_check;

/* Told each difference, one line. */
typedef void peerlist_report(void *context, const char *what);

/* What is to be changed. */
struct peerlist_difference {
	struct engine_change change; /* by engine_configure(); release by engine_change_done() */
	uint32_t added, deleted, changed; /* peers */
	bool has_any;			  /* there is something to be changed */
	bool has_other_key;		  /* the engine's own key is not `public_key` any more */
};

/* What is compared with an engine. */
struct peerlist_question {
	const struct peerlist *wanted, *former; /* the list, and the one before; NULL: none */
	const uint8_t *public_key;		/* the engine's own, MESSAGE_KEY_SIZE bytes */
	peerlist_report *report;		/* hears of each difference; NULL: nobody */
	void *context;				/* handed to report */
};

/*
 * Finds what leads the engine to `wanted`. An endpoint is where the peer was heard last, so it is
 * set only for a peer that is new, or where `former` said another.
 */
void peerlist_compare(const struct peerlist_question *question, struct engine *engine,
	struct peerlist_difference *ret_difference);
