/* SPDX-License-Identifier: ISC */
/*
 * Test Anything Protocol 13, written by one test program to stdout.
 * No plan up front: call the checks, then `return tap_done();` from main.
 * A check returns whether it held, so that a test can stop where going on makes no sense.
 * Included by test programs only, once each: the counts are file-local. For one thread.
 */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What this test program has said so far. */
static struct {
	int run;    /* points written, skipped ones too */
	int failed; /* points that were "not ok" */
} tap_state;

/* The version comes first, before what a test may print ahead of its points. */
__attribute__((constructor)) static void tap_begin(void)
{
	puts("TAP version 13");
	(void)fflush(stdout); /* a child would write it again */
}

/* Writes one point. Flushed at once, so that a crash does not take the points before it along. */
static inline bool tap_point(bool held, const char *name, const char *file, int line)
{
	printf("%s %d - %s\n", held ? "ok" : "not ok", ++tap_state.run, name);
	if (!held) {
		tap_state.failed++;
		printf("# at %s:%d\n", file, line);
	}
	(void)fflush(stdout); /* nowhere to report a broken stdout to */
	return held;
}

/* Compares two numbers; says both when they differ. */
static inline bool tap_int(
	intmax_t got, intmax_t want, const char *name, const char *file, int line)
{
	bool held = tap_point(got == want, name, file, line);

	if (!held)
		printf("#  got %" PRIdMAX "\n# want %" PRIdMAX "\n", got, want);
	return held;
}

/* Writes bytes as hex, 32 to a line. */
static inline void tap_hex(const char *label, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i % 32 == 0)
			printf("%s# %s %04zx ", i ? "\n" : "", label, i);
		printf("%02x", bytes[i]);
	}
	puts("");
}

/* Compares n bytes; says where they differ first, and both. */
static inline bool tap_bytes(
	const void *got, const void *want, size_t n, const char *name, const char *file, int line)
{
	const uint8_t *g = got, *w = want;
	size_t at = 0;

	while (at < n && g[at] == w[at])
		at++;
	if (tap_point(at == n, name, file, line))
		return true;
	printf("# first difference at byte %zu of %zu\n", at, n);
	tap_hex(" got", g, n);
	tap_hex("want", w, n);
	return false;
}

/* Says that a test cannot run here, and why: it neither passes nor fails. */
static inline void tap_skip(const char *name, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_state.run, name, why);
}

/* Writes the plan; returns main's exit code. A program without a single point has failed. */
static inline int tap_done(void)
{
	if (tap_state.run == 0)
		(void)tap_point(false, "the test program checked nothing", __FILE__, __LINE__);
	printf("1..%d\n", tap_state.run);
	return tap_state.failed ? 1 : 0;
}

#define tap_ok(cond, name) tap_point((cond), (name), __FILE__, __LINE__)
#define tap_is_int(got, want, name) tap_int((got), (want), (name), __FILE__, __LINE__)
#define tap_is_bytes(got, want, n, name) tap_bytes((got), (want), (n), (name), __FILE__, __LINE__)
