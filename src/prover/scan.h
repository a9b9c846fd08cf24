/* SPDX-License-Identifier: ISC */
/* Nmap, Masscan, ZMap and Unicornscan, driven with bounded arguments; what they say is kept by
 * proof.h. */
#pragma once

#include "prover/proof.h"

#include <sys/types.h>

enum {
	SCAN_SECONDS = 40,   /* each program's time; it is ended after that */
	SCAN_OUTPUT = 16384, /* bytes of output that are looked at */
};

/* A program that runs. */
struct scan {
	struct proof_scan *row;
	pid_t pid;
	int output;	  /* what it prints */
	unsigned seconds; /* its time: the caller ends it after that */
	char text[SCAN_OUTPUT];
	size_t size;
};

/* How many scans there are for this proof's families. */
size_t scan_count(const struct proof *proof);

/*
 * Starts the index-th of them. 1: it runs; 0: it is not installed, or does not suit; row->command
 * says how it would be called. -errno.
 */
int scan_start(const struct proof *proof, size_t index, struct proof_scan *row,
	struct scan *ret_scan) must_check;

/* Takes what it has printed; whether it goes on. */
bool scan_go_on(struct scan *scan);

/* Ends it where it has not ended, and reads Nmap's words. */
void scan_end(struct scan *scan, const struct proof *proof);

/*
 * Finds "PORT/word/" in Nmap's greppable output; ret_word is "" where there is none. Outside bytes:
 * only letters, '|' and '-' are kept.
 */
void scan_find_word(const char *text, uint16_t port, char ret_word[static PROOF_WORD_SIZE]);
