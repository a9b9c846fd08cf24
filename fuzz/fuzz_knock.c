/* SPDX-License-Identifier: ISC */
/*
 * Initiations at an interface that requires a knock, mac1 set right by the harness. By the first
 * byte: 0: mac2 is the input's; else the knock is a member's, with one byte damaged where the input
 * says so. Without a valid one nothing comes of any of them, and it dies as missing.
 */
#include "stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_SIZE = 3 + MESSAGE_INITIATION_SIZE,
	MAC2_AT = MESSAGE_INITIATION_SIZE - MAC_SIZE,
};

static const struct knock_key keys[] = {{7, KNOCK_FULL, {7}}, {300, KNOCK_BUDGETED, {3}}};

/* The input, of the right type and mac1; whether its knock is valid. */
static bool fill_in(const uint8_t *data, uint8_t ret_datagram[static MESSAGE_INITIATION_SIZE])
{
	uint8_t *mac2 = ret_datagram + MAC2_AT;

	memcpy(ret_datagram, data + 3, MESSAGE_INITIATION_SIZE);
	store_le32(ret_datagram, MESSAGE_INITIATION);
	stage_write_macs(ret_datagram, MESSAGE_INITIATION_SIZE);
	memcpy(mac2, data + 3 + MAC2_AT, MAC_SIZE);
	if (data[0] == 0)
		return false; /* 2^-112 */
	knock_write(&keys[data[0] % ARRAY_LENGTH(keys)], ret_datagram);
	mac2[data[1] % MAC_SIZE] ^= data[2];
	return data[2] == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage *stage = stage_fresh();
	struct stage_view before = stage_view(stage);
	uint8_t datagram[MESSAGE_INITIATION_SIZE];
	struct outbox out;

	if (size != INPUT_SIZE)
		return 0;
	demand(interface_set_knock_gate(stage->ours, KNOCK_REQUIRED, keys, ARRAY_LENGTH(keys)) ==
		0);
	bool is_valid = fill_in(data, datagram);
	uint64_t missing = interface_drops(stage->ours)->count[DROP_KNOCK_MISSING];
	stage_receive(stage, datagram, sizeof datagram, &out);
	missing = interface_drops(stage->ours)->count[DROP_KNOCK_MISSING] - missing;
	stage->is_spent = true; /* its gate is not the first any more */
	demand(missing == !is_valid);
	if (stage_genuine(stage, datagram, sizeof datagram) == GENUINES)
		stage_demand_silence(stage, &before, &out);
	stage_clear(stage, &out);
	return 0;
}
