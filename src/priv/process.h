/* SPDX-License-Identifier: ISC */
/*
 * Children of tacetd. A child is this program anew (/proc/self/exe, so it has an address space laid
 * out afresh), told by its first argument which process it is, with one end of a channel at
 * PROCESS_CHANNEL_FD. It inherits no other descriptor but stderr. A child that dies is reported and
 * started again: at once the first time, later after a pause that doubles up to a limit.
 * On the loop's thread.
 */
#pragma once

#include "base/attributes.h"

#include <sys/types.h>
#include <uv.h>

enum {
	PROCESS_CHANNEL_FD = 3,
	PROCESS_PAUSE_FIRST_MS = 50,
	PROCESS_PAUSE_LONGEST_MS = 5000,
	PROCESS_CALM_MS = 10000, /* after so long a life, the pauses begin anew */
};

struct process;

struct process_config {
	uv_loop_t *loop;
	const char *title;	 /* "engine": its first argument, and how ps shows it */
	const char *config_path; /* its second */
	int error_fd;		 /* what becomes its stderr; 0: ours */
	/* It runs: take the other end of its channel, which is yours. */
	void (*started)(void *context, int channel_fd);
	/*
	 * It has ended; it will be started again unless process_stop() was called. An exit_code
	 * below 0 is the -errno for which it could not be started again this time.
	 */
	void (*ended)(void *context, int exit_code, int signal);
	void *context;
};

/* Starts it. -errno. Release by process_free() once it has ended for good. */
int process_start(const struct process_config *config, struct process **ret_process) must_check;

/*
 * SIGTERM, SIGKILL after `patience_ms`; ended() is called from the loop, and it is not started
 * again. Where it is not running just now (in ended(), too), ended() is called all the same, with
 * 0 and 0.
 */
void process_stop(struct process *process, unsigned patience_ms);

/* Closes the handles; the memory goes once the loop has closed them. It has ended. Accepts NULL. */
void process_free(struct process *process);

/* 0: it is not running. */
pid_t process_pid(const struct process *process);

/* How often it was started. */
unsigned process_starts(const struct process *process);
