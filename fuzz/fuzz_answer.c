/* SPDX-License-Identifier: ISC */
/*
 * What a host that is proven sends back: a frame. It always gets a kind and a printable line.
 */
#include "prover/answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer answer;

	memset(&answer, 0xa5, sizeof answer);
	answer_read(data, size, &answer);
	demand((unsigned)answer.kind < ANSWER_KIND_COUNT && *answer_kind_text(answer.kind));
	demand(memchr(answer.text, '\0', sizeof answer.text) != NULL && *answer.text);
	for (const char *at = answer.text; *at; at++)
		demand(*at >= ' ' && *at <= '~');
	demand(answer.source.family == ADDRESS_NONE || answer.source.family == ADDRESS_IPV4 ||
		answer.source.family == ADDRESS_IPV6);
	return 0;
}
