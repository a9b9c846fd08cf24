/* SPDX-License-Identifier: ISC */
#include "gateway/elements.h"

#include "small_model.h"
#include "tap.h"

#include "base/error.h"

#include <errno.h>

enum {
	RANDOM_PAIRS = 400,
	RANDOM_ELEMENTS = 60, /* in each state of a pair, at most */
	RANDOM_KEYS = 20,
};

/* One thing that is wrong with a model, and what is said to it. */
struct wrong {
	const char *name;
	void (*spoil)(struct small_model *small);
	int error;
};

#define SPOIL(function, statement)                                                                 \
	static void function(struct small_model *small)                                            \
	{                                                                                          \
		statement;                                                                         \
	}

SPOIL(interface_empty, small->model.tunnel.interface[0] = '\0')
SPOIL(interface_quote, small->model.tunnel.interface[2] = '"')
SPOIL(interface_star, small->model.tunnel.interface[2] = '*')
SPOIL(interface_slash, small->model.tunnel.interface[2] = '/')
SPOIL(interface_long, memset(small->model.tunnel.interface, 'a', MODEL_INTERFACE_SIZE))
SPOIL(interface_lo, memcpy(small->model.tunnel.interface, "lo", 3))
SPOIL(interface_dots, memcpy(small->model.tunnel.interface, "..", 3))
SPOIL(own_outside, small->model.tunnel.ipv4 = at("10.8.0.1"))
SPOIL(own_missing, small->model.tunnel.ipv6 = at(""))
SPOIL(overlay_all, small->model.tunnel.overlay_ipv4 = within("0.0.0.0/0"))
SPOIL(overlay_family, small->model.tunnel.overlay_ipv4 = within("fd09::/64"))
SPOIL(control_zero, small->model.tunnel.control_port = 0)
SPOIL(enrol_zero, small->model.tunnel.enrol_port = 0)
SPOIL(role_zero, small->roles[0].number = 0)
SPOIL(role_great, small->roles[0].number = UINT32_MAX)
SPOIL(role_twice, small->roles[0].number = 9)
SPOIL(device_role, small->devices[0].role = 2)
SPOIL(device_outside, small->devices[0].ipv4 = at("10.8.0.2"))
SPOIL(device_own, small->devices[0].ipv6 = at("fd09::1"))
SPOIL(device_family, small->devices[0].ipv4 = at("fd09::2"))
SPOIL(device_twice, small->devices[1].ipv4 = at("10.9.0.2"))
SPOIL(service_twice, small->services[1].id = 1)
SPOIL(service_protocol, small->services[0].protocol = IPPROTO_SCTP)
SPOIL(service_port, small->services[0].port = 0)
SPOIL(service_vip, small->services[0].vip_ipv4 = at("192.0.2.1"))
SPOIL(service_own, small->services[0].vip_ipv4 = at("10.9.0.1"))
SPOIL(target_none, small->services[0].target = at(""))
SPOIL(target_any, small->services[0].target = at("0.0.0.0"))
SPOIL(target_any6, small->services[0].target = at("::"))
SPOIL(target_group, small->services[0].target = at("224.0.0.1"))
SPOIL(target_group6, small->services[0].target = at("ff02::1"))
SPOIL(target_link, small->services[0].target = at("fe80::1"))
SPOIL(target_overlay, small->services[0].target = at("10.9.0.3"))
SPOIL(target_port, small->services[0].target_port = 0)
SPOIL(grant_role, small->grants[0].role = 2)
SPOIL(grant_service, small->grants[0].service = 3)
SPOIL(grant_invited, small->grants[0].role = 9)
SPOIL(grant_twice, small->grants[0].role = 0x12345)

static void same_vip(struct small_model *small)
{
	small->services[1] = small->services[0];
	small->services[1].id = 2;
}

