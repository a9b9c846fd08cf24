/* SPDX-License-Identifier: ISC */
/*
 * A server of the userspace interface in a /var/run of its own, and clients of it, all in one
 * thread: whoever waits turns the loop meanwhile.
 */
#pragma once

#include "engine/uapi_server.h"
#include "engine/uapi_socket.h"
#include "fake_engine.h"

struct uapi_lab {
	uv_loop_t loop;
	struct engine engine;
	unsigned removed;	  /* calls of removed() */
	bool closes_when_removed; /* close `server` in removed() */
	struct uapi_server *server;
};

/* Gives the process an empty /var/run that only it sees. NULL, or why it cannot. */
const char *uapi_lab_isolate(void);

void uapi_lab_init(struct uapi_lab *lab);

/* Closes the server if it is open, and all else. */
void uapi_lab_done(struct uapi_lab *lab);

/* Opens a server; into lab->server on success. */
int uapi_lab_open(struct uapi_lab *lab, const char *name) must_check;

/* Lets the loop do all that it can do now. */
void uapi_lab_turn(struct uapi_lab *lab);

/* Connects to the server of the name; non-blocking. -errno. */
int uapi_lab_dial(const char *name) must_check;

/* Sends all of it. False: the other end is closed. */
bool uapi_lab_send(struct uapi_lab *lab, int fd, const char *bytes, size_t size);

/* Reads one answer with its end into ret_text, zero-terminated; false where the end comes first. */
bool uapi_lab_receive(struct uapi_lab *lab, int fd, char *ret_text, size_t capacity);

/* Whether the other end has closed, and nothing is left to be read. */
bool uapi_lab_is_closed(struct uapi_lab *lab, int fd);

/* Sends a request and compares the answer. */
bool uapi_lab_ask(struct uapi_lab *lab, int fd, const char *request, const char *wanted);

/* A fresh lab with a server of that name, or an end to the test program. */
void uapi_lab_start(struct uapi_lab *lab, const char *name);

/* A client of that server, or an end to the test program. */
int uapi_lab_client(const char *name);
