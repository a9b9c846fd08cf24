/* SPDX-License-Identifier: ISC */
/* Whatever is wrong with a handshake message: the right drop, and nothing has changed. */
#include "tap.h"

#include "base/error.h"
#include "wireguard/handshake_world.h"

/* Public keys with which every secret is zero, and their twins above the prime and bit 255. */
static const struct {
	const char *name;
	uint8_t key[NOISE_KEY_SIZE];
} weak_keys[] = {
	{"0", {0}},
	{"1", {1}},
	{"order 8, first", {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa,
				   0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1,
				   0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00}},
	{"order 8, second", {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55,
				    0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
				    0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57}},
	{"p - 1", {0xec, [1 ... 30] = 0xff, 0x7f}},
	{"p", {0xed, [1 ... 30] = 0xff, 0x7f}},
	{"p + 1", {0xee, [1 ... 30] = 0xff, 0x7f}},
	{"0 with bit 255", {[31] = 0x80}},
	{"1 with bit 255", {1, [31] = 0x80}},
	{"order 8, first, with bit 255",
		{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
			0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62,
			0x05, 0x16, 0x5f, 0x49, 0xb8, 0x80}},
	{"order 8, second, with bit 255",
		{0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
			0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22,
			0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0xd7}},
	{"p - 1 with bit 255", {0xec, [1 ... 31] = 0xff}},
	{"p with bit 255", {0xed, [1 ... 31] = 0xff}},
	{"p + 1 with bit 255", {0xee, [1 ... 31] = 0xff}},
};

