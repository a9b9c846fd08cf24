/* SPDX-License-Identifier: ISC */
/* The status of a device as docs/api.md has it, from what its follower knows. */
#pragma once

#include "client/contact.h"
#include "client/device.h"
#include "client/silence.h"

#include <jansson.h>

struct devicestatus {
	const struct netmap *netmap;
	const struct contact *contact;
	struct endpoint address; /* of the first gateway, in use; ADDRESS_NONE: not known */
	uint64_t written_s;	 /* Unix time when something was last stored; 0: not known */
	struct moment now;
};

/* The caller's; never NULL. */
json_t *devicestatus_encode(const struct devicestatus *status);

/* What the silence may mean, for the log too. */
void devicestatus_explain(const struct devicestatus *status, struct silence_hints *ret_hints);
