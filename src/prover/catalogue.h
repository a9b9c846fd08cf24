/* SPDX-License-Identifier: ISC */
/*
 * The catalogue: all stimuli, in the order in which they are sent but for the patient ones, which
 * come first. Published with its version: a proof names it.
 */
#pragma once

#include "prover/stimulus.h"

#include <stddef.h>

/* Grows with each change of what is sent. */
#define CATALOGUE_VERSION "1"

enum {
	CATALOGUE_MAX = 1024, /* tags are 16 bits, two for each */
};

size_t catalogue_count(void);

/* index < catalogue_count(). */
const struct stimulus *catalogue_at(size_t index);

/* NULL: there is none of that name. */
const struct stimulus *catalogue_find(const char *name);

/* The parts, for catalogue.c alone. */
struct catalogue_part {
	const struct stimulus *stimuli;
	size_t count;
};
extern const struct catalogue_part catalogue_port_oracles4, catalogue_port_oracles6, catalogue_port,
	catalogue_port_keys, catalogue_ipv4_header, catalogue_ipv4, catalogue_ipv6,
	catalogue_transport4, catalogue_transport6, catalogue_service4, catalogue_service6,
	catalogue_link, catalogue_neighbour;
