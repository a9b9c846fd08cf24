/* SPDX-License-Identifier: ISC */
/* What a proof found: for each stimulus, whether it was silent, or what answered. */
#pragma once

#include "prover/answer.h"
#include "prover/craft.h"
#include "prover/scene.h"
#include "prover/stimulus.h"

enum {
	PROOF_BYTES = 128, /* of an answer that are kept */
	PROOF_STRAYS_MAX = 32,
	PROOF_SCANS_MAX = 16,
	PROOF_WORD_SIZE = 32,
	PROOF_COMMAND_SIZE = 400,
};

/* Whom a stimulus was sent to. */
enum proof_arm {
	PROOF_PORT,    /* the tunnel's port, or wherever it goes */
	PROOF_CONTROL, /* the same to the port that the firewall drops */
	PROOF_ARMS,
};

/* One frame that came back. */
struct proof_frame {
	struct answer answer;
	uint8_t bytes[PROOF_BYTES]; /* its beginning */
	size_t size;		    /* of that */
	size_t wire_size;
	bool is_by_time;   /* it bears no tag: attributed by when it came */
	uint64_t after_ns; /* since the stimulus was sent last; 0: unknown */
};

/* One stimulus at one arm. */
struct proof_cell {
	unsigned sent;
	unsigned answers;
	struct proof_frame first; /* where there are any */
	uint64_t sent_ns;	  /* when last */
};

enum proof_verdict {
	PROOF_SKIPPED,
	PROOF_SILENT,
	PROOF_ANSWERED,
	PROOF_ORACLE, /* port and control port differ */
};

struct proof_row {
	const struct stimulus *stimulus;
	enum craft_result result; /* CRAFT_OK, or why it was skipped */
	struct proof_cell cells[PROOF_ARMS];
};

/* What came back and belongs to no stimulus. */
struct proof_stray {
	struct proof_frame frame;
	const struct stimulus *after; /* sent last before; NULL: none yet */
	unsigned count;		      /* of the same text */
};

/* A run of another program. */
struct proof_scan {
	const char *program;
	char command[PROOF_COMMAND_SIZE];
	bool was_there; /* it is installed, and ran */
	bool ended;	/* by itself, in its time */
	unsigned answers;
	struct proof_frame first;
	char word[PROOF_WORD_SIZE], control_word[PROOF_WORD_SIZE]; /* Nmap's; "" */
};

struct proof_options {
	unsigned rate;	     /* frames a second, but for bursts */
	unsigned times;	     /* each stimulus; one that was answered is not repeated */
	unsigned patience_s; /* for what may take its time */
	unsigned pace_ms;    /* no other frame of a family so long after an ICMP error of it came */
	unsigned burst;	     /* frames in one */
	const char *only;    /* a glob of names; NULL: all */
	bool has_scanners;
};

struct proof {
	struct scene scene;
	struct proof_options options;
	struct proof_row *rows;
	size_t row_count;
	struct proof_stray strays[PROOF_STRAYS_MAX], routers[PROOF_STRAYS_MAX];
	size_t stray_count, router_count;
	struct proof_scan scans[PROOF_SCANS_MAX];
	size_t scan_count;
	uint64_t sent, seen; /* our frames: how many we sent, how many our own capture saw */
	uint64_t lost;	     /* frames that passed the capture unseen */
	uint64_t heard;	     /* frames of the target's, of any kind */
	uint64_t started_s;  /* Unix time */
	uint64_t took_ns;
};

/* How many of what; all but `oracles` exclude one another. */
struct proof_count {
	size_t stimuli, silent, answered, oracles, skipped; /* oracles are among the answered */
};

struct proof *proof_new(const struct scene *scene, const struct proof_options *options)
	__attribute__((returns_nonnull, warn_unused_result));

/* Accepts NULL. */
void proof_free(struct proof *proof);

enum proof_verdict proof_verdict(const struct proof_row *row);
const char *proof_verdict_text(enum proof_verdict verdict);

/* Whether a scan found something: frames came back, or Nmap's words for the ports differ. */
bool proof_scan_found(const struct proof_scan *scan);

/* Over the stimuli of a lesson; LESSON_COUNT: of all. */
struct proof_count proof_count(const struct proof *proof, enum lesson lesson);

/* Whether anything at all was found: a row, a stray, a scan. */
bool proof_has_findings(const struct proof *proof);

/* Whether the capture saw each of our own frames and missed nothing: else nothing was proven. */
bool proof_could_see(const struct proof *proof);
