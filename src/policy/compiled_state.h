/* SPDX-License-Identifier: ISC */
/*
 * What a compiled policy holds, for those who make or compare them. A role is a row: its number,
 * and a bit for each service. Row 0 is that of number 0 and has no bits.
 */
#pragma once

#include "policy/bitset.h"
#include "policy/compiled.h"

/* A device and the row of its role. */
struct compiled_device {
	uint32_t id;
	uint32_t row;
};

struct policy_compiled {
	uint32_t *services; /* ids, ascending; the bits of the rows */
	size_t service_count;
	size_t words;	   /* in a row */
	uint32_t *numbers; /* of the roles, ascending */
	uint64_t *grants;  /* rows one after the other */
	size_t role_count;
	struct compiled_device *devices; /* by id */
	size_t device_count;
};

/* What there is before there is a policy: role 0, no devices, no services. Static. */
const struct policy_compiled *compiled_empty(void);

static inline uint64_t *compiled_row(const struct policy_compiled *compiled, size_t row)
{
	return compiled->grants + row * compiled->words;
}
