/* SPDX-License-Identifier: ISC */
/*
 * How a datagram dies at the door. Where the engine would have let it die by the same check the
 * word is the engine's (wireguard/drop.h). Included by the BPF program too.
 */
#pragma once

/* Name, word in reports, meaning. */
#define DOOR_LIST(X)                                                                               \
	X(DOOR_LET_IN, "let-in", "nothing was wrong with it")                                      \
	X(DOOR_HEADER, "header", "IP options, extension headers, a fragment, or lengths that lie") \
	X(DOOR_DOWN, "down", "the interface is down")                                              \
	X(DOOR_MALFORMED, "malformed", "not of exact WireGuard shape: type word or length")        \
	X(DOOR_NO_PRIVATE_KEY, "no-private-key", "the interface has no private key yet")           \
	X(DOOR_MAC1_INVALID, "mac1-invalid", "the sender does not know our public key")            \
	X(DOOR_KNOCK_MISSING, "knock-missing", "no valid knock in an initiation that needs one")   \
	X(DOOR_RESPONSE_UNEXPECTED, "response-unexpected", "no handshake of ours has this index")  \
	X(DOOR_COOKIE_UNEXPECTED, "cookie-unexpected", "a cookie reply to nothing that we sent")   \
	X(DOOR_INDEX_UNKNOWN, "index-unknown", "data for an index that is no session of ours")     \
	X(DOOR_NOBODY, "nobody", "the daemon is not there: no socket has the port")

enum door_reason {
#define X(name, word, meaning) name,
	DOOR_LIST(X)
#undef X
		DOOR_REASONS,
};
