/* SPDX-License-Identifier: ISC */
/* What a handshake makes of messages that are true, but come at the wrong time. */
#include "tap.h"

#include "base/error.h"
#include "wireguard/handshake_world.h"

#define FLOOD_NS (SECONDS_NS / INITIATIONS_PER_SECOND)

/* Numbers are timestamps, times are offsets to NOW_NS. In this order, on one handshake. */
static const struct {
	const char *name;
	uint32_t number;
	uint64_t at_ns;
	enum drop drop;
} timestamps[] = {
	{"the zero timestamp", 0, 0, DROP_TIMESTAMP_REPLAYED},
	{"the first", 100, 0, DROP_NONE},
	{"the same at once", 100, 0, DROP_TIMESTAMP_REPLAYED},
	{"the same later", 100, 3600 * SECONDS_NS, DROP_TIMESTAMP_REPLAYED},
	{"an older one", 99, FLOOD_NS, DROP_TIMESTAMP_REPLAYED},
	{"a newer one, whose low byte is smaller", 0x100, 0, DROP_INITIATION_FLOOD},
	{"a newer one at once", 101, 0, DROP_INITIATION_FLOOD},
	{"a newer one 1 ns too early", 101, FLOOD_NS - 1, DROP_INITIATION_FLOOD},
	{"a newer one at the edge", 101, FLOOD_NS, DROP_NONE},
	{"the next, 1 ns too early after that", 102, 2 * FLOOD_NS - 1, DROP_INITIATION_FLOOD},
	{"the next at the edge", 102, 2 * FLOOD_NS, DROP_NONE},
	{"the first once more", 100, 4 * FLOOD_NS, DROP_TIMESTAMP_REPLAYED},
	{"the last second", UINT32_MAX, 4 * FLOOD_NS, DROP_NONE},
	{"nothing is newer", UINT32_MAX, 8 * FLOOD_NS, DROP_TIMESTAMP_REPLAYED},
};

static void test_timestamps(void)
{
	set_up();
	for (size_t i = 0; i < ARRAY_LENGTH(timestamps); i++) {
		uint64_t now_ns = NOW_NS + timestamps[i].at_ns;
		initiation = initiation_make(&ends, &seed, timestamps[i].number);
		if (timestamps[i].drop == DROP_NONE)
			initiation_lives(&initiation, now_ns, timestamps[i].name);
		else
			tap_ok(initiation_dies(&initiation, now_ns, timestamps[i].drop),
				timestamps[i].name);
	}
	ends_done(&ends);
}

/* A timestamp is remembered through clear and rekey: a recorded initiation stays dead. */
static void test_replay_after_rekey(void)
{
	set_up();
	initiation = initiation_make(&ends, &seed, 5);
	initiation_lives(&initiation, NOW_NS, "an initiation");
	noise_handshake_clear(&ends.responder.handshake);
	tap_ok(initiation_dies(&initiation, NOW_NS + SECONDS_NS, DROP_TIMESTAMP_REPLAYED),
		"cleared");
	noise_handshake_rekey(&ends.responder.handshake, &ends.responder.identity);
	tap_ok(initiation_dies(&initiation, NOW_NS + SECONDS_NS, DROP_TIMESTAMP_REPLAYED),
		"rekeyed");
	ends_done(&ends);
}

static void test_responses_unexpected(void)
{
	struct noise_keys keys;

	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	initiation_lives(&initiation, NOW_NS, "an initiation");
	response = response_make(&ends, &seed);
	response_lives(&response, "its response");
	tap_ok(the_response_dies(DROP_RESPONSE_UNEXPECTED), "the same again");
	noise_keys_derive(&ends.initiator.handshake, &keys);
	tap_ok(the_response_dies(DROP_RESPONSE_UNEXPECTED), "again, after the keys were derived");
	initiation = initiation_make(&ends, &seed, 2);
	tap_ok(the_response_dies(DROP_RESPONSE_FORGED), "the old response to a new initiation");
	noise_handshake_clear(&ends.initiator.handshake);
	tap_ok(the_response_dies(DROP_RESPONSE_UNEXPECTED), "after the handshake was cleared");
	initiation = initiation_make(&ends, &seed, 3);
	noise_handshake_rekey(&ends.initiator.handshake, &ends.initiator.identity);
	tap_ok(the_response_dies(DROP_RESPONSE_UNEXPECTED), "after it was rekeyed");
	ends_done(&ends);

	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	initiation_lives(&initiation, NOW_NS, "an initiation");
	response = response_make(&ends, &seed);
	initiation = initiation_make(&ends, &seed, 2);
	tap_ok(the_response_dies(DROP_RESPONSE_FORGED),
		"a response overtaken by our next initiation");
	ends_done(&ends);
}

/* Both call at once: who consumes the other's initiation gives up its own. */
static void test_simultaneous(void)
{
	struct noise_keys keys;
	struct message_initiation crossing;
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE];

	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	timestamp_of(1, timestamp);
	if (noise_initiation_create(&ends.responder.handshake, &ends.responder.identity,
		    seeded_entropy(&seed), timestamp, &crossing))
		abort();
	initiation_lives(&initiation, NOW_NS, "a call that crosses ours");
	tap_ok(!ends.responder.handshake.ephemeral, "our ephemeral is gone");
	remember(&ends.responder);
	tap_is_int(noise_response_consume(
			   &ends.responder.handshake, &ends.responder.identity, &response),
		DROP_RESPONSE_UNEXPECTED, "a response to ours");
	tap_ok(is_as_before(&ends.responder), "has changed nothing");
	response = response_make(&ends, &seed);
	response_lives(&response, "their response");
	noise_keys_derive(&ends.initiator.handshake, &keys);
	ends_done(&ends);
}

static void test_no_identity(void)
{
	static const struct noise_identity nobody;
	struct message_initiation message = {.sender_index = 77};
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE] = {1};

	set_up();
	struct end *end = &ends.initiator;
	noise_handshake_rekey(&end->handshake, &nobody);
	tap_ok(bytes_are_zero(end->handshake.static_static, NOISE_KEY_SIZE), "no ss without a key");
	remember(end);
	tap_is_int(noise_initiation_create(
			   &end->handshake, &nobody, seeded_entropy(&seed), timestamp, &message),
		ERR_NO_PRIVATE_KEY, "no initiation without a key");
	tap_ok(is_as_before(end) && message.sender_index == 77, "has changed nothing");
	noise_handshake_rekey(&end->handshake, &end->identity);
	initiation = initiation_make(&ends, &seed, 1);
	initiation_lives(&initiation, NOW_NS, "after the key came back");
	ends_done(&ends);
}

/* Secrets are gone: all bytes that a handshake under way had. */
static void test_wiped(void)
{
	static const struct noise_handshake zero;
	static const struct noise_identity nobody;

	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	noise_handshake_clear(&ends.initiator.handshake);
	tap_ok(bytes_are_zero(ends.initiator.handshake.hash, 32) &&
			bytes_are_zero(ends.initiator.handshake.chaining_key, 32) &&
			!ends.initiator.handshake.ephemeral,
		"clear wipes the state");
	ends_done(&ends);
	tap_is_bytes(&ends.initiator.handshake, &zero, sizeof zero, "done wipes a handshake");
	tap_is_bytes(&ends.initiator.identity, &nobody, sizeof nobody, "and an identity");
}

int main(void)
{
	test_timestamps();
	test_replay_after_rekey();
	test_responses_unexpected();
	test_simultaneous();
	test_no_identity();
	test_wiped();
	return tap_done();
}
