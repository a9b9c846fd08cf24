/* SPDX-License-Identifier: ISC */
/*
 * One trial of the statistical test: datagrams to one port, probes of a companion before and after
 * them, and what a stranger saw of it, as numbers. Pure; any thread.
 */
#pragma once

#include "prover/stimulus.h"

enum {
	TRIAL_PROBES = 3, /* after the datagrams; one is before them */
	TRIAL_COUNTS = 4,
	TRIAL_COUNT_MAX = 500,
	TRIAL_FEATURES = 9,
};

#define TRIAL_LOST_US 50000.0 /* a probe that was not answered so long is lost, and counts so */

/* What is sent. */
enum trial_kind {
	TRIAL_JUNK,   /* as long as an initiation, of random bytes */
	TRIAL_SHAPED, /* an initiation's shape, mac1 wrong */
	TRIAL_MAC1,   /* mac1 right: the public key is known */
	TRIAL_REPLAY, /* a recorded initiation */
	TRIAL_KINDS,
};

/* Where it goes. */
enum trial_arm {
	TRIAL_PORT,
	TRIAL_CONTROL, /* the port that the firewall drops */
	TRIAL_BLIND,   /* another one: it must not be told from that */
	TRIAL_CLOSED,  /* one that says that it is closed: it must be */
	TRIAL_ARMS,
};

/* How many at once. */
extern const unsigned trial_counts[TRIAL_COUNTS];

/* The words for a kind, an arm, a feature; static. */
const char *trial_kind_text(enum trial_kind kind);
const char *trial_arm_text(enum trial_arm arm);
const char *trial_feature_text(unsigned feature);

/* The recipe of a kind's datagrams, of a family. */
struct stimulus trial_stimulus(enum trial_kind kind, uint8_t family);

/* What was seen. */
struct trial {
	double before_us, after_us[TRIAL_PROBES]; /* round trips; TRIAL_LOST_US: lost */
	unsigned probes;			  /* after; 0: there is no companion */
	uint16_t id_before, id_after; /* IP identification of the first answer and of the last */
	unsigned answers;	      /* to the datagrams themselves, of any kind */
	unsigned chatter;	      /* what else the target sent: ARP, neighbours, ... */
};

/* The numbers that a classifier gets; times as logarithms. */
void trial_features(const struct trial *trial, double ret_features[static TRIAL_FEATURES]);
