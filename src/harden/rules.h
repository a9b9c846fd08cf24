/* SPDX-License-Identifier: ISC */
/*
 * The rules of hardening as text for nft(8): pure. What they promise, and how, is in
 * docs/hardening.md. The text is one transaction that replaces whatever was there of ours.
 */
#pragma once

#include "harden/keep.h"

#include <net/if.h>

#define RULES_TABLE "inet tacet_harden"	       /* all that counts */
#define RULES_LINK_TABLE "netdev tacet_harden" /* shapes, as early as there is a hook */
#define RULES_TABLE_NAME "tacet_harden"
#define RULES_ARMED "armed" /* set that is there, and has elements, until it is confirmed */

/* Takes all of it out; it may be gone already. */
#define RULES_REMOVE                                                                               \
	"add table " RULES_TABLE "\ndelete table " RULES_TABLE "\n"                                \
	"add table " RULES_LINK_TABLE "\ndelete table " RULES_LINK_TABLE "\n"

/* Name of a counter, what it counts. */
#define RULES_COUNTERS(X)                                                                          \
	X(misshapen, "of a shape that no friend sends: fragments, options, wrong for the tunnel")  \
	X(unasked, "from strangers, asked for by nobody")                                          \
	X(unsaid, "that would have answered strangers, stopped on the way out")

enum {
	RULES_FACES_MAX = 256, /* interfaces of one kind */
};

/* How much is let through. There is room for `sealed`, with nothing but the tunnel. */
enum rules_level {
	RULES_STANDARD, /* the host may open connections of its own */
};

/* Names of interfaces. */
struct rules_faces {
	char names[RULES_FACES_MAX][IF_NAMESIZE];
	size_t count;
};

/* The TCP connection of whoever hardens, which lives until he has confirmed. */
struct rules_session {
	struct address there, here; /* ADDRESS_NONE: there is none */
	uint16_t port_there, port_here;
};

struct rules {
	enum rules_level level;
	const char *tunnel;		  /* its interface, which need not be there */
	uint16_t port;			  /* UDP, of the tunnel; 0: none that listens */
	const struct rules_faces *inside; /* beside the tunnel and lo: not judged */
	const struct rules_faces *outer;  /* present ones, which get the link table */
	const struct keep *keeps;
	size_t keep_count;
	const struct rules_session *session;
	unsigned armed_s; /* after so many seconds all is let through; 0: never */
};

/* The text, which the caller frees. Names are those of interfaces that the kernel has. */
char *rules_text(const struct rules *rules) __attribute__((returns_nonnull, warn_unused_result));

/* Whether a name can be written into rules: nothing that nft(8) would take for its own. */
bool rules_name_is_fine(const char *name);
