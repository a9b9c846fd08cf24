/* SPDX-License-Identifier: ISC */
/*
 * What a control process may send as plans: messages, each behind its length of two bytes. The
 * first byte of the input is the kind of plan. What comes out whole must keep every promise of
 * plan.h, and may be given to the firewall's builder; what is refused must say why.
 */
#include "gateway/plan.h"

#include "gateway/elements.h"
#include "wireguard/knock.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static struct model_tunnel tunnel_of_ours(void)
{
	struct model_tunnel tunnel = {
		.interface = "tacet0",
		.overlay_ipv4 = {{ADDRESS_IPV4, {10, 9}}, 16},
		.overlay_ipv6 = {{ADDRESS_IPV6, {0xfd, 9}}, 64},
		.ipv4 = {ADDRESS_IPV4, {10, 9, 0, 1}},
		.ipv6 = {ADDRESS_IPV6, {0xfd, 9, [15] = 1}},
		.control_port = 7411,
		.enrol_port = 7412,
	};

	demand(model_check_tunnel(&tunnel) == 0);
	return tunnel;
}

/* No route, name or peer leads out of the overlay. */
static void check_plan(const struct plan_received *plan, const struct model_tunnel *tunnel)
{
	uint64_t prefixes = 0;

	for (uint32_t i = 0; i < plan->head.peers; i++)
		prefixes += plan->peers[i].prefix_count;
	demand(prefixes == plan->head.prefixes);
	for (uint32_t i = 0; i < plan->head.prefixes; i++)
		demand(model_overlay_has(tunnel, &plan->prefixes[i].prefix.address));
	demand(plan->head.knock_mode <= KNOCK_REQUIRED && plan->head.knocks <= KNOCK_KEYS_MAX);
	for (uint32_t i = 0; i < plan->head.knocks; i++) {
		demand(plan->knocks[i].class == KNOCK_FULL ||
			plan->knocks[i].class == KNOCK_BUDGETED);
		for (uint32_t j = 0; j < i; j++)
			demand(plan->knocks[i].epoch != plan->knocks[j].epoch);
	}
	for (uint32_t i = 0; i < plan->head.names; i++) {
		demand(model_overlay_has(tunnel, &plan->names[i].address));
		demand(strpbrk(plan->names[i].name, " \t\n#") == NULL);
	}
}

static void use_plan(struct plan_received *plan, const struct model_tunnel *tunnel)
{
	struct model model = plan_model(plan, tunnel);
	struct elements elements;

	check_plan(plan, tunnel);
	if (elements_build(&model, &elements) == 0)
		elements_done(&elements);
	plan_free(plan);
}

/* One message, if it is one of a plan. */
static void take(struct plan_intake *intake, const uint8_t *bytes, size_t size)
{
	static _Alignas(max_align_t) uint8_t aligned[MESSAGE_SIZE_MAX];
	struct message_head head;
	struct plan_received *plan = NULL;
	uint64_t version = 0;

	memcpy(aligned, bytes, size);
	if (message_check(aligned, size, MESSAGE_FROM_C, &head) < 0)
		return;
	if (head.type < MESSAGE_PLAN_BEGIN || head.type > MESSAGE_PLAN_END)
		return;
	const struct plan_part part = {head.type, aligned + sizeof head, head.count};
	int result = plan_intake_take(intake, &part, &plan, &version);
	demand((result == 0) == (head.type != MESSAGE_PLAN_END));
	demand((result == 1) == (plan != NULL));
	if (result == 1)
		use_plan(plan, &intake->tunnel);
	if (result < 0)
		demand(*intake->why && message_text_is_fine(intake->why, strlen(intake->why) + 1));
}

static enum plan_kind kind_of(uint8_t byte)
{
	static const enum plan_kind kinds[] = {
		PLAN_OF_GATEWAY, PLAN_OF_DEVICE, PLAN_OF_REMOTE, PLAN_OF_REMOTE};

	return kinds[byte & 3];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct model_tunnel tunnel = tunnel_of_ours();
	struct plan_intake intake;

	if (size == 0)
		return 0;
	plan_intake_init(&intake, kind_of(data[0]), &tunnel);
	for (size_t at = 1; size - at >= 2;) {
		size_t length = data[at] | (size_t)data[at + 1] << 8;
		at += 2;
		if (length > size - at)
			length = size - at;
		take(&intake, data + at, length);
		at += length;
	}
	plan_intake_done(&intake);
	return 0;
}
