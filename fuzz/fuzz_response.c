/* SPDX-License-Identifier: ISC */
/*
 * Responses behind mac1, which the harness sets right, to the handshake that we have begun with
 * Carol; unless the first byte is 0, then to any. Nothing comes of them, unless it is hers.
 */
#include "stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_SIZE = 1 + MESSAGE_RESPONSE_SIZE - MESSAGE_MACS_SIZE,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage *stage = stage_fresh();
	struct stage_view before = stage_view(stage);
	uint8_t datagram[MESSAGE_RESPONSE_SIZE] = {0};
	struct outbox out;

	if (size != INPUT_SIZE)
		return 0;
	memcpy(datagram, data + 1, INPUT_SIZE - 1);
	store_le32(datagram, MESSAGE_RESPONSE);
	if (data[0] != 0)
		store_le32(datagram + 8, stage->carol->handshake_index.index);
	stage_write_macs(datagram, sizeof datagram);
	stage->is_spent = stage_genuine(stage, datagram, sizeof datagram) != GENUINES;
	stage_receive(stage, datagram, sizeof datagram, &out);
	if (stage->is_spent)
		demand(stage_view(stage).rx_bytes > before.rx_bytes);
	else
		stage_demand_silence(stage, &before, &out);
	stage_clear(stage, &out);
	return 0;
}
