/* SPDX-License-Identifier: ISC */
/* "Did you mean": of many words, the one that lies nearest to a word that is not known. */
#pragma once

#include <stddef.h>

struct near {
	const char *wanted; /* borrowed, not zero-terminated */
	size_t size;
	unsigned limit;	   /* words that are this far away are still near; 0: none is */
	const char *found; /* the nearest so far, borrowed; NULL: none */
};

/* Short words have to be nearer than long ones; one of another length than a name has none. */
struct near near_begin(const char *wanted, size_t size);

/* Offers a zero-terminated word; of those as near as each other the first wins. */
void near_offer(struct near *near, const char *word);
