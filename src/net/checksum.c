/* SPDX-License-Identifier: ISC */
#include "net/checksum.h"

/*
 * Four 64-bit sums of 32-bit words at once. The compiler makes AVX2 of it where a function may use
 * that, and pairs of SSE2 (or what else there is) where not.
 */
typedef uint64_t lanes __attribute__((vector_size(32)));

enum {
	BLOCK_SIZE = 2 * sizeof(lanes),
};

/* Sums whole blocks. 2^32 of them fit before a lane overflows. */
static inline __attribute__((always_inline)) uint64_t sum_blocks(const uint8_t *bytes, size_t count)
{
	const lanes mask = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
	lanes low = {0}, high = {0};

	for (; count > 0; count--, bytes += BLOCK_SIZE) {
		lanes first, second;
		memcpy(&first, bytes, sizeof first);
		memcpy(&second, bytes + sizeof first, sizeof second);
		low += (first & mask) + (second & mask);
		high += (first >> 32) + (second >> 32);
	}
	low += high;
	return low[0] + low[1] + low[2] + low[3];
}

static uint64_t sum_blocks_anywhere(const uint8_t *bytes, size_t count)
{
	return sum_blocks(bytes, count);
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static uint64_t sum_blocks_avx2(const uint8_t *bytes, size_t count)
{
	return sum_blocks(bytes, count);
}

static uint64_t sum_blocks_here(const uint8_t *bytes, size_t count)
{
	if (__builtin_cpu_supports("avx2"))
		return sum_blocks_avx2(bytes, count);
	return sum_blocks_anywhere(bytes, count);
}

#else

static uint64_t sum_blocks_here(const uint8_t *bytes, size_t count)
{
	return sum_blocks_anywhere(bytes, count);
}

#endif

uint64_t checksum_add(uint64_t sum, const uint8_t *bytes, size_t size)
{
	if (size >= BLOCK_SIZE) {
		size_t blocks = size / BLOCK_SIZE;
		sum += sum_blocks_here(bytes, blocks);
		bytes += blocks * BLOCK_SIZE;
		size %= BLOCK_SIZE;
	}
	for (; size >= sizeof(uint32_t); size -= sizeof(uint32_t), bytes += sizeof(uint32_t)) {
		uint32_t word;
		memcpy(&word, bytes, sizeof word);
		sum += word;
	}
	if (size > 0) {
		uint8_t word[sizeof(uint32_t)] = {0};
		uint32_t last;
		memcpy(word, bytes, size);
		memcpy(&last, word, sizeof last);
		sum += last;
	}
	return sum;
}
