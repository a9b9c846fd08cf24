/* SPDX-License-Identifier: ISC */
/*
 * Hardening: makes this host (the network namespace of the calling thread) silent to strangers, and
 * back. What is promised is in docs/hardening.md. All of it blocks; one thread at a time; several
 * processes wait for each other.
 */
#pragma once

#include "harden/login.h"
#include "harden/record.h"

enum {
	HARDEN_SECONDS = 60, /* until it must be confirmed, unless told */
	HARDEN_SECONDS_LEAST = 5,
	HARDEN_SECONDS_GREATEST = 24 * 3600,
	HARDEN_ERROR_SIZE = 1024, /* of what the kernel or nft said, with its zero */
	HARDEN_COUNTERS = 6,	  /* RULES_COUNTERS */
};

/* Where and what for. Borrowed for each call. */
struct harden_place {
	const char *state;  /* folder: ours is below it */
	const char *tunnel; /* interface */
	uint16_t port;	    /* UDP, of the tunnel; 0: none that listens */
	uint32_t mark;	    /* of the daemon's datagrams; 0: none */
};

struct harden_request {
	enum rules_level level;
	enum rules_engine engine;
	struct rules_peers peers;     /* of the kernel's engine */
	struct neighbours neighbours; /* those that are named */
	const struct keep *keeps;
	size_t keep_count; /* at most KEEPS_MAX */
	unsigned seconds;  /* until it must be confirmed */
};

/* Whether the same login may confirm what it applied. */
enum harden_proof {
	HARDEN_NEW_LOGIN,
	HARDEN_ANY_LOGIN,
};

enum harden_stage {
	HARDEN_OFF,	/* nothing of ours is in the kernel */
	HARDEN_PENDING, /* in force, not confirmed yet */
	HARDEN_LAPSED, /* not confirmed in time: lets all through, and nobody has cleared it away */
	HARDEN_CONFIRMED, /* in force, and again after a reboot */
	HARDEN_UNKNOWN,	  /* in force, but nothing is written down about it */
};

struct harden_state {
	enum harden_stage stage;
	bool is_saved;	      /* there is a confirmed set for the next boot */
	struct record record; /* of HARDEN_PENDING, _LAPSED, _CONFIRMED; or of what is saved */
	unsigned left_s;      /* HARDEN_PENDING */
	uint64_t dropped[HARDEN_COUNTERS]; /* since it was put in force, as RULES_COUNTERS */
};

/*
 * Puts hardening in force, in one transaction, and starts the watcher that takes it back unless it
 * is confirmed. What undo restores stays as it was before the first time. ret_error, as in all of
 * these, is told what the kernel said, "" for nothing. -EPERM; -EINVAL: the rules were refused;
 * -EHOSTUNREACH: sealed, and nobody would be spoken to; other -errno, ERR_*; then nothing has
 * changed.
 */
int harden_apply(const struct harden_place *place, const struct harden_request *request,
	char ret_error[static HARDEN_ERROR_SIZE]) must_check;

/*
 * Makes it last. -ENOENT: nothing waits for it; ERR_NOT_CONFIRMED: too late, it is taken back;
 * ERR_WRONG_STATE: this login was there before, and that was asked for.
 */
int harden_confirm(const struct harden_place *place, enum harden_proof proof,
	char ret_error[static HARDEN_ERROR_SIZE]) must_check;

/* Restores what was before the first time. -ENOENT: there is nothing to undo. */
int harden_undo(
	const struct harden_place *place, char ret_error[static HARDEN_ERROR_SIZE]) must_check;

/*
 * Puts what was confirmed in force again, after a reboot or whenever it may be missing. 1: it is in
 * force; 0: there is nothing that was confirmed (what waits for it is left alone, in its time).
 */
int harden_load(
	const struct harden_place *place, char ret_error[static HARDEN_ERROR_SIZE]) must_check;

/* What there was of interfaces and routers when it was last looked at. Zeroed: never. */
struct harden_seen {
	uint64_t digest;
	bool takes_no_link; /* interfaces refuse the table of the link */
};

/*
 * Puts what was confirmed in force anew where it is not (others have taken it out), or where
 * interfaces or routers have come that its rules do not know. To be called now and then; cheap
 * where nothing has changed. 1: it did; 0: there was no need, or nothing is confirmed; as
 * harden_load().
 */
int harden_follow(const struct harden_place *place, struct harden_seen *seen,
	char ret_error[static HARDEN_ERROR_SIZE]) must_check;

/* -errno, ERR_SYNTAX: what is written down cannot be read. */
int harden_read(const struct harden_place *place, struct harden_state *ret_state) must_check;

/* What the kernel holds strangers off by. */
struct harden_force {
	bool is_in_force; /* false too where it cannot be asked */
	enum rules_level level;
	bool has_link; /* the table of the link is there */
};

struct harden_force harden_in_force(void);
