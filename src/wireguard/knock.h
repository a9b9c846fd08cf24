/* SPDX-License-Identifier: ISC */
/*
 * The knock: an initiation proves in its mac2 that its sender belongs to this network, before any
 * public-key work (docs/knock.md is the specification, byte by byte). Networks have a key for each
 * epoch; the initiation names its epoch, so that one keyed BLAKE2s decides however many there are.
 *
 *   mac2:  epoch, little-endian, XOR the first two bytes of mac1 | tag 14
 *   tag:   the first 14 bytes of keyed BLAKE2s-128 over the message up to mac2
 *
 * Pure; a gate is changed while no thread looks at it.
 */
#pragma once

#include "base/attributes.h"
#include "wireguard/messages.h"

#include <stdbool.h>

enum {
	KNOCK_KEY_SIZE = 32,
	KNOCK_EPOCH_SIZE = 2,
	KNOCK_TAG_SIZE = MAC_SIZE - KNOCK_EPOCH_SIZE,
	KNOCK_KEYS_MAX = 512, /* a year of days, and removals of devices */
};

/* What an interface asks of initiations. */
enum knock_mode {
	KNOCK_OFF,	 /* stock WireGuard */
	KNOCK_PREFERRED, /* without one it is served from a small budget */
	KNOCK_REQUIRED,	 /* without one it dies */
};

/* What a valid knock is worth, and what there is without one. */
enum knock_class {
	KNOCK_NONE,
	KNOCK_BUDGETED, /* the key is known to a device that was removed */
	KNOCK_FULL,
};

struct knock_key {
	uint16_t epoch;
	enum knock_class class; /* KNOCK_BUDGETED or KNOCK_FULL */
	uint8_t key[KNOCK_KEY_SIZE];
};

/* The keys that an interface accepts, by epoch. Zero is off. */
struct knock_gate {
	enum knock_mode mode;
	struct knock_key keys[KNOCK_KEYS_MAX]; /* in order of epochs */
	size_t key_count;
};

/* Copies the keys. -ENOSPC: more than KNOCK_KEYS_MAX; -EINVAL: two of one epoch. Else as before. */
int knock_gate_set(struct knock_gate *gate, enum knock_mode mode, const struct knock_key *keys,
	size_t key_count) must_check;

/* What the initiation's knock is worth: one look-up, and one keyed hash where the epoch is known.
 */
enum knock_class knock_check(
	const struct knock_gate *gate, const uint8_t datagram[static MESSAGE_INITIATION_SIZE]);

/* Writes mac2; mac1 is there already. */
void knock_write(const struct knock_key *key, uint8_t datagram[static MESSAGE_INITIATION_SIZE]);
