/* SPDX-License-Identifier: ISC */
/* What handlers have in common: reading bodies and queries, writing JSON, refusing in words. */
#pragma once

#include "controller/state.h"
#include "policy/fault.h"

#include <string.h>

enum {
	ANSWER_ACTOR_SIZE = 32,
};

/* Something from outside as people can read it, in quotes; for as long as the statement lasts. */
#define ANSWER_SHOWN(word) (policy_show((word), strlen(word)).text)

/* A member of a request's body. */
enum answer_kind {
	ANSWER_TEXT,   /* const char **: borrowed from the body */
	ANSWER_NUMBER, /* uint64_t *; at most 2^53 */
	ANSWER_FLAG,   /* bool * */
	ANSWER_TEXTS,  /* const json_t **: an array of texts, borrowed */
	ANSWER_KEY,    /* uint8_t [STORE_KEY_SIZE], in base64 */
};

struct answer_member {
	const char *name;
	enum answer_kind kind;
	bool is_optional; /* ret_value stays as it is */
	void *ret_value;
};

/* Reads the body by the table; false: it was refused, with words. Others' members are refused. */
bool answer_read(struct server_request *request, const json_t *body,
	const struct answer_member *members, size_t count) must_check;

/* Reads a number of the query; absent: ret_number stays as it is. False: it was refused. */
bool answer_query_number(struct server_request *request, const char *name, uint64_t greatest,
	uint64_t *ret_number) must_check;

/* Reads a number of the path. False: it was refused. */
bool answer_word_number(
	struct server_request *request, const char *word, uint64_t *ret_number) must_check;

/* Whether `?name=1` is there. */
bool answer_query_flag(const struct server_request *request, const char *name);

/* Who asks over the local socket, by that way, now. */
struct store_actor answer_actor(
	const struct server_request *request, char ret_name[static ANSWER_ACTOR_SIZE]);

/* "cannot <doing>: <words of the error>"; what is from outside in it was escaped. */
void answer_refuse(struct server_request *request, int err, const char *doing, ...)
	printf_like(3, 4);

/* Texts and numbers as docs/api.md has them. The caller's. */
json_t *answer_key(const uint8_t key[static STORE_KEY_SIZE]);
json_t *answer_address(const struct address *address);
json_t *answer_prefix(const struct prefix *prefix);
json_t *answer_seconds(uint64_t ns);
json_t *answer_endpoint(const struct endpoint *endpoint); /* null where it is not known */

/* Appends to an array; consumes. Aborts where there is no memory, or what was made is no text. */
void answer_append(json_t *list, json_t *what);
