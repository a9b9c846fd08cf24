/* SPDX-License-Identifier: ISC */
/* tacet harden: makes this host silent to strangers, and back. */
#include "harden/harden.h"

#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/harden_options.h"
#include "cli/harden_report.h"
#include "harden/face.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Says what failed, why, and what to do. */
static enum cli_exit failed(const char *what, int error, const char *detail)
{
	const char *advice = "";

	if (error == -EPERM)
		advice = "\nThis takes CAP_NET_ADMIN in this network namespace, which some "
			 "containers do not have.";
	else if (error == -EINVAL && strstr(detail, "not supported"))
		advice = "\nThe kernel has no nf_tables (or no part of it that is needed): "
			 "modprobe nf_tables, or see docs/hardening.md.";
	fprintf(stderr, "tacet: harden: %s: %s%s%s%s\n", what, err_str(error), *detail ? "\n" : "",
		detail, advice);
	return CLI_FAILED;
}

static struct harden_place place_of(const struct cli *cli)
{
	return (struct harden_place){
		.state = cli->config.state,
		.tunnel = cli->config.interface,
		.port = cli->config.listen,
		.mark = cli->config.mark,
	};
}

/* Asks on the terminal. */
static bool is_wanted(void)
{
	char *answer = NULL;
	size_t room = 0;

	fputs("\nHarden this host now? [y/N] ", stdout);
	(void)fflush(stdout); /* where it fails, nobody sees the question and nobody says yes */
	ssize_t size = getline(&answer, &room, stdin);
	bool is = size > 0 && (answer[0] == 'y' || answer[0] == 'Y');
	free(answer);
	return is;
}

static enum cli_exit apply(const struct harden_place *place, const struct harden_options *options)
{
	char error[HARDEN_ERROR_SIZE] = "";
	const struct harden_request request = {
		.level = options->level,
		.engine = options->engine,
		.peers = options->peers,
		.neighbours = options->neighbours,
		.keeps = options->keeps,
		.keep_count = options->keep_count,
		.seconds = options->seconds,
	};

	int result = harden_report_plan(place, options, error);
	if (result < 0)
		return failed("cannot see what can be reached, nothing was changed", result, error);
	if (!options->is_sure && !isatty(STDIN_FILENO)) {
		fputs("tacet: harden: there is no terminal to ask on, nothing was changed: give "
		      "--yes\n",
			stderr);
		return CLI_REFUSED;
	}
	if (!options->is_sure && !is_wanted()) {
		puts("Nothing was changed.");
		return CLI_REFUSED;
	}
	(void)fflush(stdout); /* the watcher must not have it once more */
	result = harden_apply(place, &request, error);
	if (result == -EHOSTUNREACH) {
		fputs("tacet: harden: nothing was changed: a sealed host speaks to its router "
		      "alone, and none was found\n(no route has a next hop on the link that "
		      "answers). Name whom it shall speak to: --neighbour ADDRESS\n",
			stderr);
		return CLI_FAILED;
	}
	if (result < 0)
		return failed("cannot harden, all is as before", result, error);
	printf("\nHardened (%s). Within %u seconds, in a NEW login: tacet harden --confirm\n",
		rules_level_word(options->level), options->seconds);
	return CLI_OK;
}

static enum cli_exit confirm(const struct harden_place *place, const struct harden_options *options)
{
	char error[HARDEN_ERROR_SIZE];
	enum harden_proof proof = options->is_forced ? HARDEN_ANY_LOGIN : HARDEN_NEW_LOGIN;

	int result = harden_confirm(place, proof, error);
	if (result == -ENOENT) {
		fputs("tacet: harden: there is nothing to confirm: it was confirmed, undone, or "
		      "taken back already; see tacet harden --show\n",
			stderr);
		return CLI_FAILED;
	}
	if (result == ERR_NOT_CONFIRMED) {
		fputs("tacet: harden: too late: the time to confirm is over, and all is as it was "
		      "before; run tacet harden again\n",
			stderr);
		return CLI_FAILED;
	}
	if (result == ERR_WRONG_STATE) {
		fputs("tacet: harden: this login was there before the hardening, so it does not "
		      "show that you can still get in.\nLog in anew and confirm there, or, if you "
		      "sit at the console: tacet harden --confirm --force\n",
			stderr);
		return CLI_REFUSED;
	}
	if (result < 0)
		return failed("cannot confirm, it will be taken back", result, error);
	puts("Confirmed: it stays, after a reboot too. tacet harden --undo takes it back.");
	return CLI_OK;
}

static enum cli_exit undo(const struct harden_place *place)
{
	char error[HARDEN_ERROR_SIZE];

	int result = harden_undo(place, error);
	if (result == -ENOENT) {
		fputs("tacet: harden: there is nothing to undo: this host is not hardened\n",
			stderr);
		return CLI_FAILED;
	}
	if (result < 0)
		return failed("cannot undo all of it", result, error);
	puts("Undone: rules and settings are as they were before, and strangers are answered.");
	return CLI_OK;
}

static enum cli_exit load(const struct harden_place *place)
{
	char error[HARDEN_ERROR_SIZE];

	int result = harden_load(place, error);
	if (result < 0)
		return failed("cannot put in force what was confirmed, STRANGERS MAY BE ANSWERED",
			result, error);
	puts(result == 1 ? "Hardened, as it was confirmed."
			 : "Nothing was confirmed: not hardened.");
	return CLI_OK;
}

static enum cli_exit show(const struct cli *cli, const struct harden_place *place)
{
	struct harden_state *state = memory_new(1, sizeof *state);
	enum cli_exit code = CLI_OK;

	int result = harden_read(place, state);
	if (result < 0)
		code = failed("cannot see what is in force", result, "");
	else
		harden_report_state(cli, state);
	free(state);
	return code;
}

/* Who only changes exceptions does not mean to change the level; the engine is what is there. */
static void fill_in(const struct harden_place *place, struct harden_options *options)
{
	struct harden_state *state = memory_new(1, sizeof *state);

	if (!options->has_level && harden_read(place, state) == 0 && state->is_saved)
		options->level = state->record.level;
	free(state);
	if (!options->has_engine && face_is_kernel_wireguard(place->tunnel))
		options->engine = RULES_ENGINE_KERNEL;
}

enum cli_exit cli_harden(const struct cli *cli, int argc, char **argv)
{
	struct harden_options options;
	const struct harden_place place = place_of(cli);

	enum cli_exit code = harden_options_read(argc, argv, &options);
	if (code != CLI_OK)
		return code;
	if (geteuid() != 0) {
		fputs("tacet: harden: only root may do this: sudo tacet harden\n", stderr);
		return CLI_NOT_ALLOWED;
	}
	switch (options.verb) {
	case HARDEN_APPLY:
		fill_in(&place, &options);
		return apply(&place, &options);
	case HARDEN_CONFIRM:
		return confirm(&place, &options);
	case HARDEN_UNDO:
		return undo(&place);
	case HARDEN_SHOW:
		return show(cli, &place);
	case HARDEN_LOAD:
		return load(&place);
	}
	return CLI_USAGE;
}
