/* SPDX-License-Identifier: ISC */
/* tacet prove: asks a host from outside all that a stranger may, and says what it answered. */
#include "base/log.h"
#include "base/memory.h"
#include "cli/ask.h"
#include "cli/file.h"
#include "cli/prompt.h"
#include "cli/prove_file.h"
#include "cli/prove_lab.h"
#include "cli/prove_options.h"
#include "cli/prove_report.h"
#include "cli/prove_thorough.h"
#include "policy/fault.h"
#include "prover/catalogue.h"
#include "prover/place.h"
#include "prover/proof_html.h"
#include "prover/proof_json.h"
#include "prover/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum cli_exit explain(const struct cli *cli, const char *name)
{
	const struct stimulus *stimulus = catalogue_find(name);

	if (!stimulus)
		return options_refuse(cli, "there is no stimulus %s; tacet prove --list names them",
			policy_show(name, strlen(name)).text);
	prove_report_explain(stimulus);
	return CLI_OK;
}

static enum cli_exit list(const struct cli *cli)
{
	if (!cli->wants_json) {
		prove_report_list();
		return CLI_OK;
	}
	json_t *json = proof_json_catalogue();
	enum cli_exit code = ask_print(json);
	json_decref(json);
	return code;
}

/* ---- whose host is it ---- */

/* Whether the very address was said to be theirs. */
static bool is_owned(const struct prove_options *options, const struct address *target)
{
	struct address owned;

	for (size_t i = 0; i < options->owned.count; i++) {
		const char *text = options->owned.texts[i];
		if (address_parse(text, strlen(text), &owned) == 0 && address_equal(&owned, target))
			return true;
	}
	return false;
}

/* Asks for the address to be written again. */
static bool is_confirmed(const char *text)
{
	char question[160 + ADDRESS_TEXT_SIZE], line[ADDRESS_TEXT_SIZE];

	(void)snprintf(question, sizeof question,
		"This sends %s thousands of packets as an attacker would, some malformed.\n"
		"If it is yours to test, write its address again:",
		text);
	return prompt_line(question, line, sizeof line) && strcmp(line, text) == 0;
}

static enum cli_exit confirm(const struct prove_options *options, const struct address *target)
{
	char text[ADDRESS_TEXT_SIZE];

	if (target->family == ADDRESS_NONE || is_owned(options, target))
		return CLI_OK;
	address_format(target, text);
	if (options->owned.count == 0 && is_confirmed(text))
		return CLI_OK;
	log_err(0,
		"prove: %s was not confirmed as yours, nothing was sent: write it when asked, "
		"or --i-own-this-host %s",
		text, text);
	return CLI_FAILED;
}

/* ---- where it is ---- */

static enum cli_exit refuse_place(const struct address *target, int err)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(target, text);
	if (err == -EADDRINUSE)
		log_err(0, "prove: %s is an address of this host: run it from another, outside",
			text);
	else if (err == -EDESTADDRREQ)
		log_err(0, "prove: %s is not the address of one host", text);
	else if (err == -EHOSTUNREACH)
		log_err(0,
			"prove: nobody on the link says to have the next hop to %s: if it is the "
			"host itself, which is silent there, too, give --mac",
			text);
	else if (err == -EPROTOTYPE)
		log_err(0, "prove: the way to %s is no Ethernet: run it from a host where it is",
			text);
	else
		log_err(err, "prove: no way to %s", text);
	return CLI_FAILED;
}

static enum cli_exit find_place(const struct prove_options *options, const struct address *target,
	struct scene_path *ret_path)
{
	const struct place_wish wish = {
		.interface = options->interface, .mac = options->has_mac ? options->mac : NULL};

	if (target->family == ADDRESS_NONE)
		return CLI_OK;
	int err = place_find(target, &wish, ret_path);
	return err < 0 ? refuse_place(target, err) : CLI_OK;
}

static enum cli_exit set_scene(struct prove_options *options)
{
	struct scene *scene = &options->scene;

