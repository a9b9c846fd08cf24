/* SPDX-License-Identifier: ISC */
#include "wireguard/knock.h"

#include "base/cursor.h"
#include "crypto/blake2s.h"

#include <errno.h>

enum {
	MAC1_AT = MESSAGE_INITIATION_SIZE - MESSAGE_MACS_SIZE,
	MAC2_AT = MESSAGE_INITIATION_SIZE - MAC_SIZE,
};

/* Insertion: keys come in order, or nearly. */
static bool insert(struct knock_gate *gate, const struct knock_key *key)
{
	size_t at = gate->key_count;

	while (at > 0 && gate->keys[at - 1].epoch > key->epoch) {
		gate->keys[at] = gate->keys[at - 1];
		at--;
	}
	gate->keys[at] = *key;
	gate->key_count++;
	return at == 0 || gate->keys[at - 1].epoch != key->epoch;
}

int knock_gate_set(struct knock_gate *gate, enum knock_mode mode, const struct knock_key *keys,
	size_t key_count)
{
	struct knock_gate fresh = {.mode = mode};
	bool is_sound = true;

	if (key_count > KNOCK_KEYS_MAX)
		return -ENOSPC;
	for (size_t i = 0; i < key_count; i++)
		is_sound &= insert(&fresh, &keys[i]);
	if (is_sound)
		*gate = fresh;
	bytes_wipe(&fresh, sizeof fresh);
	return is_sound ? 0 : -EINVAL;
}

/* NULL: the epoch is not accepted. */
static const struct knock_key *find(const struct knock_gate *gate, uint16_t epoch)
{
	size_t low = 0, high = gate->key_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (gate->keys[middle].epoch < epoch)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == gate->key_count || gate->keys[low].epoch != epoch)
		return NULL;
	return &gate->keys[low];
}

static void tag_of(
	const struct knock_key *key, const uint8_t *datagram, uint8_t ret_tag[static MAC_SIZE])
{
	blake2s_mac(key->key, sizeof key->key, (struct bytes){datagram, MAC2_AT}, ret_tag);
}

enum knock_class knock_check(
	const struct knock_gate *gate, const uint8_t datagram[static MESSAGE_INITIATION_SIZE])
{
	struct cursor cursor = cursor_over(datagram, MESSAGE_INITIATION_SIZE);
	uint8_t tag[MAC_SIZE];

	(void)cursor_take(&cursor, MAC1_AT); /* it is that long */
	const uint8_t *mac1 = cursor_take(&cursor, MAC_SIZE);
	const uint8_t *epoch = cursor_take(&cursor, KNOCK_EPOCH_SIZE);
	const uint8_t *given = cursor_take(&cursor, KNOCK_TAG_SIZE);
	if (!mac1 || !epoch || !given)
		return KNOCK_NONE;
	const struct knock_key *key =
		find(gate, (uint16_t)((epoch[0] ^ mac1[0]) | (unsigned)(epoch[1] ^ mac1[1]) << 8));
	if (!key)
		return KNOCK_NONE;
	tag_of(key, datagram, tag);
	return bytes_equal(tag, given, KNOCK_TAG_SIZE) ? key->class : KNOCK_NONE;
}

void knock_write(const struct knock_key *key, uint8_t datagram[static MESSAGE_INITIATION_SIZE])
{
	const uint8_t *mac1 = datagram + MAC1_AT;
	uint8_t *mac2 = datagram + MAC2_AT;
	uint8_t tag[MAC_SIZE];

	tag_of(key, datagram, tag);
	mac2[0] = (uint8_t)(key->epoch & 0xff) ^ mac1[0];
	mac2[1] = (uint8_t)(key->epoch >> 8) ^ mac1[1];
	memcpy(mac2 + KNOCK_EPOCH_SIZE, tag, KNOCK_TAG_SIZE);
}
