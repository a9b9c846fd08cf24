/* SPDX-License-Identifier: ISC */
/* What document.c and mentions.c share while a tree becomes a document; nobody else includes it. */
#pragma once

#include "policy/document.h"
#include "policy/table.h"
#include "policy/tree.h"

/* A name, and the list of names that it must not be in twice. */
struct reader_seen {
	uint32_t list;
	const char *name;
	struct policy_place at;
};

struct reader {
	const struct tree *tree;
	struct policy_faults *faults;
	struct policy_document *document;
	size_t mention_count;	  /* in document->mentions, which has room for all texts */
	uint32_t list_count;	  /* lists of names so far */
	struct reader_seen *seen; /* all names of all lists; there is room for all texts */
	size_t seen_count;
	struct table seen_table; /* where in `seen` */
};

/* What a name is of. */
enum reader_name {
	READER_NAME,  /* a user or a group */
	READER_LABEL, /* a service */
};

/* What a list of names is for. */
enum reader_list {
	READER_MEMBERS, /* of a group: users */
	READER_WHO,	/* users and groups */
	READER_MAY,	/* services */
	READER_LISTS,
};

/* What a node is, for people: "a list", or a text in quotes. */
struct policy_shown reader_show(const struct reader *reader, const struct tree_node *node);

/* A text's bytes, with a zero behind. */
const char *reader_text(const struct reader *reader, const struct tree_node *node);

/* Whether the node is of a kind; a fault where it is not. */
bool reader_expect(struct reader *reader, const struct tree_node *node, enum tree_kind kind,
	const char *expected);

/* A number for a list of names, for reader_is_new(). */
uint32_t reader_new_list(struct reader *reader);

/* Whether the name at `at` is not in the list yet, from now on it is; a fault where it is twice. */
bool reader_is_new(struct reader *reader, uint32_t list, const char *name, struct policy_place at);

/* The node as a name of `size` bytes from `name` on; a fault where it is none. */
bool reader_expect_name(struct reader *reader, const struct tree_node *node, enum reader_name kind,
	const char *name, size_t size);

/* Reads a list of names. Entries that are wrong are left out, with a fault. */
struct policy_mentions reader_mentions(
	struct reader *reader, const struct tree_node *node, enum reader_list kind);
