/* SPDX-License-Identifier: ISC */
/*
 * Nanoseconds for a look-up that finds, in the trie, the index table and the peer table, and bytes
 * for a prefix, at growing sizes. The keys looked up are in random order, so that large tables pay
 * for their cache misses. The median of several runs, in time of the processor.
 */
#include "wireguard/allowedips.h"
#include "wireguard/indextable.h"
#include "wireguard/peertable.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	RUNS = 5,
	LOOKUPS = 1 << 17, /* a run */
	SIZE_MOST = 1000000,
};

static const size_t sizes[] = {10, 1000, 100000, SIZE_MOST};

/* One kind of table, filled with `size` entries and asked for them. */
struct table {
	const char *name;
	void (*fill)(size_t size);
	bool (*find)(size_t at); /* looks up entry number `at` */
	void (*drop)(void);
};

static struct allowedips trie;
static struct allowedips_owner owner;
static struct address *addresses;
static struct indextable indices;
static struct indextable_entry *index_entries;
static struct peertable peers;
static struct peertable_entry *peer_entries;
static uint64_t random_state;

/* splitmix64: the same tables in every run. */
static uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void fill_random(void *context, void *ret_bytes, size_t size)
{
	uint8_t *at = ret_bytes;

	(void)context;
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)random_u64();
}

static const struct entropy entropy = {.fill = fill_random, .context = NULL};

/* Ends the program when a step that needs memory did not get it. */
static void must(int error)
{
	if (error == 0)
		return;
	(void)fprintf(stderr, "micro_tables: error %d\n", error);
	exit(1);
}

/* One prefix an address, as a mesh of peers has them, at random or one after another. */
static void fill_trie(size_t size, enum address_family family, bool random)
{
	uint8_t bits = address_bits(family);

	for (size_t i = 0; i < size; i++) {
		struct address *address = &addresses[i];

		*address = (struct address){.family = (uint8_t)family};
		if (random)
			fill_random(NULL, address->bytes, bits / 8U);
		else
			store_be32(address->bytes + bits / 8 - 4, 0x0a000000U + (uint32_t)i);
		struct prefix prefix = {.address = *address, .length = bits};
		must(allowedips_insert(&trie, &prefix, &owner));
	}
}

static void fill_ipv4(size_t size)
{
	fill_trie(size, ADDRESS_IPV4, true);
}

static void fill_ipv4_dense(size_t size)
{
	fill_trie(size, ADDRESS_IPV4, false);
}

static void fill_ipv6(size_t size)
{
	fill_trie(size, ADDRESS_IPV6, true);
}

static void fill_ipv6_dense(size_t size)
{
	fill_trie(size, ADDRESS_IPV6, false);
}

static bool find_address(size_t at)
{
	return allowedips_lookup(&trie, &addresses[at]) == &owner;
}

static void drop_trie(void)
{
	allowedips_clear(&trie);
}

static void fill_indices(size_t size)
{
	must(indextable_init(&indices));
	must(indextable_reserve(&indices, size));
	for (size_t i = 0; i < size; i++) {
		index_entries[i].in_table = false;
		indextable_add(&indices, entropy, &index_entries[i]);
	}
}

static bool find_index(size_t at)
{
	return indextable_find(&indices, index_entries[at].index) != NULL;
}

static void drop_indices(void)
{
	indextable_done(&indices);
}

static void fill_peers(size_t size)
{
	must(peertable_init(&peers, (struct siphash_key){random_u64(), random_u64()}));
	for (size_t i = 0; i < size; i++) {
		fill_random(NULL, peer_entries[i].public_key, NOISE_KEY_SIZE);
		must(peertable_add(&peers, &peer_entries[i]));
	}
}

static bool find_peer(size_t at)
{
	return peertable_find(&peers, peer_entries[at].public_key) != NULL;
}

static void drop_peers(void)
{
	peertable_done(&peers);
}

static const struct table tables[] = {
	{"allowedips, IPv4 /32 at random", fill_ipv4, find_address, drop_trie},
	{"allowedips, IPv4 /32 in a row", fill_ipv4_dense, find_address, drop_trie},
	{"allowedips, IPv6 /128 at random", fill_ipv6, find_address, drop_trie},
	{"allowedips, IPv6 /128 in a row", fill_ipv6_dense, find_address, drop_trie},
	{"indextable", fill_indices, find_index, drop_indices},
	{"peertable", fill_peers, find_peer, drop_peers},
};

/* Time that this thread has had: what others do on the machine counts less. */
static uint64_t spent_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* cannot fail with this clock */
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Nanoseconds for one look-up: the median run. */
static double measure(const struct table *table, size_t size)
{
	double runs[RUNS];

	for (size_t run = 0; run < RUNS; run++) {
		uint64_t began_ns = spent_ns();
		size_t found = 0;

		for (size_t i = 0; i < LOOKUPS; i++)
			found += table->find(random_u64() % size);
		runs[run] = (double)(spent_ns() - began_ns) / LOOKUPS;
		must(found == LOOKUPS ? 0 : -1);
	}
	qsort(runs, RUNS, sizeof runs[0], compare);
	return runs[RUNS / 2];
}

/* Bytes that the heap has given out. */
static size_t heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void report(const struct table *table, size_t size)
{
	random_state = size;
	size_t before = heap_bytes();
	table->fill(size);
	double bytes = (double)(heap_bytes() - before) / (double)size;
	printf("%-34s %9zu %9.1f %9.1f\n", table->name, size, measure(table, size), bytes);
	table->drop();
}

int main(void)
{
	addresses = calloc(SIZE_MOST, sizeof *addresses);
	index_entries = calloc(SIZE_MOST, sizeof *index_entries);
	peer_entries = calloc(SIZE_MOST, sizeof *peer_entries);
	must(addresses && index_entries && peer_entries ? 0 : -1);

	printf("%-34s %9s %9s %9s\n", "table", "entries", "ns", "bytes");
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		for (size_t size = 0; size < sizeof sizes / sizeof sizes[0]; size++)
			report(&tables[i], sizes[size]);
	}
	puts("ns: one look-up that finds. bytes: of the table for one entry, without the entry "
	     "where its owner embeds it.");
	free(addresses);
	free(index_entries);
	free(peer_entries);
	return 0;
}
