/* SPDX-License-Identifier: ISC */
/* What the trie is made of inside. Included by test_allowedips.c only, behind the trie's source. */
#pragma once

/* What a trie is made of. */
struct census {
	size_t owned;	 /* nodes with an owner */
	size_t nodes;	 /* all */
	unsigned faults; /* nodes that should not be where they are, or at all */
};

/* Counts a node and all below it; depth is bounded by the bits of the family. */
static inline void count_nodes(
	const struct allowedips_node *node, const struct allowedips_node *above, struct census *ret)
{
	if (!node)
		return;
	ret->nodes++;
	ret->owned += node->owner != NULL;
	ret->faults += !node->owner && !(node->child[0] && node->child[1]);
	ret->faults += above && (node->length <= above->length ||
					common_bits(node->bits, above->bits) < above->length ||
					above->child[bit_at(node->bits, above->length)] != node);
	struct bits bits = masked(node->bits, node->length);
	ret->faults += bits.high != node->bits.high || bits.low != node->bits.low;
	count_nodes(node->child[0], node, ret);
	count_nodes(node->child[1], node, ret);
}

static inline struct census census_of(const struct allowedips *trie)
{
	struct census census = {0};

	count_nodes(trie->root_ipv4, NULL, &census);
	count_nodes(trie->root_ipv6, NULL, &census);
	return census;
}
