/* SPDX-License-Identifier: ISC */
/* Two ends, the messages between them, and how those die. For tests, once each. */
#pragma once

#include "tap.h"

#include "wireguard/handshake_fixture.h"

#define NOW_NS 1000000000000ULL

static uint64_t seed = 0x7acede;
static struct ends ends;
static struct message_initiation initiation;
static struct message_response response;
static struct noise_handshake before; /* see remember() */

static inline void set_up(void)
{
	ends_init_seeded(&ends, &seed);
}

static inline void remember(const struct end *end)
{
	memcpy(&before, &end->handshake, sizeof before);
}

/* Every byte of the handshake is as it was, padding and pointer too. */
static inline bool is_as_before(const struct end *end)
{
	return memcmp(&before, &end->handshake, sizeof before) == 0;
}

/* The responder drops the initiation so, and nothing changed. */
static inline bool initiation_dies(
	const struct message_initiation *message, uint64_t now_ns, enum drop drop)
{
	remember(&ends.responder);
	enum drop got = initiation_take(&ends.responder, message, now_ns);
	if (got != drop)
		printf("# got %s, want %s\n", drop_word(got), drop_word(drop));
	return got == drop && is_as_before(&ends.responder);
}

static inline bool response_dies(const struct message_response *message, enum drop drop)
{
	struct end *end = &ends.initiator;

	remember(end);
	enum drop got = noise_response_consume(&end->handshake, &end->identity, message);
	if (got != drop)
		printf("# got %s, want %s\n", drop_word(got), drop_word(drop));
	return got == drop && is_as_before(end);
}

static inline void initiation_lives(
	const struct message_initiation *message, uint64_t now_ns, const char *name)
{
	tap_is_int(initiation_take(&ends.responder, message, now_ns), DROP_NONE, name);
}

static inline void response_lives(const struct message_response *message, const char *name)
{
	tap_is_int(noise_response_consume(
			   &ends.initiator.handshake, &ends.initiator.identity, message),
		DROP_NONE, name);
}

static inline bool the_initiation_dies(enum drop drop)
{
	return initiation_dies(&initiation, NOW_NS, drop);
}

static inline bool the_response_dies(enum drop drop)
{
	return response_dies(&response, drop);
}
