/* SPDX-License-Identifier: ISC */
/*
 * A node stands for a prefix. It has an owner, or it is where two longer prefixes part (a branch),
 * or both. All below child[b] begins with the node's bits and then b:
 *
 *              10.0.0.0/8 Alice
 *             0 /            \ 1
 *   10.64.0.0/10 (branch)    10.128.0.0/16 Bob
 *       0 /      \ 1
 *   Carol         Dave
 *
 * No chain of nodes is longer than its family's bits and one; a branch always has both children.
 */
#include "wireguard/allowedips.h"

#include "base/bytes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* An address as one number of 128 bits; IPv4 in the topmost 32. */
struct bits {
	uint64_t high;
	uint64_t low;
};

/* What a look-up reads comes first. */
struct allowedips_node {
	struct bits bits;		  /* those behind the length are zero */
	uint8_t length;			  /* of the prefix */
	uint8_t family;			  /* enum address_family */
	struct allowedips_node *child[2]; /* by the first bit behind the length; NULL: nothing */
	struct allowedips_owner *owner;	  /* NULL: a branch only */
	struct allowedips_node *next;	  /* in the owner's list */
	struct allowedips_node *previous; /* in the owner's list */
};

_Static_assert(sizeof(struct allowedips_node) <= 64, "a node is as small as a cache line");

static struct bits bits_of(const struct address *address)
{
	return (struct bits){load_be64(address->bytes), load_be64(address->bytes + 8)};
}

/* The first `length` bits of them, then zeroes. */
static struct bits masked(struct bits bits, uint8_t length)
{
	if (length == 0)
		return (struct bits){0, 0};
	if (length <= 64)
		return (struct bits){bits.high & UINT64_MAX << (64 - length), 0};
	return (struct bits){bits.high, bits.low & UINT64_MAX << (128 - length)};
}

/* Bit number `at`, counted from the most significant; 0 behind the last. */
static unsigned bit_at(struct bits bits, uint8_t at)
{
	if (at >= 128)
		return 0;
	return (unsigned)((at < 64 ? bits.high >> (63 - at) : bits.low >> (127 - at)) & 1);
}

/* How many bits two addresses have in common, from the most significant. */
static uint8_t common_bits(struct bits a, struct bits b)
{
	if (a.high != b.high)
		return (uint8_t)__builtin_clzll(a.high ^ b.high);
	if (a.low != b.low)
		return (uint8_t)(64 + __builtin_clzll(a.low ^ b.low));
	return 128;
}

static bool node_contains(const struct allowedips_node *node, struct bits bits)
{
	return common_bits(node->bits, bits) >= node->length;
}

static struct allowedips_node **root_of(struct allowedips *trie, uint8_t family)
{
	return family == ADDRESS_IPV4 ? &trie->root_ipv4 : &trie->root_ipv6;
}

static bool is_prefix(const struct prefix *prefix)
{
	uint8_t bits = address_bits(prefix->address.family);

	return bits > 0 && prefix->length <= bits;
}

/* Puts a node at the end of an owner's list. */
static void link_owner(struct allowedips_node *node, struct allowedips_owner *owner)
{
	node->owner = owner;
	node->next = NULL;
	node->previous = owner->last;
	if (owner->last)
		owner->last->next = node;
	else
		owner->first = node;
	owner->last = node;
	owner->count++;
}

/* Takes a node out of its owner's list; it has no owner then. */
static void unlink_owner(struct allowedips_node *node)
{
	struct allowedips_owner *owner = node->owner;

	if (node->previous)
		node->previous->next = node->next;
	else
		owner->first = node->next;
	if (node->next)
		node->next->previous = node->previous;
	else
		owner->last = node->previous;
	owner->count--;
	node->owner = NULL;
}

/* A node without owner and children for the first `length` bits; NULL: no memory. */
static struct allowedips_node *node_new(uint8_t family, struct bits bits, uint8_t length)
{
	struct allowedips_node *node = calloc(1, sizeof *node);

	if (!node)
		return NULL;
	node->bits = masked(bits, length);
	node->length = length;
	node->family = family;
	return node;
}

/* Where a prefix belongs. */
struct place {
	struct allowedips_node **link;	/* holds its node, or what its node would be hung above */
	struct allowedips_node **above; /* holds the node that the link is in; NULL: the root */
};

/* Follows the shorter prefixes of a prefix down to its place. */
static struct place place_of(struct allowedips_node **root, struct bits bits, uint8_t length)
{
	struct place place = {.link = root};

	while (*place.link && (*place.link)->length < length && node_contains(*place.link, bits)) {
		place.above = place.link;
		place.link = &(*place.link)->child[bit_at(bits, (*place.link)->length)];
	}
	return place;
}

/* Whether the place holds the node of the prefix itself. */
static bool place_is_taken(const struct place *place, struct bits bits, uint8_t length)
{
	const struct allowedips_node *node = *place->link;

	return node && node->length == length && node_contains(node, bits);
}

