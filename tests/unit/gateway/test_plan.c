/* SPDX-License-Identifier: ISC */
/* Plans that are right, and each way of being wrong. */
#include "gateway/plan.h"

#include "base/error.h"
#include "small_model.h"
#include "tap.h"

#include <errno.h>

/* The records of one plan, before they are sent; tests change them. */
struct small_plan {
	struct message_plan begin, end;
	struct message_peer peers[2];
	struct message_prefix prefixes[3];
	struct message_role roles[2];
	struct message_device devices[2];
	struct message_service services[1];
	struct message_grant grants[1];
	struct message_name names[1];
	struct message_knock knocks[2];
};

static struct model_tunnel tunnel_of_ours(void)
{
	struct small_model small;

	small_model_init(&small);
	return small.model.tunnel;
}

static void fill_peers(struct small_plan *plan)
{
	memset(plan->peers[0].public_key, 1, MESSAGE_KEY_SIZE);
	memset(plan->peers[1].public_key, 2, MESSAGE_KEY_SIZE);
	plan->peers[0].prefix_count = 2;
	plan->peers[1].prefix_count = 1;
	plan->prefixes[0].prefix = within("10.9.0.2/32");
	plan->prefixes[1].prefix = within("fd09::2/128");
	plan->prefixes[2].prefix = within("10.9.0.3/32");
}

static void fill_gateways(struct small_plan *plan)
{
	*plan = (struct small_plan){
		.begin = {.version = 7,
			.peers = 2,
			.prefixes = 3,
			.roles = 2,
			.devices = 2,
			.services = 1,
			.grants = 1,
			.knocks = 2,
			.knock_mode = 2},
		.knocks = {{7, 2, 0, {7}}, {9, 1, 0, {9}}},
		.roles = {{5, MODEL_ROLE_ENROLLED}, {6, MODEL_ROLE_INVITED}},
		.devices = {{at("10.9.0.2"), at("fd09::2"), 5}, {at("10.9.0.3"), at(""), 6}},
		.services = {{.id = 1,
			.vip_ipv4 = at("10.9.200.1"),
			.vip_ipv6 = at("fd09::c8:1"),
			.target = at("127.0.0.1"),
			.port = 80,
			.target_port = 8080,
			.protocol = IPPROTO_TCP}},
		.grants = {{5, 1}},
	};
	fill_peers(plan);
	plan->end = plan->begin;
}

static void fill_devices(struct small_plan *plan)
{
	*plan = (struct small_plan){
		.begin = {.version = 7, .peers = 2, .prefixes = 3, .names = 1},
		.names = {{"intranet.tacet", at("10.9.200.1")}},
	};
	fill_peers(plan);
	plan->peers[0].endpoint = (struct endpoint){.remote = at("192.0.2.1"), .port = 51820};
	plan->peers[0].keepalive_s = 25;
	plan->peers[0].knock = (struct message_knock){7, 2, 0, {7}};
	plan->end = plan->begin;
}

/* One message; a plan or a refusal can come out of the end only. */
static int take(struct plan_intake *intake, enum message_kind type, const void *records,
	size_t count, struct plan_received **ret_plan)
{
	const struct plan_part part = {type, records, count};
	uint64_t version = 0;

	if (count == 0)
		return 0;
	int result = plan_intake_take(intake, &part, ret_plan, &version);
	if (result < 0)
		tap_is_int((intmax_t)version, 7, "the version that is refused");
	return result;
}

/* All messages in their order, as many records as BEGIN says. */
static int submit(
	struct plan_intake *intake, const struct small_plan *plan, struct plan_received **ret_plan)
{
	const struct message_plan *head = &plan->begin;
	int result = take(intake, MESSAGE_PLAN_BEGIN, head, 1, ret_plan);

