/* SPDX-License-Identifier: ISC */
/*
 * A server in a thread of its own, on a Unix socket and on loopback, with a table of routes that
 * show what the server does. The test asks it from its own thread.
 */
#pragma once

#include "control/server.h"

#include <stdbool.h>

enum {
	LAB_BODY_MAX = 1000, /* of the listeners */
};

struct lab;

/* Aborts where the machine does not play along. */
struct lab *lab_open(void);

/* Ends the server, then the thread. */
void lab_close(struct lab *lab);

const char *lab_socket(const struct lab *lab);
uint16_t lab_port(const struct lab *lab);

/* Events that the server's thread has seen; waits until there are as many. */
enum lab_event {
	LAB_KEPT,
	LAB_GONE,
	LAB_SENT,
	LAB_EVENTS,
};

void lab_wait(struct lab *lab, enum lab_event event, unsigned count);
unsigned lab_count(struct lab *lab, enum lab_event event);

/* Connected sockets, blocking, with a deadline of their own; abort on failure. */
int lab_connect_local(const struct lab *lab);
int lab_connect_tcp(const struct lab *lab);

/* The two halves of lab_connect_local(). */
int lab_socket_new(void);
void lab_connect(const struct lab *lab, int fd);

/* Writes all of the text; reads until the other end closes, at most size - 1 bytes. */
void lab_say(int fd, const char *text);
size_t lab_hear(int fd, char *ret_text, size_t size);

/* Says it over a local socket of its own and hears the answer, to the end. */
void lab_talk(const struct lab *lab, const char *text, char *ret_answer, size_t size);
