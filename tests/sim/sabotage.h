/* SPDX-License-Identifier: ISC */
/*
 * Ways to falsify what the interfaces do, each of which the oracle must find: who watches the
 * watchman. One row a kind: name, word on the command line, what is done.
 */
#pragma once

#define SABOTAGE_LIST(X)                                                                           \
	X(SABOTAGE_REPLAY, "replay", "an inner packet is delivered twice")                         \
	X(SABOTAGE_ALTER, "alter", "a bit of a delivered inner packet is flipped")                 \
	X(SABOTAGE_SOURCE, "source", "a packet with another's inner source address is delivered")  \
	X(SABOTAGE_INVENT, "invent", "an inner packet is delivered that nobody sent")              \
	X(SABOTAGE_MISROUTE, "misroute", "an inner packet is delivered at another node")           \
	X(SABOTAGE_EMIT, "emission", "a copy of a datagram is emitted to a stranger")              \
	X(SABOTAGE_ANSWER, "answer", "a datagram of the adversary is answered")                    \
	X(SABOTAGE_ROAM, "roam", "a datagram of the adversary moves an endpoint")                  \
	X(SABOTAGE_ACCEPT, "accept", "a replayed datagram is counted as received")                 \
	X(SABOTAGE_COUNTER, "counter", "a data message is emitted twice")                          \
	X(SABOTAGE_TIMESTAMP, "timestamp", "a restart forgets the stored timestamp")               \
	X(SABOTAGE_LEAK, "leak", "a packet does not come back to its pool")                        \
	X(SABOTAGE_DOWN, "down", "an interface that is down emits a datagram")                     \
	X(SABOTAGE_DEAF, "deaf", "a node hears nothing any more once the world is calm")           \
	X(SABOTAGE_TALK, "talk", "somebody speaks though all has been said")                       \
	X(SABOTAGE_RESTART, "restart-replay", "a restart forgets the timestamps of peers")

enum sabotage {
	SABOTAGE_NONE = 0,
#define X(name, word, what) name,
	SABOTAGE_LIST(X)
#undef X
		SABOTAGE_COUNT,
};

struct world;
struct node;
struct cause;
struct outbox;

/* The word on the command line; "none" for SABOTAGE_NONE. */
const char *sabotage_word(enum sabotage sabotage);

/* What is done, for people. */
const char *sabotage_meaning(enum sabotage sabotage);

/* The kind with this word; SABOTAGE_COUNT: there is none. */
enum sabotage sabotage_named(const char *word);

/* Falsifies what a call on the node brought about, before the oracle sees it. */
void sabotage_apply(
	struct world *world, struct node *node, const struct cause *cause, struct outbox *out);
