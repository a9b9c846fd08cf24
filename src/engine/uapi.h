/* SPDX-License-Identifier: ISC */
/*
 * The cross-platform userspace interface (wireguard.com/xplatform) as text: what wg(8) says and
 * hears. Pure: lines in, a change or text out. A connection's requests are uapi_dialog.h, the
 * socket is uapi_server.h.
 */
#pragma once

#include "base/attributes.h"
#include "engine/engine.h"

enum {
	UAPI_LINE_MAX = 1024,	     /* longest line, without its end */
	UAPI_PEERS_MAX = MAX_PEERS,  /* in one request */
	UAPI_PREFIXES_MAX = 1 << 22, /* in one request */
	UAPI_COMPLAINT_SIZE = 320,   /* of a text for people, with its zero */
};

/* A set request as it comes in, line by line. */
struct uapi_set {
	struct engine_change change; /* what the lines so far amount to */
	size_t line_number;	     /* of the last line taken, from 1 */
	size_t prefix_total;
	size_t peer_capacity;
	size_t prefix_capacity;		     /* of the last peer */
	char complaint[UAPI_COMPLAINT_SIZE]; /* about the line that failed; no secrets */
};

void uapi_set_init(struct uapi_set *set);

/* Frees and wipes. */
void uapi_set_done(struct uapi_set *set);

/*
 * Takes one line "key=value" without its line end. The errno that the protocol reports: -EPROTO (no
 * such line), -EINVAL (unknown key, wrong value), -EMSGSIZE (longer than a line may be), -ENOSPC
 * (more than a request may hold); with the words in set->complaint. The request is then void as a
 * whole. Aborts where there is no memory, as all control code.
 */
int uapi_set_line(struct uapi_set *set, const char *line, size_t size) must_check;

/* A text that grows; zero is empty. Wiped when it moves and when freed, since it may hold keys. */
struct uapi_text {
	char *at;    /* not zero-terminated */
	size_t size; /* in use */
	size_t capacity;
};

void uapi_text_done(struct uapi_text *text);

/* Room for `size` more bytes behind the text, to be written and added to text->size. */
char *uapi_text_reserve(struct uapi_text *text, size_t size);

/* Appends a line of at most UAPI_LINE_MAX bytes. */
void uapi_text_add(struct uapi_text *text, const char *format, ...) printf_like(2, 3);

/* Appends the answer to get=1: all of the engine's state, without "errno=". */
void uapi_get(struct engine *engine, struct uapi_text *text);
