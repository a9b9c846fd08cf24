/* SPDX-License-Identifier: ISC */
/*
 * Initiations behind mac1, which the harness sets right. By the first byte: 0: the fields are the
 * input's, nothing may come of them. Else Carol makes one, with the input as her timestamp, and
 * what is sealed is damaged where the input says so: it is taken if it is whole.
 */
#include "stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_SIZE = 1 + MESSAGE_INITIATION_SIZE - MESSAGE_MACS_SIZE,
};

/* The input as it is, but of the right type. */
static void fill_in(const uint8_t *data, uint8_t ret_datagram[static MESSAGE_INITIATION_SIZE])
{
	memset(ret_datagram, 0, MESSAGE_INITIATION_SIZE);
	memcpy(ret_datagram, data + 1, INPUT_SIZE - 1);
	store_le32(ret_datagram, MESSAGE_INITIATION);
}

/* By Carol's key; returns whether it is whole. */
static bool create(struct stage *stage, const uint8_t *data,
	uint8_t ret_datagram[static MESSAGE_INITIATION_SIZE])
{
	const struct noise_identity *identity = interface_identity(stage->carols);
	struct noise_handshake handshake = {0};
	struct message_initiation message;

	noise_handshake_init(&handshake, identity, interface_identity(stage->ours)->public_key);
	demand(noise_initiation_create(
		       &handshake, identity, dice_entropy(&stage->dice), data + 1, &message) == 0);
	message.sender_index = load_le32(data + 13);
	message.encrypted_static[data[17] % sizeof message.encrypted_static] ^= data[18];
	message.encrypted_timestamp[data[19] % sizeof message.encrypted_timestamp] ^= data[20];
	message_initiation_encode(&message, ret_datagram);
	noise_handshake_done(&handshake);
	return data[18] == 0 && data[20] == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage *stage = stage_fresh();
	struct stage_view before = stage_view(stage);
	uint8_t datagram[MESSAGE_INITIATION_SIZE];
	bool is_whole = false;
	struct outbox out;

	if (size != INPUT_SIZE)
		return 0;
	if (data[0] == 0)
		fill_in(data, datagram);
	else
		is_whole = create(stage, data, datagram);
	stage_write_macs(datagram, sizeof datagram);
	if (stage_genuine(stage, datagram, sizeof datagram) != GENUINES)
		is_whole = true;
	stage_receive(stage, datagram, sizeof datagram, &out);
	stage->is_spent = is_whole;
	/* A timestamp of zero is not newer than none. */
	if (!is_whole || (data[0] && bytes_are_zero(data + 1, NOISE_TIMESTAMP_SIZE))) {
		stage_demand_silence(stage, &before, &out);
	} else {
		demand(out.datagrams.count == 1 && out.inner.count == 0);
		demand(out.datagrams.first->length == MESSAGE_RESPONSE_SIZE);
		demand(endpoint_equal_remote(&out.datagrams.first->endpoint, &stage->stranger));
	}
	stage_clear(stage, &out);
	return 0;
}
