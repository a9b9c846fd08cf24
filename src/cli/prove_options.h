/* SPDX-License-Identifier: ISC */
/* The words behind `tacet prove`. */
#pragma once

#include "cli/command.h"
#include "cli/options.h"
#include "prover/proof.h"
#include "prover/thorough.h"

struct prove_options {
	bool wants_list;
	bool is_lab;			 /* --lab: no target */
	const char *explain;		 /* a stimulus; NULL: none is to be explained */
	struct address target4, target6; /* ADDRESS_NONE: not given */
	const char *interface;		 /* NULL: by the routes */
	bool has_mac;
	uint8_t mac[SCENE_MAC_SIZE];
	struct options_texts owned;		      /* --i-own-this-host */
	const char *recorded, *json_path, *html_path; /* NULL: none */
	struct scene scene;			      /* ports, key and overlays; no paths yet */
	struct proof_options proof;
	bool is_thorough; /* --thorough: then: */
	struct thorough_options thorough;
};

/* Reads them, or says on stderr what is wrong: CLI_USAGE. */
enum cli_exit prove_options_read(
	const struct cli *cli, int argc, char **argv, struct prove_options *ret_options) must_check;