/* Each bit of a field, one at a time: `dies` says whether the message was dropped rightly. */
static void each_bit(
	uint8_t *field, size_t size, bool (*dies)(enum drop), enum drop drop, const char *name)
{
	size_t survived = 0;

	for (size_t bit = 0; bit < size * 8; bit++) {
		field[bit / 8] ^= (uint8_t)(1u << bit % 8);
		survived += !dies(drop);
		field[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	tap_is_int(survived, 0, name);
}

static void test_initiation_bits(void)
{
	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	each_bit(initiation.ephemeral, sizeof initiation.ephemeral, the_initiation_dies,
		DROP_STATIC_FORGED, "each bit of an initiation's ephemeral");
	each_bit(initiation.encrypted_static, sizeof initiation.encrypted_static,
		the_initiation_dies, DROP_STATIC_FORGED, "each bit of its static key");
	each_bit(initiation.encrypted_timestamp, sizeof initiation.encrypted_timestamp,
		the_initiation_dies, DROP_TIMESTAMP_FORGED, "each bit of its timestamp");
	initiation_lives(&initiation, NOW_NS, "the true one is still consumed");
	ends_done(&ends);
}

static void test_response_bits(void)
{
	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	initiation_lives(&initiation, NOW_NS, "an initiation");
	response = response_make(&ends, &seed);
	each_bit(response.ephemeral, sizeof response.ephemeral, the_response_dies,
		DROP_RESPONSE_FORGED, "each bit of a response's ephemeral");
	each_bit(response.encrypted_nothing, sizeof response.encrypted_nothing, the_response_dies,
		DROP_RESPONSE_FORGED, "each bit of its tag");
	response_lives(&response, "the true one is still consumed");
	ends_done(&ends);
}

static void test_weak_ephemerals(void)
{
	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	struct message_initiation good = initiation;
	for (size_t i = 0; i < ARRAY_LENGTH(weak_keys); i++) {
		memcpy(initiation.ephemeral, weak_keys[i].key, NOISE_KEY_SIZE);
		if (!tap_ok(the_initiation_dies(DROP_EPHEMERAL_WEAK), "weak ephemeral, initiation"))
			printf("# %s\n", weak_keys[i].name);
	}
	initiation_lives(&good, NOW_NS, "an initiation");
	response = response_make(&ends, &seed);
	struct message_response true_response = response;
	for (size_t i = 0; i < ARRAY_LENGTH(weak_keys); i++) {
		memcpy(response.ephemeral, weak_keys[i].key, NOISE_KEY_SIZE);
		if (!tap_ok(the_response_dies(DROP_EPHEMERAL_WEAK), "weak ephemeral, response"))
			printf("# %s\n", weak_keys[i].name);
	}
	response_lives(&true_response, "the true response");
	ends_done(&ends);
}

/* A peer whose static key is of low order cannot be talked to, in either direction. */
static void test_weak_statics(void)
{
	static const uint8_t zero[NOISE_KEY_SIZE];
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE] = {1};
	struct message_initiation message = {.sender_index = 77};
	struct noise_caller caller;

	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	if (noise_initiation_open(&ends.responder.identity, &initiation, &caller))
		abort();
	for (size_t i = 0; i < ARRAY_LENGTH(weak_keys); i++) {
		struct end *end = &ends.responder;
		noise_handshake_init(&end->handshake, &end->identity, weak_keys[i].key);
		bool held = bytes_are_zero(end->handshake.static_static, sizeof zero);
		remember(end);
		held &= noise_initiation_create(&end->handshake, &end->identity,
				seeded_entropy(&seed), timestamp, &message) == ERR_WEAK_KEY;
		held &= noise_initiation_consume(&end->handshake, &initiation, &caller, NOW_NS) ==
			DROP_STATIC_FORGED;
		if (!tap_ok(held && is_as_before(end) && message.sender_index == 77, "weak static"))
			printf("# %s\n", weak_keys[i].name);
	}
	ends_done(&ends);
}

static void test_wrong_keys(void)
{
	uint64_t other_seed = 0xbadface;
	uint8_t stranger[NOISE_KEY_SIZE];

	set_up();
	seeded_fill(&other_seed, stranger, sizeof stranger);
	initiation = initiation_make(&ends, &seed, 1);
	if (noise_identity_set(&ends.responder.identity, stranger))
		abort();
	tap_ok(the_initiation_dies(DROP_STATIC_FORGED), "an initiation to another key");
	ends_done(&ends);

	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	memcpy(ends.responder.handshake.remote_static, stranger, sizeof stranger);
	tap_ok(the_initiation_dies(DROP_PEER_UNKNOWN),
		"an initiation by a key that is not ours to know");
	memcpy(ends.responder.handshake.remote_static, ends.initiator.identity.public_key, 32);
	ends.responder.handshake.static_static[0] ^= 1;
	tap_ok(the_initiation_dies(DROP_TIMESTAMP_FORGED),
		"who does not have the private key of it");
	ends.responder.handshake.static_static[0] ^= 1;
	initiation_lives(&initiation, NOW_NS, "with all right");
	ends.responder.handshake.preshared_key[31] ^= 1;
	response = response_make(&ends, &seed);
	tap_ok(the_response_dies(DROP_RESPONSE_FORGED), "a response with another psk");
	memset(ends.responder.handshake.preshared_key, 0, NOISE_KEY_SIZE);
	ends_done(&ends);
}

/* A response by somebody who has heard the initiation, but is not whom it was for. */
static void test_response_by_another(void)
{
	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	initiation_lives(&initiation, NOW_NS, "an initiation");
	ends.responder.handshake.remote_static[0] ^= 1; /* se comes out differently */
	response = response_make(&ends, &seed);
	tap_ok(the_response_dies(DROP_RESPONSE_FORGED), "a response with another se");
	ends_done(&ends);

	set_up();
	initiation = initiation_make(&ends, &seed, 1);
	initiation_lives(&initiation, NOW_NS, "an initiation again");
	response = response_make(&ends, &seed);
	if (noise_identity_set(&ends.initiator.identity, ends.responder.identity.private_key))
		abort();
	tap_ok(the_response_dies(DROP_RESPONSE_FORGED), "a response after our key was changed");
	noise_identity_done(&ends.initiator.identity);
	tap_ok(the_response_dies(DROP_NO_PRIVATE_KEY), "a response while there is no key");
	ends_done(&ends);
}

int main(void)
{
	test_initiation_bits();
	test_response_bits();
	test_weak_ephemerals();
	test_weak_statics();
	test_wrong_keys();
	test_response_by_another();
	return tap_done();
}
