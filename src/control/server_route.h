/* SPDX-License-Identifier: ISC */
/* Which route a request's path is of, and percent-encoding (RFC 3986, 2.1). Pure; any thread. */
#pragma once

#include "control/server.h"

#include <stdbool.h>

/* What stood for the {} of a path, decoded. */
struct route_words {
	char text[SERVER_WORDS_MAX][SERVER_WORD_SIZE];
	size_t count;
};

/*
 * Whether `path`, as it came and without its query, is of the pattern "/v1/users/{}", where {}
 * stands for one part that is not empty. Nothing is decoded yet.
 */
bool route_matches(const char *pattern, const char *path);

/*
 * Decodes the words of a path that route_matches(). ERR_SYNTAX: an escape that is none, or a
 * character that no word may have: a slash, a control; ERR_RANGE: too long.
 */
int route_decode(const char *pattern, const char *path, struct route_words *ret_words) must_check;

/* Decodes `size` bytes into a text of at most `room` bytes with its zero. As above; a slash may be.
 */
int percent_decode(const char *text, size_t size, char *ret_text, size_t room) must_check;

/* Whether a Host is an address, with or without a port: a name may be somebody else's for ours. */
bool route_host_is_address(const char *host);
