/* SPDX-License-Identifier: ISC */
/*
 * One connection of the userspace interface without the connection: bytes in, answers out. Requests
 * follow one another; each is read to its end and then answered, a set applied as a whole or not at
 * all. No descriptor, no log. What was read is wiped as soon as it is understood.
 *
 *   read into uapi_dialog_room() -> uapi_dialog_received() -> uapi_dialog_step() until it wants
 * MORE
 */
#pragma once

#include "engine/uapi.h"

enum {
	UAPI_INPUT_SIZE = 16384, /* bytes that are read at a time; more than one line */
};

enum uapi_step {
	UAPI_STEP_MORE,	       /* there is nothing to say before more was received */
	UAPI_STEP_ANSWER,      /* an answer was appended; step again once it has left */
	UAPI_STEP_LAST_ANSWER, /* as above, and the connection is to end: it is out of step */
};

/* What kind of request is being read. */
enum uapi_request {
	UAPI_REQUEST_NONE, /* between two */
	UAPI_REQUEST_GET,
	UAPI_REQUEST_SET,
};

struct uapi_dialog {
	struct engine *engine; /* borrowed */
	enum uapi_request request;
	int result;	     /* -errno: what was first found wrong with the request */
	struct uapi_set set; /* the request, and the complaint about any kind */
	size_t filled;	     /* bytes of input received and not yet understood */
	char input[UAPI_INPUT_SIZE];
};

void uapi_dialog_init(struct uapi_dialog *dialog, struct engine *engine);

/* Frees and wipes; a request that is not complete is void. */
void uapi_dialog_done(struct uapi_dialog *dialog);

/* Where to read into, never of size 0 after UAPI_STEP_MORE; borrowed until the next call. */
char *uapi_dialog_room(struct uapi_dialog *dialog, size_t *ret_size);

/* Says that so many bytes were read into the room. */
void uapi_dialog_received(struct uapi_dialog *dialog, size_t size);

/* Understands what was received, up to one answer. */
enum uapi_step uapi_dialog_step(struct uapi_dialog *dialog, struct uapi_text *answer);

/* What was wrong with the request answered last, for people, no secrets in it; "": nothing. */
const char *uapi_dialog_complaint(const struct uapi_dialog *dialog);
