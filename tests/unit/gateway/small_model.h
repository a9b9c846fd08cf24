/* SPDX-License-Identifier: ISC */
/* A model of each kind of thing, small enough to be read. */
#pragma once

#include "gateway/model.h"

#include <netinet/in.h>
#include <stdlib.h>

/* An address from text; "" is none. */
static inline struct address at(const char *text)
{
	struct address address = {0};

	if (*text && address_parse(text, strlen(text), &address) < 0)
		abort();
	return address;
}

static inline struct prefix within(const char *text)
{
	struct prefix prefix = {0};

	if (*text && prefix_parse(text, strlen(text), &prefix) < 0)
		abort();
	return prefix;
}

/* Room for one; the model points into it. */
struct small_model {
	struct model model;
	struct model_role roles[4];
	struct model_device devices[4];
	struct model_service services[4];
	struct model_grant grants[4];
};

/* Two roles and an invited one; two devices; a service by TCP and one by UDP; three grants. */
static inline void small_model_init(struct small_model *small)
{
	*small = (struct small_model){
		.roles = {{1, MODEL_ROLE_ENROLLED}, {0x12345, MODEL_ROLE_ENROLLED},
			{9, MODEL_ROLE_INVITED}},
		.devices = {{at("10.9.0.2"), at("fd09::2"), 0x12345}, {at("10.9.0.3"), at(""), 9}},
		.services = {{1, at("10.9.200.1"), at("fd09::c8:1"), IPPROTO_TCP, 80,
				     at("127.0.0.1"), 8080},
			{2, at("10.9.200.2"), at("fd09::c8:2"), IPPROTO_UDP, 53, at("::1"), 5353}},
		.grants = {{1, 1}, {0x12345, 1}, {0x12345, 2}},
	};
	small->model = (struct model){
		.tunnel = {.interface = "tacet0",
			.overlay_ipv4 = within("10.9.0.0/16"),
			.overlay_ipv6 = within("fd09::/64"),
			.ipv4 = at("10.9.0.1"),
			.ipv6 = at("fd09::1"),
			.control_port = 7001,
			.enrol_port = 7002},
		.roles = small->roles,
		.role_count = 3,
		.devices = small->devices,
		.device_count = 2,
		.services = small->services,
		.service_count = 2,
		.grants = small->grants,
		.grant_count = 3,
	};
}
