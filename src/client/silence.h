/* SPDX-License-Identifier: ISC */
/*
 * What it may mean that a gateway does not answer, in words for people, the likeliest first. A
 * gateway says nothing to whom it does not know, so what was wrong can only be concluded from what
 * is known here. Pure.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

#include <stdbool.h>

enum {
	SILENCE_HINTS_MAX = 12,
	SILENCE_HINT_SIZE = 512, /* of a hint with its zero */
};

/* All times are Unix seconds; 0: never, or not known. */
struct silence {
	const char *endpoint;	 /* host:port as the gateway was told to be */
	struct endpoint address; /* where that leads to; ADDRESS_NONE: it does not resolve */
	uint64_t now_s;
	uint64_t invite_expires_s; /* of the invite that is being redeemed; 0: none is */
	uint64_t written_s;	   /* a time that has been, by this host's own clock then */
	uint64_t tx_bytes;	   /* that have left */
	bool lacks_knock;	   /* no knock key is known here */
	bool has_tunnel;	   /* something came in by it while a question was open */
};

struct silence_hints {
	unsigned count;
	char text[SILENCE_HINTS_MAX][SILENCE_HINT_SIZE]; /* one printable line each */
};

/* What may be the reason, at least one. */
void silence_explain(const struct silence *silence, struct silence_hints *ret_hints);

enum {
	SILENCE_SPAN_SIZE = 32,
};

/* "5 seconds", "3 minutes", "2 hours", "4 days"; returns ret_text. */
char *silence_span(uint64_t seconds, char ret_text[static SILENCE_SPAN_SIZE]);
