/* SPDX-License-Identifier: ISC */
/*
 * One simulated world: a few WireGuard nodes, the network between them, an adversary, and all that
 * is known about them. Everything in it follows from one seed.
 *
 *   draw --> chaos: traffic, faults, adversary --> drain --> calm: rounds until all is delivered
 *        --> where nobody has a persistent keepalive: quiet, not a datagram
 *
 * Time is "true time" of the world; each node has clocks of its own, derived from it.
 */
#pragma once

#include "adversary.h"
#include "dice.h"
#include "letter.h"
#include "node.h"
#include "oracle.h"
#include "sabotage.h"
#include "schedule.h"
#include "statistics.h"
#include "traffic.h"

#define MS ((uint64_t)NS_PER_MS)
#define SECOND ((uint64_t)NS_PER_S)
#define HOUR (3600 * SECOND)

enum {
	PERMILLE = 1000,
};

/* What a world is about. */
enum world_kind {
	WORLD_SHORT,  /* a minute or two of everything */
	WORLD_LONG,   /* many minutes: sessions age, are renewed and expire */
	WORLD_SLEEPY, /* hours, in which little happens; machines sleep */
	WORLD_FLOOD,  /* handshakes in masses, so that nodes are under load */
	WORLD_KINDS,
};

/* The network between the nodes. */
struct network {
	uint32_t loss, duplication, straggling; /* per mille of datagrams */
	uint64_t delay_ns, jitter_ns;		/* least, and what chance adds */
	bool is_cut[NODES_MAX][NODES_MAX];	/* partitions, by direction */
	uint16_t next_port;			/* so that no outer address is used twice */
};

struct world {
	uint64_t seed;
	enum world_kind kind;
	enum sabotage sabotage; /* what is falsified, to see the oracle find it */
	enum cookie_policy cookies;
	enum knock_mode knock;	 /* what all nodes ask for */
	bool decodes_timestamps; /* in some worlds, as it costs */
	bool is_calm;		 /* nothing is lost any more, nobody disturbs */
	bool has_keepalives;	 /* some links have persistent ones */
	uint64_t quiet_from_ns;	 /* nobody has anything to say any more; 0: not yet */
	uint64_t now_ns;
	uint64_t chaos_ends_ns, calm_since_ns;
	uint64_t traffic_gap_ns, adversary_gap_ns, fault_gap_ns; /* means */
	struct dice dice;
	struct schedule schedule;
	struct network network;
	struct letters letters;
	size_t node_count;
	struct node nodes[NODES_MAX];
	struct relation relations[NODES_MAX][NODES_MAX]; /* [who][about whom] */
	struct traffic traffic;
	struct oracle oracle;
	struct adversary adversary;
	struct statistics *statistics;
	bool is_tracing;     /* prints every event */
	uint64_t trace_hash; /* over every event */
	bool has_failed;
	bool is_over;	   /* and all was well */
	char failure[256]; /* what the oracle found first */
};

/* Plays the world of a seed to its end; false: world->failure says what was found, and when. */
bool world_play(struct world *world, uint64_t seed);

/* Makes all anew from a seed, and starts the nodes. */
void world_draw(struct world *world, uint64_t seed);

/* An event of no one in particular, so long from now. */
void world_schedule(struct world *world, enum event_kind kind, uint64_t delay_ns);

/* Frees what is kept between worlds. */
void world_done(struct world *world);

/* The oracle's verdict: the world ends here. Only the first is kept. */
void world_fail(struct world *world, const char *format, ...) printf_like(2, 3);

/* Takes an event into the hash, and prints it when tracing. */
void world_trace(struct world *world, const char *what, int node, const void *bytes, size_t size);

/* About `mean_ns`, by chance; at least 1. */
uint64_t world_gap(struct world *world, uint64_t mean_ns);
