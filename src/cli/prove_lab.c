/* SPDX-License-Identifier: ISC */
#include "cli/prove_lab.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/ask.h"
#include "cli/grid.h"
#include "cli/near.h"
#include "cli/prove_file.h"
#include "prover/catalogue.h"
#include "prover/contrast.h"
#include "prover/run.h"

#include <stdio.h>
#include <unistd.h>

static void print_groups(const struct contrast *contrast)
{
	static const struct grid_column columns[] = {{"ANSWERED", GRID_LEFT},
		{"DEFAULT", GRID_RIGHT}, {"USUAL", GRID_RIGHT}, {"STANDARD", GRID_RIGHT},
		{"SEALED", GRID_RIGHT}};
	_Static_assert(ARRAY_LENGTH(columns) == LABHOST_COUNT + 1, "one for each host");
	AUTO_GRID struct grid grid = GRID(columns);

	for (unsigned lesson = 0; lesson <= LESSON_COUNT; lesson++) {
		if (proof_count(contrast->proofs[0], lesson).stimuli == 0)
			continue;
		grid_text(&grid, lesson == LESSON_COUNT ? "all" : lesson_text(lesson)->group);
		for (unsigned kind = 0; kind < LABHOST_COUNT; kind++) {
			struct proof_count count = proof_count(contrast->proofs[kind], lesson);
			grid_format(
				&grid, "%zu of %zu", count.answered, count.stimuli - count.skipped);
		}
	}
	grid_print(&grid, stdout);
}

static void print_hosts(const struct contrast *contrast)
{
	static const struct grid_column columns[] = {{"HOST", GRID_LEFT}, {"WHAT", GRID_LEFT},
		{"ANSWERED", GRID_RIGHT}, {"TELL THE PORT", GRID_RIGHT}, {"UNPROMPTED", GRID_RIGHT},
		{"CAPTURE", GRID_LEFT}, {"SECONDS", GRID_RIGHT}};
	AUTO_GRID struct grid grid = GRID(columns);

	for (unsigned kind = 0; kind < LABHOST_COUNT; kind++) {
		const struct proof *proof = contrast->proofs[kind];
		struct proof_count count = proof_count(proof, LESSON_COUNT);
		grid_text(&grid, labhost_name(kind));
		grid_text(&grid, labhost_what(kind));
		grid_format(&grid, "%zu of %zu", count.answered, count.stimuli - count.skipped);
		grid_format(&grid, "%zu", count.oracles);
		grid_format(&grid, "%zu", proof->stray_count);
		grid_text(&grid, proof_could_see(proof) ? "saw all" : "COULD NOT SEE");
		grid_format(&grid, "%.1f", (double)proof->took_ns / NS_PER_S);
	}
	grid_print(&grid, stdout);
}

static void write_page(const void *contrast, FILE *out)
{
	contrast_html(contrast, out);
}

static enum cli_exit tell(
	const struct cli *cli, const struct prove_options *options, const struct contrast *contrast)
{
	json_t *json = contrast_json(contrast);
	enum cli_exit code = prove_file_json(options->json_path, json);

	if (code == CLI_OK)
		code = prove_file_html(options->html_path, write_page, contrast);
	if (cli->wants_json) {
		(void)ask_print(json); /* what cannot be written shows at the end */
	} else {
		(void)puts("Catalogue " CATALOGUE_VERSION ", on this machine alone: four hosts, "
			   "tacet-wg at the port of each\n");
		print_groups(contrast);
		(void)puts("");
		print_hosts(contrast);
	}
	json_decref(json);
	if (code != CLI_OK || !contrast_could_see(contrast))
		return CLI_FAILED;
	return contrast_is_silent(contrast) ? CLI_OK : CLI_REFUSED;
}

/* Proves one host from its stranger; *ret_proof is the caller's. */
static int prove_host(
	struct labhost *host, const struct proof_options *wanted, struct proof **ret_proof)
{
	bool is_shown = isatty(STDERR_FILENO);
	struct scene scene;

	int err = labhost_enter(host, &scene);
	if (err < 0)
		return err;
	*ret_proof = proof_new(&scene, wanted);
	err = run_proof(*ret_proof, NULL, prove_file_progress, &is_shown);
	labhost_leave(host);
	if (is_shown)
		(void)fputs("\r\033[K", stderr);
	return err;
}

static int prove_kind(enum labhost_kind kind, const char *program,
	const struct proof_options *wanted, struct proof **ret_proof)
{
	struct labhost host;

	int err = labhost_init(&host, kind, program);
	if (err == 0)
		err = prove_host(&host, wanted, ret_proof);
	if (err < 0)
		log_err(err, "prove: the %s host: %s", labhost_name(kind), host.error);
	labhost_done(&host);
	return err;
}

enum cli_exit prove_lab(const struct cli *cli, const struct prove_options *options)
{
	struct contrast contrast = {{NULL}};
	char program[NEAR_PATH_SIZE];
	enum cli_exit code = CLI_FAILED;
	int err = 0;

	if (geteuid() != 0) {
		log_err(0, "prove: network namespaces take root: sudo tacet prove --lab");
		return CLI_NOT_ALLOWED;
	}
	near_program("TACET_WG", "tacet-wg", program);
	for (unsigned kind = 0; kind < LABHOST_COUNT && err == 0; kind++)
		err = prove_kind(kind, program, &options->proof, &contrast.proofs[kind]);
	if (err == 0 && contrast.proofs[0]->row_count == 0)
		code = options_refuse(cli, "--only: no stimulus has such a name");
	else if (err == 0)
		code = tell(cli, options, &contrast);
	contrast_done(&contrast);
	return code;
}
