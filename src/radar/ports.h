/* SPDX-License-Identifier: ISC */
/* How many different ports there were, roughly, in little memory. Pure; inline users none. */
#pragma once

#include <stdint.h>

enum {
	PORTS_BITS = 2048,
	PORTS_WORDS = PORTS_BITS / 64,
};

/* A port sets the bit of its remainder: exact for a range of PORTS_BITS. */
struct ports {
	uint64_t words[PORTS_WORDS];
};

void ports_add(struct ports *ports, uint16_t port);

/* Adds those of another. */
void ports_merge(struct ports *ports, const struct ports *others);

/*
 * How many: exact up to about 100, then an estimate (linear counting: Whang and others, 1990), and
 * 65,536 once all bits are set.
 */
uint32_t ports_count(const struct ports *ports);
