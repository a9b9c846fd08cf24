/* SPDX-License-Identifier: ISC */
/* A frame that came in while the prover measures. What it says of it holds together. */
#include "prover/sighting.h"

#include <netinet/in.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sighting sighting, again;

	sighting_read(data, size, &sighting);
	sighting_read(data, size, &again);
	demand(sighting.family == ADDRESS_NONE || sighting.family == ADDRESS_IPV4 ||
		sighting.family == ADDRESS_IPV6);
	demand(sighting.family != ADDRESS_NONE || (sighting.protocol == 0 && sighting.to == 0));
	demand(sighting.family == sighting.source.family);
	demand(!sighting.is_error || sighting.protocol == IPPROTO_ICMP ||
		sighting.protocol == IPPROTO_ICMPV6);
	demand(sighting.is_error || sighting.quoted_protocol == 0);
	demand(sighting.size == 0 || sighting.protocol == IPPROTO_UDP);
	demand(address_equal(&sighting.source, &again.source) && sighting.word == again.word);
	return 0;
}
