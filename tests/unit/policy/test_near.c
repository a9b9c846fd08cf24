/* SPDX-License-Identifier: ISC */
/* It includes the source, to see the distance. */
#include "policy/near.c"

#include "../wireguard/operations.h"
#include "base/attributes.h"
#include "tap.h"

enum {
	WORD_MAX = 8, /* of the words that are compared with the model */
};

static const struct {
	const char *wanted, *words[5], *found;
} rows[] = {
	{"enginers", {"managers", "engineers", "engines"}, "engineers"},
	{"alcie", {"alice", "bob"}, "alice"},
	{"carl", {"carol", "karl"}, "carol"},
	{"bob", {"bobo", "rob"}, "bobo"},
	{"db", {"dc", "d"}, NULL},
	{"alice", {"bob", "carol"}, NULL},
	{"intarnett", {"internet", "intranet"}, "internet"},
	{"abcdef", {"abcxyz"}, NULL},
	{"abcdefgh", {"abcdef"}, "abcdef"},
	{"abcdefgh", {"abcde"}, NULL},
	{"abcdef", {"abcdefgh"}, "abcdefgh"},
	{"", {"", "a"}, NULL},
	{"abc", {""}, NULL},
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct near near = near_begin(rows[i].wanted, strlen(rows[i].wanted));

		for (size_t at = 0; rows[i].words[at]; at++)
			near_offer(&near, rows[i].words[at]);
		const char *got = near.found ? near.found : "", *want = rows[i].found;
		tap_ok(strcmp(got, want ? want : "") == 0, rows[i].wanted);
	}
}

/* Words as long as a name may be, and one longer. */
static void test_long(void)
{
	char longest[POLICY_NAME_MAX + 2], other[POLICY_NAME_MAX + 2];

	memset(longest, 'a', sizeof longest);
	memset(other, 'a', sizeof other);
	longest[POLICY_NAME_MAX] = '\0';
	other[POLICY_NAME_MAX] = '\0';
	other[30] = 'b';
	struct near near = near_begin(longest, POLICY_NAME_MAX);
	near_offer(&near, other);
	tap_ok(near.found == other, "the longest name");
	other[POLICY_NAME_MAX] = 'a';
	other[POLICY_NAME_MAX + 1] = '\0';
	near = near_begin(other, POLICY_NAME_MAX + 1);
	near_offer(&near, longest);
	tap_ok(!near.found, "what is longer than a name is near to none");
	near = near_begin(longest, POLICY_NAME_MAX);
	near_offer(&near, other);
	tap_ok(!near.found, "nor is a name near to it");
}

/* The distance by its definition. */
static unsigned model_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	unsigned table[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_size; i++) {
		for (size_t j = 0; j <= b_size; j++) {
			if (i == 0 || j == 0) {
				table[i][j] = (unsigned)(i + j);
				continue;
			}
			table[i][j] = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			table[i][j] = lesser(table[i][j], table[i - 1][j] + 1);
			table[i][j] = lesser(table[i][j], table[i][j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				table[i][j] = lesser(table[i][j], table[i - 2][j - 2] + 1);
		}
	}
	return table[a_size][b_size];
}

static size_t draw_word(struct prng *prng, size_t least, char *ret_word)
{
	size_t size = least + prng_below(prng, WORD_MAX + 1 - least);

	for (size_t i = 0; i < size; i++)
		ret_word[i] = (char)('a' + prng_below(prng, 3));
	return size;
}

static void test_random(void)
{
	struct prng prng = prng_start();
	uint64_t left = operations_wanted();

	for (; left > 0; left--) {
		char a[WORD_MAX], b[WORD_MAX];
		size_t a_size = draw_word(&prng, 1, a), b_size = draw_word(&prng, 0, b);
		unsigned want = model_distance(a, a_size, b, b_size);
		bool is_offered = a_size <= b_size + LIMIT_MAX && b_size <= a_size + LIMIT_MAX;

		if (!is_offered)
			continue;
		unsigned got = distance(a, a_size, b, b_size);
		if (want <= LIMIT_MAX ? got != want : got <= LIMIT_MAX) {
			printf("# %.*s, %.*s: %u, want %u\n", (int)a_size, a, (int)b_size, b, got,
				want);
			break;
		}
	}
	tap_is_int((intmax_t)left, 0, "random words: as the definition says");
}

int main(void)
{
	test_rows();
	test_long();
	test_random();
	return tap_done();
}
