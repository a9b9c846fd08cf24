/* SPDX-License-Identifier: ISC */
#include "prover/catalogue.h"

#include <stdlib.h>
#include <string.h>

static const struct catalogue_part *const parts[] = {
	&catalogue_port_oracles4,
	&catalogue_port_oracles6,
	&catalogue_port,
	&catalogue_port_keys,
	&catalogue_ipv4_header,
	&catalogue_ipv4,
	&catalogue_ipv6,
	&catalogue_transport4,
	&catalogue_transport6,
	&catalogue_service4,
	&catalogue_service6,
	&catalogue_link,
	&catalogue_neighbour,
};

size_t catalogue_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
		count += parts[i]->count;
	return count;
}

const struct stimulus *catalogue_at(size_t index)
{
	for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
		if (index < parts[i]->count)
			return &parts[i]->stimuli[index];
		index -= parts[i]->count;
	}
	abort(); /* no index of the catalogue: a bug of ours */
}

const struct stimulus *catalogue_find(const char *name)
{
	size_t count = catalogue_count();

	for (size_t i = 0; i < count; i++) {
		const struct stimulus *stimulus = catalogue_at(i);
		if (strcmp(stimulus->name, name) == 0)
			return stimulus;
	}
	return NULL;
}
