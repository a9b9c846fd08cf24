/* SPDX-License-Identifier: ISC */
/*
 * Reads the members of one JSON object strictly. The first failure sticks, with its place, so that
 * a reader takes all that it wants and asks once; after it, nothing is written any more.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

#include <jansson.h>

enum {
	MEMBER_WHERE_SIZE = 64, /* of a place, "services[3].vip", with its zero */
	MEMBER_KEY_SIZE = 32,
};

struct members {
	const json_t *object;
	const char *array; /* that it is an element of; NULL: of none */
	size_t index;	   /* there */
	int error;	   /* 0, or why reading failed */
	char where[MEMBER_WHERE_SIZE];
};

/* Members of the value, which fails where it is no object. */
struct members members_of(const json_t *object);
struct members members_of_element(const json_t *array, const char *name, size_t index);

/* Fails, by the caller's own judgement of a member. */
void members_fail(struct members *members, int error, const char *name);

/* Fails where there is a member that is not among the names. */
void members_only(struct members *members, const char *const names[], size_t count);

/* A string of 1 to room - 1 bytes without zero. ERR_SYNTAX, ERR_RANGE. */
void members_text(struct members *members, const char *name, char *ret_text, size_t room);

/* The same, as policy/name.h has names (ERR_NAME) and labels (ERR_LABEL), and "host:port". */
void members_name(struct members *members, const char *name, char *ret_text, size_t room);
void members_label(struct members *members, const char *name, char *ret_text, size_t room);
void members_hostport(struct members *members, const char *name, char *ret_text, size_t room);

/* A key in base64 that is not zero. ERR_KEY. */
void members_key(
	struct members *members, const char *name, uint8_t ret_key[static MEMBER_KEY_SIZE]);

/* An integer. ERR_SYNTAX, ERR_RANGE. */
void members_number(struct members *members, const char *name, uint64_t least, uint64_t greatest,
	uint64_t *ret_number);

/* An address, within that prefix. ERR_SYNTAX, ERR_RANGE. */
void members_address(struct members *members, const char *name, const struct prefix *within,
	struct address *ret_address);

/* A prefix of the family. ERR_SYNTAX, ERR_RANGE. */
void members_prefix(struct members *members, const char *name, enum address_family family,
	struct prefix *ret_prefix);

/* The index of a string among the words. ERR_SYNTAX, ERR_UNKNOWN_WORD. */
void members_word(struct members *members, const char *name, const char *const words[],
	size_t count, size_t *ret_index);

/* An array of at most so many. ERR_SYNTAX, ERR_RANGE. NULL on failure. */
const json_t *members_array(struct members *members, const char *name, size_t most);
