/* SPDX-License-Identifier: ISC */
/* The parts of sandbox_enter() that have a file of their own; nobody else includes it. */
#pragma once

#include "priv/sandbox.h"

/*
 * A sanitizer's runtime makes calls that no list of ours has, and looks for leaks by ptrace(2) on
 * its own process: in such builds, which are for tests, neither seccomp nor "dumpable off" is in
 * force. All else is.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_IS_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_IS_SANITIZED
#define SANDBOX_IS_SANITIZED 0
#endif

/*
 * A Landlock ruleset in which nothing is allowed but these folders; a descriptor. -ENOSYS: this
 * kernel has no Landlock, or it is switched off; other -errno.
 */
int sandbox_files_open(const struct sandbox_folder *folders, size_t count, int *ret_fd) must_check;

/* Puts the ruleset in force for this thread, for good. Safe in a signal handler. -errno. */
int sandbox_files_enter(int ruleset_fd) must_check;

/* Runs `act` in each thread of the process, in ours last. Its first failure; -errno. */
int sandbox_threads_each(int (*act)(const void *context), const void *context) must_check;

/* Puts the list of calls of a profile in force for all threads. -errno. */
int sandbox_calls_enter(enum sandbox_profile profile) must_check;
