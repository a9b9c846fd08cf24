/* SPDX-License-Identifier: ISC */
/* The scene of the tests: as tests/vectors/stimuli.py has it. */
#pragma once

#include "prover/scene.h"

#include <stdlib.h>

static inline struct address an_address(const char *text)
{
	struct address address;

	if (address_parse(text, strlen(text), &address) < 0)
		abort();
	return address;
}

static inline struct scene_path a_path(const char *target, const char *source)
{
	return (struct scene_path){.is_there = true,
		.is_on_link = true,
		.target = an_address(target),
		.source = an_address(source),
		.hop = {2, [5] = 0x10},
		.own = {2, [5] = 0x66},
		.interface = "eth0",
		.ifindex = 2};
}

static inline struct scene a_scene(void)
{
	return (struct scene){.ipv4 = a_path("192.0.2.10", "192.0.2.66"),
		.ipv6 = a_path("2001:db8:1::10", "2001:db8:1::66"),
		.port = 40004,
		.control_port = 40005,
		.has_key = true,
		.mac1_key = {1, 2, 3},
		.overlays = {an_address("10.9.0.1"), an_address("fd09::1")},
		.overlay_count = 2};
}