static const struct wrong wrongs[] = {
	{"interface without a name", interface_empty, ERR_SYNTAX},
	{"quote in the interface's name", interface_quote, ERR_SYNTAX},
	{"star in the interface's name", interface_star, ERR_SYNTAX},
	{"slash in the interface's name", interface_slash, ERR_SYNTAX},
	{"interface's name without end", interface_long, ERR_SYNTAX},
	{"loopback as interface", interface_lo, ERR_SYNTAX},
	{"dots as interface", interface_dots, ERR_SYNTAX},
	{"own address outside", own_outside, ERR_RANGE},
	{"own address missing", own_missing, ERR_RANGE},
	{"overlay of everything", overlay_all, ERR_RANGE},
	{"overlay of the other family", overlay_family, ERR_RANGE},
	{"no control port", control_zero, ERR_RANGE},
	{"no enrolment port", enrol_zero, ERR_RANGE},
	{"role 0", role_zero, ERR_RANGE},
	{"role too great", role_great, ERR_RANGE},
	{"role twice", role_twice, -EEXIST},
	{"device's role not there", device_role, -ENOENT},
	{"device outside", device_outside, ERR_RANGE},
	{"device at the gateway's address", device_own, ERR_RANGE},
	{"device of the other family", device_family, ERR_RANGE},
	{"device's address twice", device_twice, -EEXIST},
	{"service's id twice", service_twice, -EEXIST},
	{"service by SCTP", service_protocol, ERR_RANGE},
	{"service at port 0", service_port, ERR_RANGE},
	{"service outside", service_vip, ERR_RANGE},
	{"service at the gateway's address", service_own, ERR_RANGE},
	{"service's endpoint twice", same_vip, -EEXIST},
	{"no target", target_none, ERR_RANGE},
	{"any target", target_any, ERR_RANGE},
	{"any target by IPv6", target_any6, ERR_RANGE},
	{"target of many", target_group, ERR_RANGE},
	{"target of many by IPv6", target_group6, ERR_RANGE},
	{"target on a link", target_link, ERR_RANGE},
	{"target in the overlay", target_overlay, ERR_RANGE},
	{"target's port 0", target_port, ERR_RANGE},
	{"granted role not there", grant_role, -ENOENT},
	{"granted service not there", grant_service, -ENOENT},
	{"grant to the invited", grant_invited, ERR_RANGE},
	{"grant twice", grant_twice, -EEXIST},
};

static void test_wrong(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(wrongs); i++) {
		struct elements elements = {0};
		struct small_model small;
		small_model_init(&small);
		wrongs[i].spoil(&small);
		tap_is_int(
			elements_build(&small.model, &elements), wrongs[i].error, wrongs[i].name);
		elements_done(&elements);
	}
}

static const char *const want_texts[ELEMENTS_SETS] = {
	[ELEMENTS_ROLES4] = "10.9.0.2 : 1:2345, 10.9.0.3 : 0:9, ",
	[ELEMENTS_ROLES6] = "fd09::2 : 1:2345, ",
	[ELEMENTS_GRANTS4] = "0:1 . 10.9.0.1 . tcp . 7001, 0:1 . 10.9.200.1 . tcp . 80, "
			     "0:9 . 10.9.0.1 . tcp . 7002, "
			     "1:2345 . 10.9.0.1 . tcp . 7001, 1:2345 . 10.9.200.1 . tcp . 80, ",
	[ELEMENTS_GRANTS6] = "0:1 . fd09::1 . tcp . 7001, 0:9 . fd09::1 . tcp . 7002, "
			     "1:2345 . fd09::1 . tcp . 7001, 1:2345 . fd09::c8:2 . udp . 53, ",
	[ELEMENTS_TARGETS4] = "10.9.0.1 . tcp . 7001 : 10.9.0.1 . 7001, "
			      "10.9.0.1 . tcp . 7002 : 10.9.0.1 . 7002, "
			      "10.9.200.1 . tcp . 80 : 127.0.0.1 . 8080, ",
	[ELEMENTS_TARGETS6] = "fd09::1 . tcp . 7001 : fd09::1 . 7001, "
			      "fd09::1 . tcp . 7002 : fd09::1 . 7002, "
			      "fd09::c8:2 . udp . 53 : ::1 . 5353, ",
};

static void test_small(void)
{
	struct elements elements;
	struct small_model small;
	char text[1024], element[ELEMENT_TEXT_SIZE];

	small_model_init(&small);
	tap_is_int(elements_build(&small.model, &elements), 0, "a small model");
	for (unsigned set = 0; set < ELEMENTS_SETS; set++) {
		size_t size = 0;
		text[0] = '\0';
		for (size_t i = 0; i < elements.lists[set].count; i++)
			size += (size_t)snprintf(text + size, sizeof text - size, "%s, ",
				element_format(set, &elements.lists[set].at[i], element));
		if (!tap_ok(strcmp(text, want_texts[set]) == 0, elements_sets[set].name))
			printf("#  got %s\n# want %s\n", text, want_texts[set]);
	}
	tap_is_int((intmax_t)elements_count(&elements), 18, "and no more");
	const struct address vip = at("10.9.200.1");
	struct nftset_element key = elements_grant(0x12345, &vip, IPPROTO_TCP, 80);
	tap_ok(elements_find(&elements, ELEMENTS_GRANTS4, &key), "a grant is found");
	key = elements_grant(0x12345, &vip, IPPROTO_UDP, 80);
	tap_ok(!elements_find(&elements, ELEMENTS_GRANTS4, &key), "another is not");
	elements_done(&elements);
	tap_ok(!elements_find(&elements, ELEMENTS_GRANTS4, &key), "nor one in nothing");
}

