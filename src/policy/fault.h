/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with a policy, all of it: where, of which class, what was found and what was
 * expected. The texts hold nothing from outside that is not escaped. The classes are those of
 * tacet-policy(5).
 */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Class, its word in messages, what it means. */
#define POLICY_FAULT_LIST(X)                                                                       \
	X(POLICY_FAULT_TOO_LARGE, "too-large", "the file is larger than it may be")                \
	X(POLICY_FAULT_ENCODING, "encoding", "bytes that are not UTF-8")                           \
	X(POLICY_FAULT_CHARACTER, "character", "a tab, or a character that cannot be seen")        \
	X(POLICY_FAULT_SYNTAX, "syntax", "it is not YAML")                                         \
	X(POLICY_FAULT_ANCHOR, "anchor", "an anchor of YAML")                                      \
	X(POLICY_FAULT_ALIAS, "alias", "an alias of YAML")                                         \
	X(POLICY_FAULT_TAG, "tag", "a tag of YAML")                                                \
	X(POLICY_FAULT_DIRECTIVE, "directive", "a directive of YAML")                              \
	X(POLICY_FAULT_SECOND_DOCUMENT, "second-document", "a second document in the file")        \
	X(POLICY_FAULT_TOO_DEEP, "too-deep", "lists and mappings in each other too deeply")        \
	X(POLICY_FAULT_TOO_MANY, "too-many", "more of something than there may be")                \
	X(POLICY_FAULT_TYPE, "type", "a list, a mapping or a text in the place of another")        \
	X(POLICY_FAULT_EMPTY, "empty", "nothing where something has to be")                        \
	X(POLICY_FAULT_UNKNOWN_KEY, "unknown-key", "a key that is not known")                      \
	X(POLICY_FAULT_MISSING_KEY, "missing-key", "a key that has to be there is not")            \
	X(POLICY_FAULT_DUPLICATE, "duplicate", "the same key or name twice")                       \
	X(POLICY_FAULT_NAME, "name", "it is not written as a name")                                \
	X(POLICY_FAULT_TOO_LONG, "too-long", "a name that is longer than it may be")               \
	X(POLICY_FAULT_PREFIX, "prefix", "something other than user: or group: before a name")     \
	X(POLICY_FAULT_TARGET, "target", "it is not written as a target")                          \
	X(POLICY_FAULT_PROTOCOL, "protocol", "neither tcp nor udp")                                \
	X(POLICY_FAULT_NESTED_GROUP, "nested-group", "a group as a member of a group")             \
	X(POLICY_FAULT_UNKNOWN_NAME, "unknown-name", "nobody and nothing has this name")           \
	X(POLICY_FAULT_AMBIGUOUS, "ambiguous", "the name of both a user and a group")              \
	X(POLICY_FAULT_CONFLICT, "conflict", "defined otherwise in the store")                     \
	X(POLICY_FAULT_UNREGISTERED, "unregistered", "a service that the store did not take over")

enum policy_fault_class {
#define X(name, word, meaning) name,
	POLICY_FAULT_LIST(X)
#undef X
		POLICY_FAULT_CLASSES, /* how many there are */
};

enum {
	POLICY_FAULTS_MAX = 100, /* that are kept of one policy; more are only counted */
	POLICY_FAULT_TEXT_SIZE = 384,
	POLICY_SHOWN_MAX = 48, /* characters of something from outside, without "..." */
	POLICY_SHOWN_SIZE = POLICY_SHOWN_MAX + sizeof("\"...\""),
};

/* A place in the file. Columns count characters, not bytes. */
struct policy_place {
	uint32_t line, column; /* from 1 */
};

struct policy_fault {
	struct policy_place at;
	enum policy_fault_class class;
	char text[POLICY_FAULT_TEXT_SIZE]; /* "found ..., expected ..."; one printable line */
};

/* Zero is none. */
struct policy_faults {
	struct policy_fault *list; /* by place, once it was sorted */
	size_t count;		   /* in the list, at most POLICY_FAULTS_MAX */
	size_t more;		   /* that did not fit */
};

/* Something from outside as people can read it, in quotes. */
struct policy_shown {
	char text[POLICY_SHOWN_SIZE];
};

/* The class's word; static. */
const char *policy_fault_word(enum policy_fault_class class);

/* What the class means; static. */
const char *policy_fault_meaning(enum policy_fault_class class);

/* Adds one. The text's values are words of ours, or were escaped by policy_show(). */
void policy_faults_add(struct policy_faults *faults, enum policy_fault_class class,
	struct policy_place at, const char *format, ...) printf_like(4, 5);

/* Whether a further one would only be counted, so that its words need not be found. */
bool policy_faults_are_full(const struct policy_faults *faults);

/* Whether there is any. */
bool policy_faults_exist(const struct policy_faults *faults);

/* Orders them by their places; those of one place stay as they were added. */
void policy_faults_sort(struct policy_faults *faults);

/* Frees them; none are left. */
void policy_faults_done(struct policy_faults *faults);

/* Escapes `size` bytes, not zero-terminated; shortens what is too long. */
struct policy_shown policy_show(const char *bytes, size_t size);
