/* SPDX-License-Identifier: ISC */
#include "wireguard/drop.h"

#include <assert.h>

static const struct {
	const char *word;
	const char *meaning;
} drops[DROP_COUNT] = {[DROP_NONE] = {"none", "not dropped"},
#define X(name, word, meaning) [name] = {word, meaning},
	DROP_LIST(X)
#undef X
};

const char *drop_word(enum drop drop)
{
	assert(drop < DROP_COUNT);
	return drops[drop].word;
}

const char *drop_meaning(enum drop drop)
{
	assert(drop < DROP_COUNT);
	return drops[drop].meaning;
}