/* An IPv4 tunnel alone; both ports the same. */
static void test_one_family(void)
{
	struct elements elements;
	struct small_model small;

	small_model_init(&small);
	small.model.tunnel.ipv6 = at("");
	small.model.tunnel.overlay_ipv6 = within("");
	small.model.tunnel.enrol_port = small.model.tunnel.control_port;
	tap_is_int(elements_build(&small.model, &elements), ERR_RANGE, "an address outside");
	small.devices[0].ipv6 = at("");
	small.services[0].vip_ipv6 = at("");
	small.services[1].vip_ipv6 = at("");
	tap_is_int(elements_build(&small.model, &elements), 0, "one family is enough");
	tap_is_int((intmax_t)elements.lists[ELEMENTS_GRANTS6].count, 0, "then the other has none");
	tap_is_int((intmax_t)elements.lists[ELEMENTS_TARGETS4].count, 2, "ports that are one");
	elements_done(&elements);
}

/* A state of few keys in one set, by bits: bit n says that key n is there, with data of its own. */
struct state {
	bool has[RANDOM_KEYS];
	uint8_t data[RANDOM_KEYS];
};

static uint64_t seed = 20261122;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(seed >> 33) % sides;
}

static struct state random_state(struct elements *elements)
{
	struct state state = {0};

	*elements = (struct elements){0};
	for (unsigned i = 0; i < dice(RANDOM_ELEMENTS); i++) {
		struct nftset_element element = {0};
		unsigned key = dice(RANDOM_KEYS);
		if (state.has[key])
			continue;
		state.has[key] = true;
		state.data[key] = (uint8_t)dice(2);
		element.key[3] = (uint8_t)key;
		element.data[0] = state.data[key];
		elements_append(elements, ELEMENTS_ROLES4, &element);
	}
	return state;
}

/* Does to a state what is visited; an impossible change is noted. */
struct replay {
	struct state state;
	bool is_wrong;
	bool has_added; /* after this nothing is deleted */
};

static void replay_change(void *context, enum elements_set set, enum elements_change change,
	const struct nftset_element *element)
{
	struct replay *replay = context;
	unsigned key = element->key[3];
	bool is_added = change == ELEMENTS_ADD;

	if (set != ELEMENTS_ROLES4 || replay->state.has[key] == is_added ||
		(!is_added && replay->has_added))
		replay->is_wrong = true;
	replay->has_added |= is_added;
	replay->state.has[key] = is_added;
	replay->state.data[key] = is_added ? element->data[0] : 0;
}

/* Differences lead from any state to any other, and are as few as can be. */
static void test_differences(void)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < RANDOM_PAIRS; i++) {
		struct elements from, to;
		struct replay replay = {.state = random_state(&from)};
		struct state want = random_state(&to), old = replay.state;
		size_t fewest = 0;
		for (unsigned k = 0; k < RANDOM_KEYS; k++) {
			bool differs = old.data[k] != want.data[k];
			fewest += old.has[k] != want.has[k] ? 1 : old.has[k] && differs ? 2 : 0;
		}
		wrong += elements_sort(&from) < 0 || elements_sort(&to) < 0;
		wrong += elements_compare(&from, &to, replay_change, &replay) != fewest;
		wrong += replay.is_wrong || memcmp(&replay.state, &want, sizeof want) != 0;
		elements_done(&from);
		elements_done(&to);
	}
	tap_is_int(wrong, 0, "random states differ by what leads from one to the other");
}

/* Whatever the order that they come in, elements are found, and doubles too. */
static void test_sort(void)
{
	struct elements elements = {0};
	unsigned lost = 0;

	for (uint32_t i = 0; i < 5000; i++) {
		uint32_t role = i * 48271 % 100003; /* no two alike */
		const struct address vip = at("10.9.200.1");
		struct nftset_element element = elements_grant(role, &vip, IPPROTO_TCP, 80);
		elements_append(&elements, ELEMENTS_GRANTS4, &element);
	}
	struct nftset_element last = elements.lists[ELEMENTS_GRANTS4].at[4999];
	tap_is_int(elements_sort(&elements), 0, "5,000 without order are sorted");
	const struct elements_list *list = &elements.lists[ELEMENTS_GRANTS4];
	for (size_t i = 0; i < list->count; i++)
		lost += elements_find(&elements, ELEMENTS_GRANTS4, &list->at[i]) != &list->at[i];
	tap_is_int(lost, 0, "and each is found");
	elements_append(&elements, ELEMENTS_GRANTS4, &last);
	tap_is_int(elements_sort(&elements), -EEXIST, "one that is there twice is noticed");
	elements_done(&elements);
}

int main(void)
{
	test_wrong();
	test_small();
	test_one_family();
	test_differences();
	test_sort();
	return tap_done();
}
