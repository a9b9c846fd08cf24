/* SPDX-License-Identifier: ISC */
#include "dice.h"

#include <string.h>

/* The next state of splitmix64, finished. */
static uint64_t splitmix(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15;
	uint64_t z = *state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static uint64_t rotated_left(uint64_t word, int bits)
{
	return (word << bits) | (word >> (64 - bits));
}

void dice_seed(struct dice *dice, uint64_t seed, uint64_t stream)
{
	uint64_t state = seed;
	uint64_t mixed = splitmix(&state) ^ (stream * 0xd1342543de82ef95);

	for (size_t i = 0; i < 4; i++)
		dice->state[i] = splitmix(&mixed);
}

uint64_t dice_u64(struct dice *dice)
{
	uint64_t *s = dice->state;
	uint64_t result = rotated_left(s[1] * 5, 7) * 9;
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotated_left(s[3], 45);
	return result;
}

uint64_t dice_below(struct dice *dice, uint64_t n)
{
	return dice_u64(dice) % n;
}

uint64_t dice_between(struct dice *dice, uint64_t least, uint64_t greatest)
{
	return least + dice_below(dice, greatest - least + 1);
}

bool dice_permille(struct dice *dice, uint32_t permille)
{
	return dice_below(dice, 1000) < permille;
}

void dice_fill(struct dice *dice, void *ret_bytes, size_t size)
{
	uint8_t *at = ret_bytes;

	while (size > 0) {
		uint64_t word = dice_u64(dice);
		size_t part = size < sizeof word ? size : sizeof word;
		memcpy(at, &word, part);
		at += part;
		size -= part;
	}
}

/* dice_fill() by the type that struct entropy wants. */
static void fill(void *context, void *ret_bytes, size_t size)
{
	dice_fill(context, ret_bytes, size);
}

struct entropy dice_entropy(struct dice *dice)
{
	return (struct entropy){.fill = fill, .context = dice};
}
