/* SPDX-License-Identifier: ISC */
/*
 * A file in the part of YAML that means what it looks like: lists, mappings and text, each with
 * its place. What YAML has beyond is refused: anchors, aliases, tags, more documents.
 * Scalars are text always: no, 1:30 and ~ have no other meaning.
 */
#pragma once

#include "policy/fault.h"

enum {
	TREE_DEPTH_MAX = 8,	  /* lists and mappings in each other */
	TREE_NODES_MAX = 1 << 18, /* values in a file, keys included */
};

enum tree_kind {
	TREE_TEXT,
	TREE_LIST,
	TREE_MAP,
	TREE_REFUSED, /* an alias, which was complained about */
};

/* Nodes name each other by their index; 0 is none. */
struct tree_node {
	struct policy_place at;
	uint8_t kind;	/* enum tree_kind */
	bool is_plain;	/* text without quotes */
	uint32_t text;	/* of a text: where in tree.text it begins; a zero follows it */
	uint32_t size;	/* of a text, in bytes */
	uint32_t next;	/* the next in its list or mapping */
	uint32_t first; /* the first in this one; in mappings keys and values take turns */
	uint32_t count; /* nodes in this one */
};

struct tree {
	struct tree_node *nodes; /* [0] is unused */
	size_t node_count, node_capacity;
	char *text; /* all texts; does not move any more */
	size_t text_size, text_capacity;
	uint32_t root; /* 0: the file is empty */
};

/*
 * Reads bytes that text_check() has nothing against. 0 when there is a tree, though there may be
 * faults; ERR_SYNTAX when there is none, and a fault that says why; -ENOMEM. Release by
 * tree_done() in all cases.
 */
int tree_parse(const uint8_t *bytes, size_t size, struct policy_faults *faults,
	struct tree *ret_tree) must_check;

/* Accepts a tree that is all zero. */
void tree_done(struct tree *tree);

/* The node of an index; NULL: there is none. */
const struct tree_node *tree_node(const struct tree *tree, uint32_t index);
