/* SPDX-License-Identifier: ISC */
/* The knock, against vectors that a script made from its specification (tests/vectors/knock.py). */
#include "tap.h"

#include "wireguard/knock.h"

#include "../../vectors/knock.h"

#include <errno.h>
#include <stdlib.h>

static struct knock_gate gate;
static struct knock_key keys[KNOCK_KEYS_MAX + 1];

static struct knock_key key_of(size_t vector, enum knock_class class)
{
	struct knock_key key = {.epoch = knock_vectors[vector].epoch, .class = class};

	memcpy(key.key, knock_vectors[vector].key, sizeof key.key);
	return key;
}

/* All epochs of the vectors, the last first; the first of them are budgeted. */
static void open_gate(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(knock_vectors); i++)
		keys[ARRAY_LENGTH(knock_vectors) - 1 - i] =
			key_of(i, i < 2 ? KNOCK_BUDGETED : KNOCK_FULL);
	if (knock_gate_set(&gate, KNOCK_REQUIRED, keys, ARRAY_LENGTH(knock_vectors)) < 0)
		abort();
}

static void test_vectors(void)
{
	uint8_t datagram[MESSAGE_INITIATION_SIZE];

	open_gate();
	for (size_t i = 0; i < ARRAY_LENGTH(knock_vectors); i++) {
		struct knock_key key = key_of(i, KNOCK_FULL);

		memcpy(datagram, knock_vectors[i].datagram, sizeof datagram);
		tap_is_int(knock_check(&gate, datagram), i < 2 ? KNOCK_BUDGETED : KNOCK_FULL,
			"a vector's knock is valid, and of its key's class");
		memset(datagram + MESSAGE_INITIATION_SIZE - MAC_SIZE, 0, MAC_SIZE);
		tap_is_int(knock_check(&gate, datagram), KNOCK_NONE, "without it there is none");
		knock_write(&key, datagram);
		tap_is_bytes(datagram, knock_vectors[i].datagram, sizeof datagram,
			"it is written as the vector has it");
	}
}

/* Each bit of the message, mac1, epoch and tag. */
static void test_altered(void)
{
	uint8_t datagram[MESSAGE_INITIATION_SIZE];
	unsigned valid = 0;

	open_gate();
	for (size_t bit = 0; bit < sizeof datagram * 8; bit++) {
		memcpy(datagram, knock_vectors[3].datagram, sizeof datagram);
		datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
		valid += knock_check(&gate, datagram) != KNOCK_NONE;
	}
	tap_is_int(valid, 0, "no bit may be altered");
}

static void test_epochs(void)
{
	struct knock_key wrong = key_of(1, KNOCK_FULL);
	uint8_t datagram[MESSAGE_INITIATION_SIZE];

	memcpy(datagram, knock_vectors[1].datagram, sizeof datagram);
	keys[0] = key_of(2, KNOCK_FULL);
	tap_is_int(knock_gate_set(&gate, KNOCK_REQUIRED, keys, 1), 0, "another epoch alone");
	tap_is_int(knock_check(&gate, datagram), KNOCK_NONE, "is not this one's");
	wrong.key[31] ^= 1;
	tap_is_int(knock_gate_set(&gate, KNOCK_REQUIRED, &wrong, 1), 0, "another key of the epoch");
	tap_is_int(knock_check(&gate, datagram), KNOCK_NONE, "is not this one");
	tap_is_int(knock_gate_set(&gate, KNOCK_REQUIRED, NULL, 0), 0, "no keys at all");
	tap_is_int(knock_check(&gate, datagram), KNOCK_NONE, "let nobody in");
}

static void test_limits(void)
{
	open_gate();
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++)
		keys[i] = (struct knock_key){.epoch = (uint16_t)i, .class = KNOCK_FULL};
	tap_is_int(knock_gate_set(&gate, KNOCK_OFF, keys, KNOCK_KEYS_MAX + 1), -ENOSPC,
		"too many keys are an error");
	keys[7].epoch = 8;
	tap_is_int(knock_gate_set(&gate, KNOCK_OFF, keys, KNOCK_KEYS_MAX), -EINVAL,
		"two keys of an epoch are one");
	tap_is_int(gate.mode, KNOCK_REQUIRED, "and nothing has changed");
	tap_is_int(knock_check(&gate, knock_vectors[4].datagram), KNOCK_FULL, "no key either");
	keys[7].epoch = 7;
	tap_is_int(knock_gate_set(&gate, KNOCK_OFF, keys, KNOCK_KEYS_MAX), 0, "as many as may be");
}

int main(void)
{
	test_vectors();
	test_altered();
	test_epochs();
	test_limits();
	return tap_done();
}
