/* SPDX-License-Identifier: ISC */
/* Any datagram from a stranger: nothing comes of it, unless a peer made just these bytes. */
#include "stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A genuine one is taken, and its sender is where it came from; but an initiation moves nobody. */
static void check_genuine(struct stage *stage, enum genuine which, const struct stage_view *before,
	const struct outbox *out)
{
	struct stage_view after = stage_view(stage);
	const struct endpoint *sender = which == GENUINE_DATA ? &after.bob : &after.carol;

	demand(after.rx_bytes > before->rx_bytes);
	demand(endpoint_equal_remote(
		sender, which == GENUINE_INITIATION ? &before->carol : &stage->stranger));
	demand(out->inner.count == (which == GENUINE_DATA));
	demand((out->datagrams.count > 0) == (which != GENUINE_DATA));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage *stage = stage_fresh();
	struct stage_view before = stage_view(stage);
	struct outbox out;

	if (size > MESSAGE_MAX_SIZE)
		return 0;
	enum genuine which = stage_genuine(stage, data, size);
	stage_receive(stage, data, size, &out);
	stage->is_spent = which != GENUINES;
	if (which == GENUINES || which == GENUINE_COOKIE_REPLY)
		stage_demand_silence(stage, &before, &out);
	else
		check_genuine(stage, which, &before, &out);
	stage_clear(stage, &out);
	return 0;
}
