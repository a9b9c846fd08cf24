/* SPDX-License-Identifier: ISC */
/* Devices inside an act. */
#pragma once

#include "store/device.h"
#include "store/sqlite/act.h"

/* What a new device is, besides what it brings along. */
struct devices_owner {
	uint64_t user_id;
	uint64_t invite_id; /* 0: none */
	enum store_device_state state;
};

/* Inserts a device with a number of its own; store_device_add()'s errors. */
int devices_insert(struct store *store, const struct devices_owner *owner,
	const struct store_enrolment *enrolment, uint64_t now_ns,
	struct store_device *ret_device) must_check;

/* The device that came of an invite. ERR_NOT_FOUND. */
int devices_of_invite(
	struct store *store, uint64_t invite_id, struct store_device *ret_device) must_check;

/* For details. */
json_t *devices_details(const struct store_device *device);
