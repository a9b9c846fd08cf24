/* SPDX-License-Identifier: ISC */
/*
 * Cryptokey routing, too simple to be wrong: an array of prefixes in the order in which they were
 * given, compared bit by bit. Included by test_allowedips.c only.
 */
#pragma once

#include "base/address.h"

enum {
	MODEL_OWNERS = 12,
	MODEL_MOST = 400, /* prefixes */
};

struct model {
	struct {
		struct prefix prefix;
		size_t owner;
	} entries[MODEL_MOST]; /* oldest first */
	size_t count;
};

static inline bool model_bit(const struct address *address, size_t at)
{
	return address->bytes[at / 8] >> (7 - at % 8) & 1;
}

static inline bool model_contains(const struct prefix *prefix, const struct address *address)
{
	if (prefix->address.family != address->family)
		return false;
	for (size_t i = 0; i < prefix->length; i++) {
		if (model_bit(&prefix->address, i) != model_bit(address, i))
			return false;
	}
	return true;
}

static inline bool model_prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->length == b->length && address_equal(&a->address, &b->address);
}

/* The owner of the longest prefix; -1: none. */
static inline int model_lookup(const struct model *model, const struct address *address)
{
	int owner = -1, longest = -1;

	for (size_t i = 0; i < model->count; i++) {
		const struct prefix *prefix = &model->entries[i].prefix;

		if (prefix->length > longest && model_contains(prefix, address)) {
			longest = prefix->length;
			owner = (int)model->entries[i].owner;
		}
	}
	return owner;
}

/* Takes out entry number `at`; the others stay in order. */
static inline void model_take(struct model *model, size_t at)
{
	for (size_t i = at + 1; i < model->count; i++)
		model->entries[i - 1] = model->entries[i];
	model->count--;
}

static inline bool model_remove(struct model *model, const struct prefix *prefix, size_t owner)
{
	for (size_t i = 0; i < model->count; i++) {
		if (model->entries[i].owner == owner &&
			model_prefix_equal(&model->entries[i].prefix, prefix)) {
			model_take(model, i);
			return true;
		}
	}
	return false;
}

static inline void model_remove_owner(struct model *model, size_t owner)
{
	for (size_t i = model->count; i-- > 0;) {
		if (model->entries[i].owner == owner)
			model_take(model, i);
	}
}

static inline void model_insert(struct model *model, const struct prefix *prefix, size_t owner)
{
	for (size_t other = 0; other < MODEL_OWNERS; other++)
		(void)model_remove(model, prefix, other); /* it may be nobody's */
	model->entries[model->count].prefix = *prefix;
	model->entries[model->count].owner = owner;
	model->count++;
}