	result |= take(intake, MESSAGE_PLAN_PEERS, plan->peers, head->peers, ret_plan);
	result |= take(intake, MESSAGE_PLAN_PREFIXES, plan->prefixes, head->prefixes, ret_plan);
	result |= take(intake, MESSAGE_PLAN_ROLES, plan->roles, head->roles, ret_plan);
	result |= take(intake, MESSAGE_PLAN_DEVICES, plan->devices, head->devices, ret_plan);
	result |= take(intake, MESSAGE_PLAN_SERVICES, plan->services, head->services, ret_plan);
	result |= take(intake, MESSAGE_PLAN_GRANTS, plan->grants, head->grants, ret_plan);
	result |= take(intake, MESSAGE_PLAN_NAMES, plan->names, head->names, ret_plan);
	result |= take(intake, MESSAGE_PLAN_KNOCKS, plan->knocks, head->knocks, ret_plan);
	tap_is_int(result, 0, "nothing before the end");
	return take(intake, MESSAGE_PLAN_END, &plan->end, 1, ret_plan);
}

static void test_gateways(void)
{
	struct model_tunnel tunnel = tunnel_of_ours();
	struct plan_received *plan = NULL;
	struct plan_intake intake;
	struct small_plan small;

	fill_gateways(&small);
	plan_intake_init(&intake, PLAN_OF_GATEWAY, &tunnel);
	tap_is_int(submit(&intake, &small, &plan), 1, "a gateway's plan");
	tap_is_bytes(&plan->head, &small.begin, sizeof plan->head, "its head");
	tap_is_bytes(plan->peers, small.peers, sizeof small.peers, "its peers");
	tap_is_bytes(plan->prefixes, small.prefixes, sizeof small.prefixes, "its prefixes");
	struct model model = plan_model(plan, &tunnel);
	tap_is_int((intmax_t)model.role_count, 2, "its roles");
	tap_is_int(model.roles[1].kind, MODEL_ROLE_INVITED, "their kind");
	tap_is_int((intmax_t)model.device_count, 2, "its devices");
	tap_is_int(model.devices[0].role, 5, "their role");
	tap_is_int(model.services[0].target_port, 8080, "its services");
	tap_is_int(model.grants[0].service, 1, "its grants");
	tap_is_bytes(plan->knocks, small.knocks, sizeof small.knocks, "its knocks");
	plan_free(plan);
	tap_is_int(submit(&intake, &small, &plan), 1, "another one behind it");
	plan_free(plan);
	plan_intake_done(&intake);
}

static void test_devices(void)
{
	struct model_tunnel tunnel = tunnel_of_ours();
	struct plan_received *plan = NULL;
	struct plan_intake intake;
	struct small_plan small;

	fill_devices(&small);
	plan_intake_init(&intake, PLAN_OF_DEVICE, &tunnel);
	tap_is_int(submit(&intake, &small, &plan), 1, "a device's plan");
	tap_is_bytes(plan->names, small.names, sizeof small.names, "its names");
	plan_free(plan);
	small.begin = small.end = (struct message_plan){.version = 8};
	tap_is_int(submit(&intake, &small, &plan), 1, "an empty one");
	plan_free(plan);
	plan_intake_done(&intake);
}

/* ---- each way of being wrong ---- */

static void zero_key(struct small_plan *plan)
{
	memset(plan->peers[1].public_key, 0, MESSAGE_KEY_SIZE);
}

static void same_key(struct small_plan *plan)
{
	memset(plan->peers[1].public_key, 1, MESSAGE_KEY_SIZE);
}

static void peer_reserved(struct small_plan *plan)
{
	plan->peers[0].reserved = 1;
}

static void gateway_calls(struct small_plan *plan)
{
	plan->peers[0].endpoint = (struct endpoint){.remote = at("192.0.2.1"), .port = 51820};
}

static void remote_calls(struct small_plan *plan)
{
	plan->peers[1].endpoint = (struct endpoint){.remote = at("192.0.2.1"), .port = 51820};
}

static void remote_keeps_alive(struct small_plan *plan)
{
	plan->peers[1].keepalive_s = 25;
}

static void gateway_keeps_alive(struct small_plan *plan)
{
	plan->peers[0].keepalive_s = 25;
}

static void endpoint_port(struct small_plan *plan)
{
	plan->peers[0].endpoint.port = 0;
}

static void endpoint_any(struct small_plan *plan)
{
	plan->peers[0].endpoint.remote = at("0.0.0.0");
}

static void endpoint_group(struct small_plan *plan)
{
	plan->peers[0].endpoint.remote = at("ff02::1");
}

static void endpoint_family(struct small_plan *plan)
{
	plan->peers[0].endpoint.remote.family = 5;
}

