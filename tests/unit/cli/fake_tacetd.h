/* SPDX-License-Identifier: ISC */
/*
 * A local socket that answers what it is told to, in a thread of its own, and keeps what it was
 * asked: "POST /v1/users {"name":"alice"}", a line each.
 */
#pragma once

#include <stddef.h>

enum {
	FAKE_ANSWERS_MAX = 4,
	FAKE_ASKED_SIZE = 4096,
};

struct fake_answer {
	unsigned status;  /* of HTTP; 0: no more answers */
	const char *body; /* NULL: none */
};

struct fake_tacetd;

/* Listens at `path`; aborts where the machine does not play along. */
struct fake_tacetd *fake_start(const char *path);

/* What it gives to the next requests, in order; borrowed. It forgets what it was asked. */
void fake_prepare(struct fake_tacetd *fake, const struct fake_answer answers[FAKE_ANSWERS_MAX]);

/* What it was asked since; borrowed until it is prepared again. */
const char *fake_asked(struct fake_tacetd *fake);

/* Ends the thread and removes the socket. */
void fake_stop(struct fake_tacetd *fake);
