/* SPDX-License-Identifier: ISC */
#include "base/random.h"
#include "tap.h"

enum {
	SIZE = 100000, /* more than getrandom(2) gives in one go while a signal comes in */
};

/* Each byte value appears about as often as every other: expected 390, six sigma is 119. */
static void test_spread(void)
{
	static uint8_t bytes[SIZE];
	unsigned counts[256] = {0};
	bool even = true;

	entropy_fill(entropy_kernel(), bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		counts[bytes[i]]++;
	for (size_t i = 0; i < 256; i++)
		even &= counts[i] > 250 && counts[i] < 530;
	tap_ok(even, "all byte values appear");
}

static void test_sizes(void)
{
	uint8_t bytes[3] = {1, 2, 3};

	entropy_fill(entropy_kernel(), bytes, 0);
	tap_is_bytes(bytes, "\1\2\3", 3, "no bytes are filled where none are asked for");
	tap_ok(entropy_u64(entropy_kernel()) != entropy_u64(entropy_kernel()), "numbers differ");
}

/* A source that counts up: what a simulation would plug in. */
static void fill_counting(void *context, void *ret_bytes, size_t size)
{
	uint8_t *next = context;

	for (size_t i = 0; i < size; i++)
		((uint8_t *)ret_bytes)[i] = (*next)++;
}

static void test_own_source(void)
{
	uint8_t next = 1;
	struct entropy counting = {fill_counting, &next};
	uint8_t bytes[3];

	entropy_fill(counting, bytes, sizeof bytes);
	tap_is_bytes(bytes, "\1\2\3", 3, "a source of one's own");
	(void)entropy_u32(counting);
	tap_is_int(next, 8, "four bytes for a number of 32 bits");
}

int main(void)
{
	test_spread();
	test_sizes();
	test_own_source();
	return tap_done();
}