static void endpoint_half(struct small_plan *plan)
{
	plan->peers[0].endpoint.remote = at("");
}

static void endpoint_tail(struct small_plan *plan)
{
	plan->peers[0].endpoint.remote.bytes[4] = 1;
}

static void endpoint_scope(struct small_plan *plan)
{
	plan->peers[0].endpoint.scope_id = 1;
}

static void endpoint_source(struct small_plan *plan)
{
	plan->peers[0].endpoint.source = at("192.0.2.2");
}

static void endpoint_interface(struct small_plan *plan)
{
	plan->peers[0].endpoint.source_ifindex = 1;
}

static void prefix_many(struct small_plan *plan)
{
	plan->peers[0].prefix_count = 4;
}

static void prefix_sum(struct small_plan *plan)
{
	plan->peers[0].prefix_count = 1;
}

static void prefix_length(struct small_plan *plan)
{
	plan->prefixes[0].prefix.length = 33;
}

static void prefix_bits(struct small_plan *plan)
{
	plan->prefixes[0].prefix.length = 30;
}

static void prefix_family(struct small_plan *plan)
{
	plan->prefixes[0].prefix.address.family = 0;
}

static void prefix_outside(struct small_plan *plan)
{
	plan->prefixes[0].prefix = within("10.10.0.2/32");
}

static void prefix_all(struct small_plan *plan)
{
	plan->prefixes[0].prefix = within("0.0.0.0/0");
}

static void prefix_own(struct small_plan *plan)
{
	plan->prefixes[0].prefix = within("10.9.0.1/32");
}

static void prefix_twice(struct small_plan *plan)
{
	plan->prefixes[2].prefix = plan->prefixes[0].prefix;
}

static void role_zero(struct small_plan *plan)
{
	plan->roles[0].number = 0;
}

static void role_great(struct small_plan *plan)
{
	plan->roles[0].number = UINT32_MAX;
}

static void role_kind(struct small_plan *plan)
{
	plan->roles[0].kind = 2;
}

static void device_outside(struct small_plan *plan)
{
	plan->devices[0].ipv4 = at("10.10.0.2");
}

static void device_family(struct small_plan *plan)
{
	plan->devices[0].ipv4 = at("fd09::3");
}

static void service_outside(struct small_plan *plan)
{
	plan->services[0].vip_ipv6 = at("fd08::1");
}

static void service_target(struct small_plan *plan)
{
	plan->services[0].target = at("224.0.0.1");
}

static void service_port(struct small_plan *plan)
{
	plan->services[0].port = 0;
}

static void service_target_port(struct small_plan *plan)
{
	plan->services[0].target_port = 0;
}

static void service_protocol(struct small_plan *plan)
{
	plan->services[0].protocol = IPPROTO_ICMP;
}

static void service_reserved(struct small_plan *plan)
{
	plan->services[0].reserved[2] = 1;
}

static void name_host(struct small_plan *plan)
{
	(void)snprintf(plan->names[0].name, sizeof plan->names[0].name, "localhost");
	memset(plan->names[0].name + 9, 0, 16);
}

static void name_dots(struct small_plan *plan)
{
	plan->names[0].name[9] = '.';
}

static void name_space(struct small_plan *plan)
{
	plan->names[0].name[3] = ' ';
}

static void name_line(struct small_plan *plan)
{
	plan->names[0].name[3] = '\n';
}

static void name_tail(struct small_plan *plan)
{
	plan->names[0].name[MESSAGE_HOST_SIZE - 1] = 'x';
}

static void name_outside(struct small_plan *plan)
{
	plan->names[0].address = at("192.0.2.1");
}

static void end_differs(struct small_plan *plan)
{
	plan->end.grants++;
}

static void knock_twice(struct small_plan *plan)
{
	plan->knocks[1].epoch = plan->knocks[0].epoch;
}

static void knock_class(struct small_plan *plan)
{
	plan->knocks[0].class = 0;
}

static void knock_zero(struct small_plan *plan)
{
	memset(plan->knocks[1].key, 0, sizeof plan->knocks[1].key);
}

static void knock_reserved(struct small_plan *plan)
{
	plan->knocks[1].reserved = 1;
}

static void knock_mode(struct small_plan *plan)
{
	plan->begin.knock_mode = plan->end.knock_mode = 3;
}

