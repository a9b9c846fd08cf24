/* SPDX-License-Identifier: ISC */
/* Two compiled policies whose rows have the same bits for the same services: those of either. */
#pragma once

#include "policy/compiled_state.h"

/* The rows of one of the two. */
struct alignment_side {
	const uint64_t *rows;
	uint64_t *owned; /* NULL: they are borrowed */
};

struct alignment {
	uint32_t *services; /* ids, ascending */
	size_t service_count;
	size_t words; /* in a row */
	struct alignment_side from, to;
};

/* Borrows from both until alignment_done(). Aborts where there is no memory. */
void alignment_init(struct alignment *alignment, const struct policy_compiled *from,
	const struct policy_compiled *to);

void alignment_done(struct alignment *alignment);

static inline const uint64_t *alignment_from(const struct alignment *alignment, size_t row)
{
	return alignment->from.rows + row * alignment->words;
}

static inline const uint64_t *alignment_to(const struct alignment *alignment, size_t row)
{
	return alignment->to.rows + row * alignment->words;
}
