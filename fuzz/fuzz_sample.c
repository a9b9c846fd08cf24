/* SPDX-License-Identifier: ISC */
/*
 * Packets of strangers as the radar reads them: each behind a byte for its protocol (two bits) and
 * the pause before it, and one for its length. Whatever they say, what is told of them is within
 * its bounds.
 */
#include "radar/roster.h"

#include <assert.h>
#include <stdlib.h>

enum {
	HEAD = 2, /* kind and pause, then length */
};

static const enum sample_ethertype types[] = {
	SAMPLE_ETHERTYPE_IPV4, SAMPLE_ETHERTYPE_IPV6, SAMPLE_ETHERTYPE_ARP};

static void look(void *context, const struct campaign *campaign, const struct verdict *verdict)
{
	size_t *packets = context;

	assert(verdict->tool < RECOGNISE_TOOL_COUNT && verdict->scan < SCAN_COUNT);
	assert(verdict->confidence <= 100);
	assert(campaign->first_ns <= campaign->last_ns);
	assert(campaign->port_least <= campaign->port_greatest);
	assert(ports_count(&campaign->ports) <= UINT16_MAX + 1);
	*packets += campaign->packets;
}

/* Reads a copy of exactly that size, so that a read behind its end is seen. */
static size_t add(
	struct roster *roster, uint8_t kind, const uint8_t *data, size_t size, uint64_t now_ns)
{
	uint8_t *exact = malloc(size ? size : 1);
	struct sample sample;

	assert(exact);
	if (size > 0)
		memcpy(exact, data, size);
	int result =
		sample_read(types[kind % (sizeof types / sizeof types[0])], exact, size, &sample);
	free(exact);
	if (result < 0)
		return 0;
	assert(sample.options_size <= SAMPLE_OPTIONS_MAX);
	assert(sample.payload_size <= SAMPLE_PAYLOAD_MAX);
	roster_add(roster, &sample, now_ns);
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct siphash_key key = {5, 6};
	static struct roster *roster; /* once: it is large */
	uint64_t now_ns = UINT64_C(1700000000) * 1000000000;
	size_t added = 0, told = 0;

	if (!roster)
		roster = roster_new(&key);
	assert(roster);
	roster_clear(roster);
	while (size > HEAD) {
		size_t length = data[1] < size - HEAD ? data[1] : size - HEAD;

		now_ns += (uint64_t)(data[0] >> 2) * 20 * 1000000000;
		added += add(roster, data[0] & 3, data + HEAD, length, now_ns);
		data += HEAD + length;
		size -= HEAD + length;
	}
	roster_list(roster, look, &told);
	assert(told == added);
	return 0;
}
