/* SPDX-License-Identifier: ISC */
#include "radar/roster.h"

#include "tap.h"

#include <stdlib.h>

#define SECOND UINT64_C(1000000000)
#define START (1700000000 * SECOND)

/* A SYN as Nmap sends it. */
static struct sample syn(uint32_t source, uint16_t port)
{
	return (struct sample){
		.source = {ADDRESS_IPV4, {(uint8_t)(source >> 24), (uint8_t)(source >> 16),
						 (uint8_t)(source >> 8), (uint8_t)source}},
		.target = {ADDRESS_IPV4, {10, 0, 0, 1}},
		.protocol = 6,
		.hops = 50,
		.has_transport = true,
		.target_port = port,
		.sequence = 7,
		.flags = SAMPLE_SYN,
		.window = 1024,
		.options_size = 4,
		.options = {2, 4, 5, 0xb4},
	};
}

struct tally {
	unsigned rows;
	uint64_t packets;
	struct campaign last, first;
	bool is_sorted;
};

static void count(void *context, const struct campaign *campaign, const struct verdict *verdict)
{
	struct tally *tally = context;

	(void)verdict;
	if (tally->rows == 0) {
		tally->first = *campaign;
		tally->is_sorted = true;
	} else if (campaign->last_ns > tally->last.last_ns) {
		tally->is_sorted = false;
	}
	tally->last = *campaign;
	tally->rows++;
	tally->packets += campaign->packets;
}

static struct tally tally_of(const struct roster *roster)
{
	struct tally tally = {0};

	roster_list(roster, count, &tally);
	return tally;
}

static void put(struct roster *roster, uint32_t source, uint16_t port, uint64_t at_ns)
{
	const struct sample sample = syn(source, port);

	roster_add(roster, &sample, at_ns);
}

static void test_one(struct roster *roster)
{
	for (uint16_t i = 0; i < 100; i++)
		put(roster, 1, (uint16_t)(20 + i), START + i * SECOND);
	struct tally tally = tally_of(roster);
	tap_is_int(tally.rows, 1, "one source is one campaign");
	tap_is_int(tally.packets, 100, "of all its packets");
	tap_is_int(tally.first.port_least, 20, "from its least port");
	tap_is_int(tally.first.port_greatest, 119, "to its greatest");
	tap_is_int(ports_count(&tally.first.ports), 100, "which are so many");
	tap_is_int(tally.first.last_ns - tally.first.first_ns, 99 * SECOND, "and so long");
	put(roster, 1, 20, START + (99 + ROSTER_PAUSE_S) * SECOND);
	tap_is_int(tally_of(roster).rows, 2, "after a long pause it is a new one");
	roster_clear(roster);
	tap_is_int(tally_of(roster).rows, 0, "cleared, there is none");
}

/* The table at its maximum, and one more. */
static void test_full(struct roster *roster)
{
	for (uint32_t i = 0; i < ROSTER_SIZE; i++)
		put(roster, i + 1, 22, START + i);
	tap_is_int(tally_of(roster).rows, ROSTER_SIZE, "as many sources as there is room for");
	tap_is_int(roster_forgotten(roster), 0, "none is forgotten");
	put(roster, ROSTER_SIZE + 1, 22, START + SECOND);
	struct tally tally = tally_of(roster);
	tap_is_int(tally.rows, ROSTER_SIZE, "one more takes the place of another");
	tap_is_int(roster_forgotten(roster), 1, "which is counted");
	tap_is_int(tally.last.source.bytes[3], 2, "it was the oldest");
	tap_ok(tally.is_sorted, "those heard last come first");
	roster_clear(roster);
}

/* Made-up sources do not wash away the one that came back. */
static void test_flood(struct roster *roster)
{
	bool stays = false;

	for (unsigned i = 0; i < ROSTER_FEW; i++)
		put(roster, 0x0a000001, (uint16_t)i, START);
	for (uint32_t i = 0; i < 10 * ROSTER_SIZE; i++)
		put(roster, 0xc0000000 + i, 22, START + SECOND);
	struct tally tally = tally_of(roster);
	tap_is_int(tally.rows, ROSTER_SIZE, "a flood fills the table, and no more");
	stays = tally.last.source.bytes[0] == 10;
	tap_ok(stays, "who came back stays");
	roster_clear(roster);
}

/* Of IPv6 a network is one source. */
static void test_ipv6(struct roster *roster)
{
	struct sample sample = syn(1, 22);

	sample.source = (struct address){ADDRESS_IPV6, {0x20, 1, 0xd, 0xb8}};
	for (uint8_t i = 0; i < 10; i++) {
		sample.source.bytes[15] = i;
		roster_add(roster, &sample, START);
	}
	tap_is_int(tally_of(roster).rows, 1, "a network of IPv6 is one source");
	roster_clear(roster);
}

int main(void)
{
	const struct siphash_key key = {3, 4};
	struct roster *roster = roster_new(&key);

	tap_ok(roster, "there is a roster");
	if (!roster)
		return tap_done();
	test_one(roster);
	test_full(roster);
	test_flood(roster);
	test_ipv6(roster);
	roster_free(roster);
	return tap_done();
}
