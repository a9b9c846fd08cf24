/* SPDX-License-Identifier: ISC */
/* How a set comes into force and goes. Internal to harden/; the caller holds the lock. */
#pragma once

#include "harden/harden.h"

enum {
	APPLY_TEXTS = 4,
};

/* As rules of this moment: what is there of interfaces, how long they shall hold. */
struct apply {
	const struct harden_place *place;
	struct record *record; /* its interfaces and routers become those that are there */
	/*
	 * The rules, on the heap, the first that the kernel takes: hooks for interfaces that will
	 * come too; those of now alone; without samples of what dies; without any hook for one.
	 */
	char *texts[APPLY_TEXTS];
	struct settings settings;
};

/* Looks at the host and writes the rules. -errno. Release by apply_done(). */
int apply_prepare(const struct harden_place *place, struct record *record,
	enum neighbour_search search, struct apply *ret_apply) must_check;

void apply_done(struct apply *apply);

/* In one transaction; then the settings. -EPERM, -EINVAL; other -errno. */
int apply_commit(const struct apply *apply, char ret_error[static HARDEN_ERROR_SIZE]) must_check;

/* Notes the settings as they are before ours, unless that was done before. -errno. */
int apply_remember(const struct apply *apply) must_check;

/* Takes rules and settings back to what was before the first time. -errno. */
int apply_withdraw(
	const struct harden_place *place, char ret_error[static HARDEN_ERROR_SIZE]) must_check;

/* What the kernel has of ours. */
enum apply_presence {
	APPLY_ABSENT,
	APPLY_LAPSED, /* there, and lets all through */
	APPLY_PRESENT,
};

/* -errno. */
int apply_look(
	enum apply_presence *ret_presence, uint64_t ret_dropped[static HARDEN_COUNTERS]) must_check;