static void peer_knock_zero(struct small_plan *plan)
{
	memset(plan->peers[0].knock.key, 0, sizeof plan->peers[0].knock.key);
}

/* Of one that calls us. */
static void peer_knock(struct small_plan *plan)
{
	plan->peers[0].knock = plan->knocks[0];
}

static void foreign_knocks(struct small_plan *plan)
{
	plan->begin.knocks = plan->end.knocks = 1;
	plan->knocks[0] = plan->peers[0].knock;
}

static void head_reserved(struct small_plan *plan)
{
	plan->begin.reserved = plan->end.reserved = 1;
}

static void foreign_roles(struct small_plan *plan)
{
	plan->begin.roles = plan->end.roles = 1;
	plan->roles[0] = (struct message_role){5, MODEL_ROLE_ENROLLED};
}

static void foreign_names(struct small_plan *plan)
{
	plan->begin.names = plan->end.names = 1;
	plan->names[0] = (struct message_name){"a.b", at("10.9.200.1")};
}

static const struct {
	const char *name;
	enum plan_kind kind;
	void (*spoil)(struct small_plan *plan);
	int fault;
} faults[] = {
	{"key of zero", PLAN_OF_GATEWAY, zero_key, ERR_RANGE},
	{"key twice", PLAN_OF_GATEWAY, same_key, ERR_RANGE},
	{"peer: reserved", PLAN_OF_GATEWAY, peer_reserved, ERR_RANGE},
	{"a gateway that calls", PLAN_OF_GATEWAY, gateway_calls, ERR_RANGE},
	{"one that calls another than its controller", PLAN_OF_REMOTE, remote_calls, ERR_RANGE},
	{"one that keeps another alive", PLAN_OF_REMOTE, remote_keeps_alive, ERR_RANGE},
	{"a gateway that keeps alive", PLAN_OF_GATEWAY, gateway_keeps_alive, ERR_RANGE},
	{"endpoint: port 0", PLAN_OF_DEVICE, endpoint_port, ERR_RANGE},
	{"endpoint: any address", PLAN_OF_DEVICE, endpoint_any, ERR_RANGE},
	{"endpoint: a group", PLAN_OF_DEVICE, endpoint_group, ERR_RANGE},
	{"endpoint: no family", PLAN_OF_DEVICE, endpoint_family, ERR_RANGE},
	{"endpoint: a port alone", PLAN_OF_DEVICE, endpoint_half, ERR_RANGE},
	{"endpoint: bytes behind it", PLAN_OF_DEVICE, endpoint_tail, ERR_RANGE},
	{"endpoint: a scope", PLAN_OF_DEVICE, endpoint_scope, ERR_RANGE},
	{"endpoint: a source", PLAN_OF_DEVICE, endpoint_source, ERR_RANGE},
	{"endpoint: an interface", PLAN_OF_DEVICE, endpoint_interface, ERR_RANGE},
	{"more prefixes than there are", PLAN_OF_GATEWAY, prefix_many, ERR_RANGE},
	{"a prefix of nobody", PLAN_OF_GATEWAY, prefix_sum, ERR_RANGE},
	{"prefix: too long", PLAN_OF_GATEWAY, prefix_length, ERR_RANGE},
	{"prefix: bits behind it", PLAN_OF_GATEWAY, prefix_bits, ERR_RANGE},
	{"prefix: no family", PLAN_OF_GATEWAY, prefix_family, ERR_RANGE},
	{"prefix: outside", PLAN_OF_GATEWAY, prefix_outside, ERR_RANGE},
	{"prefix: everything", PLAN_OF_DEVICE, prefix_all, ERR_RANGE},
	{"prefix: our own", PLAN_OF_GATEWAY, prefix_own, ERR_RANGE},
	{"prefix: twice", PLAN_OF_GATEWAY, prefix_twice, ERR_RANGE},
	{"role 0", PLAN_OF_GATEWAY, role_zero, ERR_RANGE},
	{"role: too great", PLAN_OF_GATEWAY, role_great, ERR_RANGE},
	{"role: no kind", PLAN_OF_GATEWAY, role_kind, ERR_RANGE},
	{"device: outside", PLAN_OF_GATEWAY, device_outside, ERR_RANGE},
	{"device: another family", PLAN_OF_GATEWAY, device_family, ERR_RANGE},
	{"service: outside", PLAN_OF_GATEWAY, service_outside, ERR_RANGE},
	{"service: no target", PLAN_OF_GATEWAY, service_target, ERR_RANGE},
	{"service: port 0", PLAN_OF_GATEWAY, service_port, ERR_RANGE},
	{"service: target's port 0", PLAN_OF_GATEWAY, service_target_port, ERR_RANGE},
	{"service: no protocol", PLAN_OF_GATEWAY, service_protocol, ERR_RANGE},
	{"service: reserved", PLAN_OF_GATEWAY, service_reserved, ERR_RANGE},
	{"name: of the host", PLAN_OF_DEVICE, name_host, ERR_RANGE},
	{"name: an empty word", PLAN_OF_DEVICE, name_dots, ERR_RANGE},
	{"name: two names", PLAN_OF_DEVICE, name_space, ERR_RANGE},
	{"name: two lines", PLAN_OF_DEVICE, name_line, ERR_RANGE},
	{"name: bytes behind it", PLAN_OF_DEVICE, name_tail, ERR_RANGE},
	{"name: outside", PLAN_OF_DEVICE, name_outside, ERR_RANGE},
	{"end differs", PLAN_OF_GATEWAY, end_differs, -EPROTO},
	{"head: reserved", PLAN_OF_GATEWAY, head_reserved, ERR_RANGE},
	{"knock: twice", PLAN_OF_GATEWAY, knock_twice, ERR_RANGE},
	{"knock: of no class", PLAN_OF_GATEWAY, knock_class, ERR_RANGE},
	{"knock: zero", PLAN_OF_GATEWAY, knock_zero, ERR_RANGE},
	{"knock: reserved", PLAN_OF_GATEWAY, knock_reserved, ERR_RANGE},
	{"knock: an unknown mode", PLAN_OF_GATEWAY, knock_mode, ERR_RANGE},
	{"peer: a knock of zeros", PLAN_OF_DEVICE, peer_knock_zero, ERR_RANGE},
	{"peer: a knock where none is called", PLAN_OF_GATEWAY, peer_knock, ERR_RANGE},
	{"a device's plan with knocks", PLAN_OF_DEVICE, foreign_knocks, ERR_RANGE},
	{"a device's plan with roles", PLAN_OF_DEVICE, foreign_roles, ERR_RANGE},
	{"a gateway's plan with names", PLAN_OF_GATEWAY, foreign_names, ERR_RANGE},
};

