/* SPDX-License-Identifier: ISC */
/*
 * Every way in which a packet dies inside the protocol. From this one list come the counters, the
 * documentation (docs/drops.md) and the test that each can be reached. None of them emits a byte.
 * Order: as a datagram meets them, then those of packets on their way out.
 */
#pragma once

#include <stdint.h>

/* Name, word in reports, meaning. */
#define DROP_LIST(X)                                                                               \
	X(DROP_DOWN, "down", "the interface is down")                                              \
	X(DROP_MALFORMED, "malformed", "not of exact WireGuard shape: type word or length")        \
	X(DROP_NO_PRIVATE_KEY, "no-private-key", "the interface has no private key yet")           \
	X(DROP_MAC1_INVALID, "mac1-invalid", "the sender does not know our public key")            \
	X(DROP_KNOCK_MISSING, "knock-missing", "no valid knock in an initiation that needs one")   \
	X(DROP_KNOCK_BUDGET, "knock-budget", "too many initiations without a knock in full right") \
	X(DROP_INITIATION_REPLAYED, "initiation-replayed", "a copy of one that was a member's")    \
	X(DROP_UNDER_LOAD, "under-load", "a handshake without a cookie while under load")          \
	X(DROP_RATE_LIMITED, "rate-limited", "too many handshakes from one source under load")     \
	X(DROP_EPHEMERAL_WEAK, "ephemeral-weak", "an ephemeral key of low order")                  \
	X(DROP_STATIC_FORGED, "static-forged", "the sender's static key does not authenticate")    \
	X(DROP_PEER_UNKNOWN, "peer-unknown", "a valid handshake by a key that is not configured")  \
	X(DROP_TIMESTAMP_FORGED, "timestamp-forged", "the timestamp does not authenticate")        \
	X(DROP_TIMESTAMP_REPLAYED, "timestamp-replayed", "an initiation not newer than the last")  \
	X(DROP_INITIATION_FLOOD, "initiation-flood", "one peer's initiations come too fast")       \
	X(DROP_RESPONSE_UNEXPECTED, "response-unexpected", "no handshake of ours has this index")  \
	X(DROP_RESPONSE_FORGED, "response-forged", "the response does not authenticate")           \
	X(DROP_COOKIE_UNEXPECTED, "cookie-unexpected", "a cookie reply to nothing that we sent")   \
	X(DROP_COOKIE_FORGED, "cookie-forged", "the cookie reply does not authenticate")           \
	X(DROP_INDEX_UNKNOWN, "index-unknown", "data for an index that is no session of ours")     \
	X(DROP_SESSION_EXPIRED, "session-expired", "data for a session past its time or count")    \
	X(DROP_DATA_FORGED, "data-forged", "a data packet that does not authenticate")             \
	X(DROP_COUNTER_REPLAYED, "counter-replayed", "a counter seen before or left behind")       \
	X(DROP_INNER_MALFORMED, "inner-malformed", "what was inside is not an IP packet")          \
	X(DROP_SOURCE_NOT_ALLOWED, "source-not-allowed", "inner source address of another peer")   \
	X(DROP_CRYPTO_FAILED, "crypto-failed",                                                     \
		"the cryptographic library failed or lacked memory, or a peer's key is weak")      \
	X(DROP_NO_BUFFER, "no-buffer", "the packet pool is empty")                                 \
	X(DROP_SHARD_FULL, "shard-full", "the worker of its peer is too busy to be handed it")     \
	X(DROP_OUT_MALFORMED, "out-malformed", "a packet to be sent is not an IP packet")          \
	X(DROP_OUT_NO_PEER, "out-no-peer", "no peer is allowed the destination address")           \
	X(DROP_OUT_NO_ENDPOINT, "out-no-endpoint", "the peer's endpoint is not known")             \
	X(DROP_OUT_NOT_HEARD, "out-not-heard", "the peer calls us, and was not heard of late")     \
	X(DROP_OUT_STAGED_FULL, "out-staged-full", "too many packets wait for a session")          \
	X(DROP_OUT_GAVE_UP, "out-gave-up", "the peer did not answer, or went while it waited")     \
	X(DROP_OUT_TOO_LONG, "out-too-long", "longer than a datagram can carry")                   \
	X(DROP_OUT_TIMESTAMPS, "out-timestamps",                                                   \
		"an initiation, as no greater timestamp is stored on disk yet")                    \
	X(DROP_OUT_UNSTORED, "out-unstored",                                                       \
		"an answer, as the timestamp it is for cannot be stored on disk")

enum drop {
	DROP_NONE = 0, /* alive */
#define X(name, word, meaning) name,
	DROP_LIST(X)
#undef X
		DROP_COUNT,
};

/* One counter a reason; [DROP_NONE] stays 0. */
struct drop_counters {
	uint64_t count[DROP_COUNT];
};

/* The word for reports ("mac1-invalid"); "none" for DROP_NONE; static. */
const char *drop_word(enum drop drop);

/* The meaning, one line for people; static. */
const char *drop_meaning(enum drop drop);
