/* SPDX-License-Identifier: ISC */
/* A capture to be replayed. Each message that is found lies within it and has its shape. */
#include "prover/recorded.h"

#include "base/error.h"
#include "wireguard/messages.h"

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
	static struct recorded recorded;

	int result = recorded_read(data, size, 40004, &recorded);
	demand(result == 0 || result == ERR_SYNTAX || result == ERR_UNKNOWN_WORD);
	for (unsigned type = 1; result == 0 && type <= RECORDED_TYPES; type++) {
		demand(recorded.counts[type - 1] <= RECORDED_MAX);
		for (size_t i = 0; i < recorded.counts[type - 1]; i++) {
			const struct recorded_message *message = recorded_at(&recorded, type, i);
			if (!message)
				abort();
			demand(message->at >= data && message->size <= RECORDED_SIZE_MAX);
			demand(message->at + message->size <= data + size);
			demand((unsigned)message_classify(message->at, message->size) == type);
		}
	}
	return 0;
}
