/* SPDX-License-Identifier: ISC */
#include "policy/near.h"

#include "policy/name.h"

#include <string.h>

enum {
	LIMIT_MAX = 2,	       /* edits between a word and what was meant */
	LETTERS_AN_EDIT = 3,   /* a word has so many letters for each edit */
	FAR = LIMIT_MAX + 100, /* further than anything that counts; sums do not overflow */
};

/* One row of the distances between the beginnings of two words. */
struct row {
	unsigned at[POLICY_NAME_SIZE + LIMIT_MAX + 1];
};

struct near near_begin(const char *wanted, size_t size)
{
	unsigned limit =
		size / LETTERS_AN_EDIT < LIMIT_MAX ? (unsigned)size / LETTERS_AN_EDIT : LIMIT_MAX;

	return (struct near){
		.wanted = wanted, .size = size, .limit = size > POLICY_NAME_MAX ? 0 : limit};
}

static unsigned lesser(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Insertions, deletions, changes and swaps of neighbours that part two words (optimal string
 * alignment), or FAR where they are more than LIMIT_MAX. Only cells that near the diagonal count.
 */
static unsigned distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	struct row rows[3];
	unsigned least = 0;

	for (size_t j = 0; j <= b_size; j++)
		rows[0].at[j] = (unsigned)j;
	for (size_t i = 1; i <= a_size && least <= LIMIT_MAX; i++) {
		struct row *now = &rows[i % 3];
		const struct row *last = &rows[(i + 2) % 3], *before = &rows[(i + 1) % 3];
		size_t from = i > LIMIT_MAX ? i - LIMIT_MAX : 1;
		size_t to = i + LIMIT_MAX < b_size ? i + LIMIT_MAX : b_size;

		now->at[from - 1] = from == 1 ? (unsigned)i : FAR;
		now->at[to + 1] = FAR;
		least = now->at[from - 1];
		for (size_t j = from; j <= to; j++) {
			unsigned changed = last->at[j - 1] + (a[i - 1] != b[j - 1]);
			unsigned moved = lesser(last->at[j], now->at[j - 1]) + 1;

			now->at[j] = lesser(changed, moved);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now->at[j] = lesser(now->at[j], before->at[j - 2] + 1);
			least = lesser(least, now->at[j]);
		}
	}
	return least > LIMIT_MAX ? FAR : rows[a_size % 3].at[b_size];
}

void near_offer(struct near *near, const char *word)
{
	size_t size = strnlen(word, POLICY_NAME_SIZE);

	if (near->limit == 0 || size > near->size + near->limit || size + near->limit < near->size)
		return;
	if (size > POLICY_NAME_MAX)
		return;
	unsigned away = distance(near->wanted, near->size, word, size);
	if (away > near->limit)
		return;
	near->found = word;
	near->limit = away - 1; /* only what is nearer still; 0 edits is never offered */
}
