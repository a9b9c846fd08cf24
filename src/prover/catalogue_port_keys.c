/* SPDX-License-Identifier: ISC */
/* Aimed at the port, by somebody who knows the public key or has recorded. */
#include "prover/catalogue.h"

/* The same by IPv4 and by IPv6. */
#define BOTH(rest, ...)                                                                            \
	{.name = "ipv4.port." rest, .family = ADDRESS_IPV4, __VA_ARGS__},                          \
	{                                                                                          \
		.name = "ipv6.port." rest, .family = ADDRESS_IPV6, __VA_ARGS__                     \
	}

static const struct stimulus stimuli[] = {
	BOTH("mac1.initiation", .what = "an initiation with a valid mac1", .lesson = LESSON_MAC1,
		.layer = STIMULUS_UDP, .make = STIMULUS_MAC1, .port = STIMULUS_PORT, .size = 148,
		.payload = STIMULUS_DATA("\x01\x00\x00\x00")),
	BOTH("mac1.response", .what = "a response with a valid mac1", .lesson = LESSON_MAC1,
		.layer = STIMULUS_UDP, .make = STIMULUS_MAC1, .port = STIMULUS_PORT, .size = 92,
		.payload = STIMULUS_DATA("\x02\x00\x00\x00")),
	BOTH("mac1.burst", .what = "a burst of initiations with a valid mac1",
		.lesson = LESSON_MAC1, .layer = STIMULUS_UDP, .make = STIMULUS_MAC1,
		.flags = STIMULUS_BURST, .port = STIMULUS_PORT, .size = 148,
		.payload = STIMULUS_DATA("\x01\x00\x00\x00")),
	BOTH("mac1.after", .what = "an initiation with a valid mac1 half a second after that",
		.lesson = LESSON_MAC1, .layer = STIMULUS_UDP, .make = STIMULUS_MAC1,
		.flags = STIMULUS_AFTER, .port = STIMULUS_PORT, .size = 148,
		.payload = STIMULUS_DATA("\x01\x00\x00\x00")),
	BOTH("mac1.response-burst", .what = "a burst of responses with a valid mac1",
		.lesson = LESSON_MAC1, .layer = STIMULUS_UDP, .make = STIMULUS_MAC1,
		.flags = STIMULUS_BURST, .port = STIMULUS_PORT, .size = 92,
		.payload = STIMULUS_DATA("\x02\x00\x00\x00")),
	BOTH("replay.initiation", .what = "a recorded initiation", .lesson = LESSON_REPLAY,
		.layer = STIMULUS_UDP, .make = STIMULUS_RECORDED, .port = STIMULUS_PORT, .size = 1),
	BOTH("replay.response", .what = "a recorded response", .lesson = LESSON_REPLAY,
		.layer = STIMULUS_UDP, .make = STIMULUS_RECORDED, .port = STIMULUS_PORT, .size = 2),
	BOTH("replay.data", .what = "recorded data", .lesson = LESSON_REPLAY, .layer = STIMULUS_UDP,
		.make = STIMULUS_RECORDED, .port = STIMULUS_PORT, .size = 4),
	BOTH("replay.burst", .what = "a recorded initiation, many times at once",
		.lesson = LESSON_REPLAY, .layer = STIMULUS_UDP, .make = STIMULUS_RECORDED,
		.flags = STIMULUS_REPEAT, .port = STIMULUS_PORT, .size = 1),
};

const struct catalogue_part catalogue_port_keys = {stimuli, ARRAY_LENGTH(stimuli)};
