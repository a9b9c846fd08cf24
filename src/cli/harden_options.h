/* SPDX-License-Identifier: ISC */
/* The words behind `tacet harden`. */
#pragma once

#include "cli/command.h"
#include "harden/harden.h"

#define HARDEN_USAGE                                                                               \
	"usage: tacet harden [--level standard|sealed] [--keep PROTO/PORT[-PORT] [from "           \
	"PREFIX]]...\n"                                                                            \
	"                    [--neighbour ADDRESS]... [--engine tacet|kernel [--peer "             \
	"PREFIX]...]\n"                                                                            \
	"                    [--seconds N] [--yes]\n"                                              \
	"       tacet harden --confirm [--force] | --undo | --show | --load\n"

enum harden_verb {
	HARDEN_APPLY,
	HARDEN_CONFIRM,
	HARDEN_UNDO,
	HARDEN_SHOW,
	HARDEN_LOAD,
};

struct harden_options {
	enum harden_verb verb;
	enum rules_level level;
	bool has_level; /* --level; else what is confirmed, or standard */
	enum rules_engine engine;
	bool has_engine;	      /* --engine; else what the interface is */
	struct rules_peers peers;     /* --peer */
	struct neighbours neighbours; /* --neighbour */
	struct keep keeps[KEEPS_MAX];
	size_t keep_count;
	unsigned seconds;
	bool is_sure;	/* --yes */
	bool is_forced; /* --force */
};

/* Reads them, or says on stderr what is wrong: CLI_USAGE. */
enum cli_exit harden_options_read(int argc, char **argv, struct harden_options *ret_options);
