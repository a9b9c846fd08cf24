/* SPDX-License-Identifier: ISC */
/*
 * What hardening keeps in `<state>/harden/`, 0700 root:
 *
 *	before.json	settings as they were before the first time; restored by undo
 *	set.json	what was confirmed; put in force again at boot
 *	pending.json	what waits for its confirmation, until when, and in which boot
 *	lock		held by whoever changes any of this or the rules
 */
#pragma once

#include "harden/setting.h"

enum {
	RECORD_BOOT_SIZE = 40, /* of the name of a boot, with its zero */
};

enum record_kind {
	RECORD_CONFIRMED,
	RECORD_PENDING,
};

struct record {
	enum rules_level level;
	struct keep keeps[KEEPS_MAX];
	size_t keep_count;
	struct rules_faces inside, outer;
	struct neighbours neighbours;
	enum rules_engine engine;
	struct rules_peers peers;
	struct rules_session session; /* of whoever applied it */
	uint64_t applied_s;	      /* Unix time */
	uint64_t applied_ns;	      /* since the machine started, in this boot */
	uint64_t deadline_ns;	      /* the same; 0: confirmed */
	char boot[RECORD_BOOT_SIZE];  /* when it was applied */
};

/*
 * Takes the lock, waiting for whoever has it; makes the folders. Returns a descriptor to be closed;
 * -errno.
 */
int record_lock(const char *state) must_check;

/* -ENOENT: there is none; ERR_SYNTAX: it is not as we wrote it; -errno. */
int record_read(const char *state, enum record_kind kind, struct record *ret_record) must_check;

/* Whether there is one; nobody is waited for. */
bool record_is_there(const char *state, enum record_kind kind);

/*
 * Writes it in one step and durably, with the rules' text and settings for who wants to read them.
 * -errno.
 */
int record_write(const char *state, enum record_kind kind, const struct record *record,
	const char *rules, const struct settings *settings) must_check;

/* 0 too where there is none. -errno. */
int record_remove(const char *state, enum record_kind kind) must_check;

/* Settings as they were. None: ret_before is empty. Release by settings_done(). */
int record_read_before(const char *state, struct settings *ret_before) must_check;
int record_write_before(const char *state, const struct settings *before) must_check;
int record_remove_before(const char *state) must_check;

/* The name of this boot. -errno. */
int record_boot(char ret_boot[static RECORD_BOOT_SIZE]) must_check;
