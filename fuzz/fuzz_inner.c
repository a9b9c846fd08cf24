/* SPDX-License-Identifier: ISC */
/*
 * What a peer can put into a session: the harness seals the input with Bob's key. What is delivered
 * is the input without its padding, as long as its own header says, and from an address of Bob's.
 */
#include "stage.h"

#include "crypto/aead.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INNER_MAX = 4096,
};

static size_t seal(struct stage *stage, const uint8_t *data, size_t size, uint8_t *ret_datagram)
{
	struct peer *us = interface_peer_next(stage->bobs, NULL);
	struct keypair *keypair = us->keypairs.current;
	const struct message_data_header header = {
		.receiver_index = keypair->remote_index,
		.counter = keypair->sending_counter++,
	};

	message_data_header_encode(&header, ret_datagram);
	if (size > 0)
		memcpy(ret_datagram + MESSAGE_DATA_HEADER_SIZE, data, size);
	demand(aead_seal(keypair->sending, header.counter, ret_datagram + MESSAGE_DATA_HEADER_SIZE,
		       size) == 0);
	return size + MESSAGE_DATA_OVERHEAD;
}

/* The rules once more, written as plainly as can be. The length to be delivered; 0: none. */
static size_t expected_length(const uint8_t *inner, size_t size)
{
	static const uint8_t bob_ipv4[] = {10, 77, 1};
	static const uint8_t bob_ipv6[] = {0xfd, 0x77, 1, 0, 0, 0, 0, 0};
	size_t length;

	if (size >= 20 && inner[0] >> 4 == 4) {
		size_t header = (inner[0] & 15U) * 4;
		length = load_be16(inner + 2);
		if (header < 20 || header > length || length > size)
			return 0;
		return memcmp(inner + 12, bob_ipv4, 3) == 0 ? length : 0;
	}
	if (size >= 40 && inner[0] >> 4 == 6) {
		length = load_be16(inner + 4) + (size_t)40;
		return length <= size && memcmp(inner + 8, bob_ipv6, 8) == 0 ? length : 0;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t datagram[INNER_MAX + MESSAGE_DATA_OVERHEAD];
	struct stage *stage = stage_fresh();
	struct stage_view before = stage_view(stage);
	struct outbox out;

	if (size > INNER_MAX)
		return 0;
	size_t sealed_size = seal(stage, data, size, datagram);
	size_t length = expected_length(data, size);
	stage_receive(stage, datagram, sealed_size, &out);
	demand(endpoint_equal_remote(&stage->bob->endpoint, &stage->stranger));
	demand(endpoint_equal_remote(&stage->carol->endpoint, &before.carol));
	demand(out.datagrams.count == 0);
	demand(out.inner.count == (length > 0));
	if (length > 0) {
		demand(out.inner.first->length == length);
		demand(memcmp(out.inner.first->data, data, length) == 0);
	}
	stage_clear(stage, &out);
	return 0;
}
