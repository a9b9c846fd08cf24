/* SPDX-License-Identifier: ISC */
/*
 * The other end of server.h: one HTTP request with JSON at a time, by libcurl, which may block
 * until it is answered; a thread of its own or a program that has nothing else to do. No proxy, no
 * redirect, no name look-up, no file that says otherwise.
 */
#pragma once

#include "base/address.h"
#include "control/problem.h"

enum {
	CALLER_ANSWER_MAX = 16 << 20, /* bytes of an answer */
};

struct caller;

/* Over a Unix socket. -ENOMEM. Release by caller_free(). */
int caller_new_local(const char *socket_path, struct caller **ret_caller) must_check;

/* Over the tunnel: only by that interface (SO_BINDTODEVICE where allowed) to that address. */
int caller_new_tunnel(const struct address *address, uint16_t port, const char *interface,
	struct caller **ret_caller) must_check;

/* Accepts NULL. */
void caller_free(struct caller *caller);

struct caller_request {
	const char *method;
	const char *path;   /* with its query; parts percent-encoded by caller_escape() */
	const json_t *json; /* body; NULL: none, or: */
	const char *text;   /* body as text/plain */
	size_t text_size;
	unsigned connect_ms; /* 0: 5,000 */
	unsigned total_ms;   /* 0: 60,000 */
	int file_fd;	     /* >0: the answer's body goes there, borrowed, and *ret_json is NULL */
	json_t **ret_refusal; /* NULL: not wanted; with ERR_REFUSED its body, the caller's, or NULL
			       */
};

/*
 * 0: answered with 2xx; *ret_json is the caller's, NULL where there was no body. ERR_REFUSED:
 * answered otherwise, ret_problem says what; -ENOENT, -ECONNREFUSED: nobody listens; -ETIMEDOUT;
 * -EACCES; -ECONNRESET; ERR_SYNTAX: the answer is not JSON; -EFBIG: it is too long. Others -EIO.
 * ret_problem->text is set on every failure.
 */
int caller_ask(struct caller *caller, const struct caller_request *request, json_t **ret_json,
	struct problem *ret_problem) must_check;

/*
 * Ends the caller_ask() that another thread is in, or where there is none just now, the next one:
 * it gives -ECANCELED. Any thread.
 */
void caller_cancel(struct caller *caller);

/* A part of a path, percent-encoded; the caller frees it. */
char *caller_escape(const char *word) __attribute__((returns_nonnull, warn_unused_result));
