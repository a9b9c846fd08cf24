/* SPDX-License-Identifier: ISC */
/*
 * Cryptokey routing (paper, section 2; kernel allowedips.c): a path-compressed binary trie for each
 * family, from prefixes to owners. A prefix has one owner; inserting it again moves it.
 * Look-ups follow at most 32 or 128 nodes, however many prefixes there are.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

struct allowedips_node;

/* Embedded in whatever owns prefixes (a peer). Zero: owns none. */
struct allowedips_owner {
	struct allowedips_node *first; /* its prefixes, newest last, linked through the nodes */
	struct allowedips_node *last;
	size_t count; /* how many it owns */
};

struct allowedips {
	struct allowedips_node *root_ipv4;
	struct allowedips_node *root_ipv6;
};

/* Zero is an empty trie. Frees all nodes; the owners' lists are empty afterwards. */
void allowedips_clear(struct allowedips *trie);

/*
 * Gives the prefix to `owner`, as its newest, taking it from whoever had it.
 * -ENOMEM; -EINVAL for a bad family or length.
 */
int allowedips_insert(struct allowedips *trie, const struct prefix *prefix,
	struct allowedips_owner *owner) must_check;

/* Takes the exact prefix from `owner`; false where it did not own it. */
bool allowedips_remove(
	struct allowedips *trie, const struct prefix *prefix, struct allowedips_owner *owner);

/* Takes all of its prefixes from the owner. */
void allowedips_remove_owner(struct allowedips *trie, struct allowedips_owner *owner);

/* The owner of the longest prefix that contains the address; NULL: none. */
struct allowedips_owner *allowedips_lookup(
	const struct allowedips *trie, const struct address *address);

/* The owner's prefixes in turn: start with NULL; NULL at the end. */
const struct allowedips_node *allowedips_next(
	const struct allowedips_owner *owner, const struct allowedips_node *previous);

/* What a node stands for. */
struct prefix allowedips_prefix(const struct allowedips_node *node);
