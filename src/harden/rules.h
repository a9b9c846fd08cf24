/* SPDX-License-Identifier: ISC */
/*
 * The rules of hardening as text for nft(8): pure. What they promise, and how, is in
 * docs/hardening.md. The text is one transaction that replaces whatever was there of ours.
 */
#pragma once

#include "harden/keep.h"
#include "harden/neighbour.h"

#include <net/if.h>

#define RULES_TABLE "inet tacet_harden"	       /* flows, and interfaces that came later */
#define RULES_LINK_TABLE "netdev tacet_harden" /* the link: first on the way in, last out */
#define RULES_ARP_TABLE "arp tacet_harden"     /* sealed: interfaces that came later */
#define RULES_TABLE_NAME "tacet_harden"
#define RULES_ARMED "armed" /* set that is there, and has elements, until it is confirmed */
#define RULES_SEAL "sealed" /* counter that is there in that level only */

/* Takes all of it out; it may be gone already. */
#define RULES_REMOVE                                                                               \
	"add table " RULES_TABLE "\ndelete table " RULES_TABLE "\n"                                \
	"add table " RULES_LINK_TABLE "\ndelete table " RULES_LINK_TABLE "\n"                      \
	"add table " RULES_ARP_TABLE "\ndelete table " RULES_ARP_TABLE "\n"

/* Name of a counter, what it counts. Also the names under which deaths are logged. */
#define RULES_COUNTERS(X)                                                                          \
	X(misshapen, "of a shape that no friend sends: fragments, options, wrong for the tunnel")  \
	X(neighbour,                                                                               \
		"of the link's own protocols, from neighbours that this host does not speak to")   \
	X(unasked, "from strangers, asked for by nobody")                                          \
	X(hurried, "that began sessions faster than the kernel's engine can take without a word")  \
	X(unsaid, "that would have answered strangers, stopped on the way out")                    \
	X(forged, "from the tunnel's port, but not the daemon's, stopped on the way out")

/*
 * A sample of what is dropped goes to this group of nflog, for the radar, with "tacet NAME" before
 * it. Counters are exact; the sample is limited for each reason and hook.
 */
#define RULES_LOG_GROUP 31438 /* 0x7ace */

enum {
	RULES_FACES_MAX = 256, /* interfaces of one kind */
	RULES_PEERS_MAX = 64,
	RULES_LOG_RATE = 500, /* frames a second */
	RULES_LOG_BURST = 1000,
};

/* How much is let through. */
enum rules_level {
	RULES_STANDARD, /* the host may open connections of its own */
	RULES_SEALED,	/* nothing but the tunnel, and what is kept */
};

/* Who moves the tunnel's packets. */
enum rules_engine {
	RULES_ENGINE_OURS,
	RULES_ENGINE_KERNEL, /* it says cookie replies to strangers, unless it is kept from it */
};

/* Where members of a kernel's engine may call from, whom alone it answers. */
struct rules_peers {
	struct prefix list[RULES_PEERS_MAX];
	size_t count; /* 0: anywhere */
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
	const char *tunnel; /* its interface, which need not be there */
	uint16_t port;	    /* UDP, of the tunnel; 0: none that listens */
	uint32_t mark;	    /* of the daemon's datagrams; 0: they have none */
	enum rules_engine engine;
	const struct rules_peers *peers; /* of RULES_ENGINE_KERNEL */
	const struct neighbours *neighbours;
	const struct rules_faces *inside; /* beside the tunnel and lo: not judged */
	const struct rules_faces *outer;  /* present ones, which get the link table */
	const struct keep *keeps;
	size_t keep_count;
	const struct rules_session *session;
	unsigned armed_s; /* after so many seconds all is let through; 0: never */
	bool is_mute;	  /* no samples are logged: the kernel cannot */
};

/* "standard", "sealed"; static. */
const char *rules_level_word(enum rules_level level);

/* Reads it. ERR_UNKNOWN_WORD. */
int rules_level_parse(const char *text, enum rules_level *ret_level) must_check;

/* "tacet", "kernel"; the same. */
const char *rules_engine_word(enum rules_engine engine);
int rules_engine_parse(const char *text, enum rules_engine *ret_engine) must_check;

/* The text, which the caller frees. Names are those of interfaces that the kernel has. */
char *rules_text(const struct rules *rules) __attribute__((returns_nonnull, warn_unused_result));

/* Whether a name can be written into rules: nothing that nft(8) would take for its own. */
bool rules_name_is_fine(const char *name);