	enum cli_exit code = find_place(options, &options->target4, &scene->ipv4);
	if (code == CLI_OK)
		code = find_place(options, &options->target6, &scene->ipv6);
	if (code != CLI_OK)
		return code;
	bool are_both = scene->ipv4.is_there && scene->ipv6.is_there;
	if (are_both && scene->ipv4.ifindex != scene->ipv6.ifindex) {
		log_err(0, "prove: IPv4 goes by %s, IPv6 by %s: prove them one after the other",
			scene->ipv4.interface, scene->ipv6.interface);
		return CLI_FAILED;
	}
	return CLI_OK;
}

/* ---- what is done ---- */

static void write_page(const void *proof, FILE *out)
{
	proof_html(proof, out);
}

/* Says all of it, in each form that is wanted, and judges. */
static enum cli_exit tell(
	const struct cli *cli, const struct prove_options *options, const struct proof *proof)
{
	json_t *json = proof_json(proof);
	enum cli_exit code = prove_file_json(options->json_path, json);

	if (code == CLI_OK)
		code = prove_file_html(options->html_path, write_page, proof);
	if (cli->wants_json)
		(void)ask_print(json); /* what cannot be written shows at the end */
	else
		prove_report(proof);
	json_decref(json);
	if (code != CLI_OK || !proof_could_see(proof))
		return CLI_FAILED;
	return proof_has_findings(proof) ? CLI_REFUSED : CLI_OK;
}

static enum cli_exit run(
	const struct cli *cli, struct prove_options *options, const struct recorded *recorded)
{
	if (options->is_thorough)
		return prove_thorough(cli, options, recorded);
	struct proof *proof = proof_new(&options->scene, &options->proof);
	bool is_shown = isatty(STDERR_FILENO);
	enum cli_exit code = CLI_FAILED;

	if (proof->row_count == 0) {
		proof_free(proof);
		return options_refuse(cli, "--only: no stimulus has such a name");
	}
	int err = run_proof(proof, recorded, prove_file_progress, &is_shown);
	if (is_shown)
		(void)fputs("\r\033[K", stderr);
	if (err < 0)
		log_err(err, "prove: cannot go on");
	else
		code = tell(cli, options, proof);
	proof_free(proof);
	return code;
}

/* With what was recorded in memory, if anything is to be replayed. */
static enum cli_exit prove(const struct cli *cli, struct prove_options *options)
{
	char *bytes = NULL;
	size_t size = 0;

	if (!options->recorded)
		return run(cli, options, NULL);
	struct recorded *recorded = memory_new(1, sizeof *recorded);
	int err = file_read(options->recorded, RECORDED_FILE_MAX, &bytes, &size);
	if (err == 0)
		err = recorded_read((const uint8_t *)bytes, size, options->scene.port, recorded);
	enum cli_exit code = CLI_FAILED;
	if (err < 0)
		log_err(err, "prove: %s: cannot read it as a capture (pcap, pcapng)",
			options->recorded);
	else
		code = run(cli, options, recorded);
	free(recorded);
	free(bytes);
	return code;
}

enum cli_exit cli_prove(const struct cli *cli, int argc, char **argv)
{
	struct prove_options options;

	enum cli_exit code = prove_options_read(cli, argc, argv, &options);
	if (code != CLI_OK)
		return code;
	if (options.wants_list)
		return list(cli);
	if (options.explain)
		return explain(cli, options.explain);
	if (options.is_lab)
		return prove_lab(cli, &options);
	code = confirm(&options, &options.target4);
	if (code == CLI_OK)
		code = confirm(&options, &options.target6);
	if (code != CLI_OK)
		return code;
	if (geteuid() != 0) {
		log_err(0, "prove: packets as they are take root: sudo tacet prove ...");
		return CLI_NOT_ALLOWED;
	}
	code = set_scene(&options);
	return code == CLI_OK ? prove(cli, &options) : code;
}
