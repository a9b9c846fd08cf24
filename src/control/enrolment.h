/* SPDX-License-Identifier: ISC */
/* What a new device or gateway says at the enrolment port. JSON: docs/api.md. */
#pragma once

#include "base/attributes.h"
#include "control/netmap.h"

#include <jansson.h>

struct enrolment {
	char name[NETMAP_NAME_SIZE]; /* of the device; a gateway's is its invite's */
	uint8_t public_key[NETMAP_KEY_SIZE];
	uint8_t preshared_key[NETMAP_KEY_SIZE]; /* made by the device, too; zero: none */
	char endpoint[NETMAP_HOST_SIZE]; /* host:port by which devices call it; "": no gateway */
};

/* The caller's; never NULL. Holds the pre-shared key. */
json_t *enrolment_encode(const struct enrolment *enrolment);

/* ERR_SYNTAX, a member that is not known, too; ERR_KEY, ERR_NAME, ERR_RANGE; ret_where names the
 * member. */
int enrolment_decode(const json_t *json, struct enrolment *ret_enrolment,
	char ret_where[static NETMAP_NAME_SIZE]) must_check;