/* Refused, with words; the next one is taken. */
static void test_faults(void)
{
	struct model_tunnel tunnel = tunnel_of_ours();

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		void (*fill)(struct small_plan * plan) =
			faults[i].kind == PLAN_OF_DEVICE ? fill_devices : fill_gateways;
		struct plan_received *plan = NULL;
		struct plan_intake intake;
		struct small_plan small;

		fill(&small);
		plan_intake_init(&intake, faults[i].kind, &tunnel);
		faults[i].spoil(&small);
		tap_is_int(submit(&intake, &small, &plan), faults[i].fault, faults[i].name);
		tap_ok(intake.why[0] && !plan && !intake.plan, "with words, and gone");
		fill(&small);
		tap_is_int(submit(&intake, &small, &plan), 1, "the next one is taken");
		plan_free(plan);
	}
}

/* A gateway on a host of its own calls the first peer, its controller. */
static void test_remote(void)
{
	struct model_tunnel tunnel = tunnel_of_ours();
	struct plan_received *plan = NULL;
	struct plan_intake intake;
	struct small_plan small;

	fill_gateways(&small);
	gateway_calls(&small);
	gateway_keeps_alive(&small);
	plan_intake_init(&intake, PLAN_OF_REMOTE, &tunnel);
	tap_is_int(submit(&intake, &small, &plan), 1, "one on a host of its own calls");
	tap_ok(plan && plan->peers[0].keepalive_s == 25 && plan->head.grants == 1,
		"the first, and enforces");
	plan_free(plan);
}

