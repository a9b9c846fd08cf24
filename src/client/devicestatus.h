/* SPDX-License-Identifier: ISC */
/* The status of a device, or of a gateway, as docs/api.md has it, from what its follower knows. */
#pragma once

#include "client/contact.h"
#include "client/device.h"
#include "client/silence.h"
#include "control/gatewayplan.h"

#include <jansson.h>

struct devicestatus {
	const struct netmap *netmap;
	const struct contact *contact;
	struct endpoint address; /* of the first gateway, in use; ADDRESS_NONE: not known */
	uint64_t written_s;	 /* Unix time when something was last stored; 0: not known */
	struct moment now;
	const struct gatewayplan *told; /* on a gateway; NULL: a device */
	uint64_t in_force;		/* version of what is enforced; 0: nothing */
};

/* The caller's; never NULL. */
json_t *devicestatus_encode(const struct devicestatus *status);

/* What the silence may mean, for the log too. */
void devicestatus_explain(const struct devicestatus *status, struct silence_hints *ret_hints);