/* Puts `leaf` above, beside or in place of what the link holds. -ENOMEM: nothing has changed. */
static int hang(struct allowedips_node **link, struct allowedips_node *leaf)
{
	struct allowedips_node *other = *link;

	if (!other) {
		*link = leaf;
		return 0;
	}
	uint8_t common = common_bits(leaf->bits, other->bits);
	if (common >= leaf->length) {
		leaf->child[bit_at(other->bits, leaf->length)] = other;
		*link = leaf;
		return 0;
	}
	struct allowedips_node *branch = node_new(leaf->family, leaf->bits, common);
	if (!branch)
		return -ENOMEM;
	branch->child[bit_at(leaf->bits, common)] = leaf;
	branch->child[bit_at(other->bits, common)] = other;
	*link = branch;
	return 0;
}

/* Hangs up a new node for the prefix and gives it to the owner. */
static int insert_at(
	struct allowedips_node **link, const struct prefix *prefix, struct allowedips_owner *owner)
{
	struct allowedips_node *leaf =
		node_new(prefix->address.family, bits_of(&prefix->address), prefix->length);

	if (!leaf)
		return -ENOMEM;
	int error = hang(link, leaf);
	if (error) {
		free(leaf);
		return error;
	}
	link_owner(leaf, owner);
	return 0;
}

int allowedips_insert(
	struct allowedips *trie, const struct prefix *prefix, struct allowedips_owner *owner)
{
	if (!is_prefix(prefix))
		return -EINVAL;
	struct bits bits = masked(bits_of(&prefix->address), prefix->length);
	struct place place = place_of(root_of(trie, prefix->address.family), bits, prefix->length);

	if (!place_is_taken(&place, bits, prefix->length))
		return insert_at(place.link, prefix, owner);
	struct allowedips_node *node = *place.link;
	if (node->owner)
		unlink_owner(node);
	link_owner(node, owner);
	return 0;
}

/* Frees what the link holds where it is no longer needed; whether the link is empty then. */
static bool prune(struct allowedips_node **link)
{
	struct allowedips_node *node = *link;

	if (node->owner || (node->child[0] && node->child[1]))
		return false;
	*link = node->child[0] ? node->child[0] : node->child[1];
	free(node);
	return !*link;
}

bool allowedips_remove(
	struct allowedips *trie, const struct prefix *prefix, struct allowedips_owner *owner)
{
	assert(owner);
	if (!is_prefix(prefix))
		return false;
	struct bits bits = masked(bits_of(&prefix->address), prefix->length);
	struct place place = place_of(root_of(trie, prefix->address.family), bits, prefix->length);

	if (!place_is_taken(&place, bits, prefix->length) || (*place.link)->owner != owner)
		return false;
	unlink_owner(*place.link);
	if (prune(place.link) && place.above)
		(void)prune(place.above); /* it keeps its other child: never empty */
	return true;
}

void allowedips_remove_owner(struct allowedips *trie, struct allowedips_owner *owner)
{
	while (owner->first) {
		struct prefix prefix = allowedips_prefix(owner->first);
		bool removed = allowedips_remove(trie, &prefix, owner);

		assert(removed);
	}
}

/* Frees a node and all below it. The owners' lists fall, so that their links carry the work. */
static void clear_from(struct allowedips_node *work)
{
	if (work)
		work->next = NULL;
	while (work) {
		struct allowedips_node *node = work;

		work = node->next;
		if (node->owner)
			*node->owner = (struct allowedips_owner){0};
		for (size_t i = 0; i < 2; i++) {
			if (node->child[i]) {
				node->child[i]->next = work;
				work = node->child[i];
			}
		}
		free(node);
	}
}

void allowedips_clear(struct allowedips *trie)
{
	clear_from(trie->root_ipv4);
	clear_from(trie->root_ipv6);
	*trie = (struct allowedips){0};
}

struct allowedips_owner *allowedips_lookup(
	const struct allowedips *trie, const struct address *address)
{
	const struct allowedips_node *node;
	struct allowedips_owner *owner = NULL;
	struct bits bits = bits_of(address);

	if (address_bits(address->family) == 0)
		return NULL;
	node = address->family == ADDRESS_IPV4 ? trie->root_ipv4 : trie->root_ipv6;
	while (node && node_contains(node, bits)) {
		if (node->owner)
			owner = node->owner;
		node = node->child[bit_at(bits, node->length)];
	}
	return owner;
}

const struct allowedips_node *allowedips_next(
	const struct allowedips_owner *owner, const struct allowedips_node *previous)
{
	return previous ? previous->next : owner->first;
}

struct prefix allowedips_prefix(const struct allowedips_node *node)
{
	struct prefix prefix = {.address.family = node->family, .length = node->length};

	store_be64(prefix.address.bytes, node->bits.high);
	store_be64(prefix.address.bytes + 8, node->bits.low);
	return prefix;
}