/* Each announced number at its most, and one more. */
static void test_counts(void)
{
	static const struct {
		size_t offset;
		uint32_t most;
	} counts[] = {
		{offsetof(struct message_plan, peers), MESSAGE_PEERS_MAX},
		{offsetof(struct message_plan, prefixes), MESSAGE_PREFIXES_MAX},
		{offsetof(struct message_plan, roles), MESSAGE_ROLES_MAX},
		{offsetof(struct message_plan, devices), MESSAGE_DEVICES_MAX},
		{offsetof(struct message_plan, services), MESSAGE_SERVICES_MAX},
		{offsetof(struct message_plan, grants), MESSAGE_GRANTS_MAX},
	};
	struct model_tunnel tunnel = tunnel_of_ours();
	struct plan_received *plan = NULL;
	struct plan_intake intake;

	plan_intake_init(&intake, PLAN_OF_GATEWAY, &tunnel);
	for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
		struct message_plan head = {.version = 7};
		uint32_t *count = (uint32_t *)(void *)((char *)&head + counts[i].offset);

		*count = counts[i].most;
		(void)take(&intake, MESSAGE_PLAN_BEGIN, &head, 1, &plan); /* says nothing yet */
		tap_is_int(take(&intake, MESSAGE_PLAN_END, &head, 1, &plan), ERR_TRUNCATED,
			"the most, but none came");
		*count = counts[i].most + 1;
		(void)take(&intake, MESSAGE_PLAN_BEGIN, &head, 1, &plan); /* the same */
		tap_is_int(take(&intake, MESSAGE_PLAN_END, &head, 1, &plan), ERR_RANGE,
			"one more than the most");
	}
	plan_intake_done(&intake);
}

static void test_order(void)
{
	struct model_tunnel tunnel = tunnel_of_ours();
	struct plan_received *plan = NULL;
	struct plan_intake intake;
	struct small_plan small;

	fill_gateways(&small);
	plan_intake_init(&intake, PLAN_OF_GATEWAY, &tunnel);
	tap_is_int(take(&intake, MESSAGE_PLAN_PEERS, small.peers, 2, &plan), 0, "no beginning");
	tap_is_int(take(&intake, MESSAGE_PLAN_END, &small.end, 1, &plan), -EPROTO, "refused");
	tap_is_int(take(&intake, MESSAGE_PLAN_END, &small.end, 1, &plan), -EPROTO, "an end alone");
	tap_is_int(take(&intake, MESSAGE_PLAN_BEGIN, &small.begin, 1, &plan), 0, "a beginning");
	tap_is_int(submit(&intake, &small, &plan), -EPROTO, "a second beginning voids both");
	tap_is_int(take(&intake, MESSAGE_PLAN_BEGIN, &small.begin, 1, &plan), 0, "a beginning");
	tap_is_int(take(&intake, MESSAGE_PLAN_PREFIXES, small.prefixes, 3, &plan), 0, "prefixes");
	tap_is_int(take(&intake, MESSAGE_PLAN_PEERS, small.peers, 2, &plan), 0, "then peers");
	tap_is_int(take(&intake, MESSAGE_PLAN_END, &small.end, 1, &plan), -EPROTO, "too late");
	tap_is_int(take(&intake, MESSAGE_PLAN_BEGIN, &small.begin, 1, &plan), 0, "a beginning");
	tap_is_int(take(&intake, MESSAGE_PLAN_PEERS, small.peers, 2, &plan), 0, "peers");
	tap_is_int(take(&intake, MESSAGE_PLAN_PEERS, small.peers, 1, &plan), 0, "and one more");
	tap_is_int(take(&intake, MESSAGE_PLAN_END, &small.end, 1, &plan), ERR_TRAILING,
		"more than announced");
	tap_is_int(take(&intake, MESSAGE_PLAN_BEGIN, &small.begin, 1, &plan), 0, "a beginning");
	tap_is_int(take(&intake, MESSAGE_PLAN_PEERS, small.peers, 1, &plan), 0, "one peer");
	tap_is_int(take(&intake, MESSAGE_PLAN_PEERS, small.peers + 1, 1, &plan), 0, "another");
	tap_is_int(take(&intake, MESSAGE_PLAN_END, &small.end, 1, &plan), ERR_TRUNCATED,
		"fewer than announced");
	plan_intake_done(&intake);
}

int main(void)
{
	plan_free(NULL);
	test_gateways();
	test_devices();
	test_faults();
	test_remote();
	test_counts();
	test_order();
	return tap_done();
}
