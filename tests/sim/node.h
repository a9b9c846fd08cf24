/* SPDX-License-Identifier: ISC */
/* A node: one interface under test and the small program around it. */
#pragma once

#include "dice.h"
#include "letter.h"
#include "wireguard/interface.h"

struct world;

enum {
	NODES_MAX = 5,
	SHARDS_MAX = 3,
	POOL_CAPACITY = 640, /* of a shard: all staged lists full, and some */
};

/* By which address family a node is reached; nodes have one address of each. */
enum { OUTER_IPV4, OUTER_IPV6, OUTER_FAMILIES };

struct node {
	int number;
	struct packet_pool pools[SHARDS_MAX];	 /* of each shard; kept between worlds */
	struct packet_list hostages[SHARDS_MAX]; /* that a fault holds back from the pools */
	struct packet_list stolen;		 /* that a sabotage keeps, of the first pool */
	struct interface *shards[SHARDS_MAX];	 /* the first is NULL: the program does not run */
	int shard_count;
	int entry;	      /* the shard that gets what comes next from outside */
	bool is_up;	      /* started */
	bool has_key;	      /* its private key is set */
	bool is_asleep;	      /* the machine: nothing gets in or happens */
	bool is_stable;	      /* its outer addresses never change */
	bool disk_is_broken;  /* limits of timestamps cannot be stored */
	uint32_t incarnation; /* how often it was started, from 1 */
	uint16_t mtu_bytes;
	uint8_t private_key[NOISE_KEY_SIZE];
	struct noise_identity identity;	   /* the simulator's own copy, to look into initiations */
	struct cookie_checker mac_checker; /* likewise, for mac1 */
	struct endpoint outer[OUTER_FAMILIES];	     /* where others see it at the moment */
	struct endpoint first_outer[OUTER_FAMILIES]; /* where they saw it at first */
	uint64_t boot_ns;			     /* added to true time: its monotonic clock */
	uint64_t realtime_ns;			     /* added to true time: its realtime clock */
	uint64_t stored_timestamp_ns;		     /* what its disk says of timestamps */
	uint64_t disk_reach_ns;			     /* likewise, how far its peers' are good */
	uint64_t known_deadline_ns;		     /* for which tick_ns was drawn; monotonic */
	uint64_t tick_ns;			     /* true time of the next tick */
	struct dice dice;			     /* its entropy */
	struct dice disk_dice;
};

/* What one node was told about another, and the oracle's own idea of what it knows. */
struct relation {
	bool is_linked;		    /* configured as peers of each other */
	bool has_wrong_key;	    /* their pre-shared keys differ: no session may come of it */
	bool must_converge;	    /* linked, keys agree, and one of them can find the other */
	struct endpoint configured; /* family NONE: not told */
	uint8_t preshared_key[NOISE_KEY_SIZE];
	uint16_t keepalive_seconds;
	struct endpoint view;	    /* oracle: where this node may believe that one to be */
	uint64_t last_timestamp_ns; /* oracle: of our initiations to there, by our clock */
	uint8_t last_timestamp[NOISE_TIMESTAMP_SIZE]; /* oracle: as decoded from the wire */
	bool owes_answer;	    /* oracle: it has received in the calm, and not sent since */
	uint64_t newest_initiation; /* oracle: number of the newest accepted from there, + 1 */
	struct horizon disk;	    /* what our disk says of its timestamps; lead 0: nothing */
};

/* Why a node was called. */
enum cause_kind {
	CAUSE_START,
	CAUSE_ARRIVAL,
	CAUSE_SEND,
	CAUSE_TICK,
	CAUSE_STOP,
};

struct cause {
	enum cause_kind kind;
	const struct letter *letter; /* CAUSE_ARRIVAL */
	struct endpoint from;	     /* CAUSE_ARRIVAL */
};

static inline bool node_is_running(const struct node *node)
{
	return node->shards[0] != NULL;
}

/* Whether packets get in: it runs, and its machine is awake. */
static inline bool node_is_awake(const struct node *node)
{
	return node_is_running(node) && !node->is_asleep;
}

/* What the node's clocks say. */
struct moment node_now(const struct world *world, const struct node *node);

/* The peer of `node` that is `other`; NULL: not linked. The program must run. */
struct peer *node_peer(const struct world *world, const struct node *node, int other);

/* Starts the program with its configuration: interface, key, peers; and takes the device up. */
void node_start(struct world *world, struct node *node);

/* Whether an initiation has a knock that nodes accept. */
bool node_letter_knocks(const struct letter *letter);

/* Ends the program: all that is not stored is lost. */
void node_end(struct world *world, struct node *node);

/* Device up or down, program running on. */
void node_up(struct world *world, struct node *node);
void node_down(struct world *world, struct node *node);

/* A datagram gets to the node's socket; `from` is what the socket says. */
void node_receive(struct world *world, struct node *node, const struct letter *letter,
	const struct endpoint *from);

/* A packet for node_send(); NULL: the pool is empty. */
struct packet *node_packet(struct node *node);

/* The node's own host sends inner packets. */
void node_send(struct world *world, struct node *node, struct packet_list *inner);

/* Ticks the interface when true time has come to tick_ns. */
void node_tick(struct world *world, struct node *node);

/* Takes the private key away, or sets it again. */
void node_set_key(struct world *world, struct node *node, bool has_key);

/* Tells the node where its peer is, as its configuration says. */
void node_configure_endpoint(struct world *world, struct node *node, int other);
