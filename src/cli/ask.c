/* SPDX-License-Identifier: ISC */
#include "cli/ask.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/member.h"
#include "cli/text.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STATUS_NOT_FOUND = 404,
	STATUS_UNPROCESSABLE = 422, /* a policy */
	STATUS_UNAVAILABLE = 503,   /* starting */
};

/* What starts it here. The caller frees it. */
static char *starter_of(const struct cli *cli)
{
	bool has_unit = access("/run/systemd/system", F_OK) == 0 &&
			strcmp(cli->config_path, CONFIG_PATH) == 0;

	if (cli->config.role != CONFIG_SERVER)
		return text_format("tacet up");
	if (has_unit)
		return text_format("systemctl start tacetd (journalctl --unit tacetd says why it "
				   "is not there)");
	return text_format("tacetd -c %s", cli->config_path);
}

enum cli_exit ask_not_running(const struct cli *cli)
{
	AUTO_TEXT char *starter = starter_of(cli);

	if (cli->has_config)
		log_err(0, "tacetd does not answer at %s/%s: start it by %s", cli->config.run,
			CONFIG_SOCKET, starter);
	else
		log_err(0,
			"%s: there is no configuration: this host is not of a network yet. Make "
			"one by tacet init, or have this device join one by tacet join",
			cli->config_path);
	return CLI_NOT_RUNNING;
}

static enum cli_exit not_allowed(const struct cli *cli)
{
	log_err(0, "%s/%s: only root may ask tacetd: sudo tacet ...", cli->config.run,
		CONFIG_SOCKET);
	return CLI_NOT_ALLOWED;
}

/* Answered, and not with what was asked for. */
static enum cli_exit refused(const struct problem *problem)
{
	AUTO_TEXT char *text = text_escape(problem->text);

	if (problem->status == STATUS_UNAVAILABLE) {
		log_err(0, "tacetd is starting, ask again in a moment: %s", text);
		return CLI_NOT_RUNNING;
	}
	log_err(0, "%s", text);
	return problem->status == STATUS_UNPROCESSABLE ? CLI_REFUSED : CLI_FAILED;
}

static enum cli_exit explain(const struct cli *cli, int err, const struct problem *problem)
{
	AUTO_TEXT char *text = text_escape(problem->text);

	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		return ask_not_running(cli);
	case -EACCES:
	case -EPERM:
		return not_allowed(cli);
	case ERR_REFUSED:
		return refused(problem);
	case -ECONNRESET:
		log_err(err, "tacetd ended while it was asked: ask it again, for it may have "
			     "done so or not");
		return CLI_FAILED;
	default:
		log_err(*text ? 0 : err, "%s/%s: tacetd did not answer as it should%s%s",
			cli->config.run, CONFIG_SOCKET, *text ? ": " : "", text);
		return CLI_FAILED;
	}
}

static int try(const struct cli *cli, const struct caller_request *request, json_t **ret_json,
	struct problem *ret_problem)
{
	struct caller *caller = NULL;
	char path[CONFIG_PATH_SIZE];

	int err = caller_new_local(config_run_path(&cli->config, CONFIG_SOCKET, path), &caller);
	if (err == 0)
		err = caller_ask(caller, request, ret_json, ret_problem);
	caller_free(caller);
	return err;
}

/* An act is in force, but not at these gateways yet. */
static void warn_behind(const json_t *answer)
{
	if (!json_is_array(json_object_get(answer, "behind")))
		return;
	AUTO_TEXT char *behind = member_join(answer, "behind");
	AUTO_TEXT char *shown = text_escape(behind);

	log_warn(0, "not in force at %s within a second; see tacet gateway list", shown);
}

enum cli_exit ask(const struct cli *cli, const struct caller_request *request, json_t **ret_json)
{
	struct problem problem = {0};
	int err = try(cli, request, ret_json, &problem);

	if (err < 0)
		return explain(cli, err, &problem);
	warn_behind(*ret_json);
	return CLI_OK;
}

enum cli_exit ask_get_or_none(const struct cli *cli, const char *path, json_t **ret_json)
{
	const struct caller_request request = {.method = "GET", .path = path};
	struct problem problem = {0};
	int err = try(cli, &request, ret_json, &problem);

	if (err == ERR_REFUSED && problem.status == STATUS_NOT_FOUND)
		return CLI_OK;
	return err < 0 ? explain(cli, err, &problem) : CLI_OK;
}

enum cli_exit ask_get(const struct cli *cli, const char *path, json_t **ret_json)
{
	const struct caller_request request = {.method = "GET", .path = path};

	return ask(cli, &request, ret_json);
}

enum cli_exit ask_act(const struct cli *cli, const char *method, const char *path, json_t *body,
	json_t **ret_json)
{
	const struct caller_request request = {.method = method, .path = path, .json = body};
	json_t *json = NULL;
	enum cli_exit result = ask(cli, &request, &json);

	json_decref(body);
	if (result == CLI_OK)
		*ret_json = json ? json : json_object();
	return result;
}

char *ask_path(const char *pattern, const char *const words[])
{
	char *path = text_format("%s", "");

	for (const char *at = pattern; *at;) {
		size_t length = strcspn(at, "{");
		bool is_word = at[length] == '{';
		char *word = is_word ? caller_escape(*words++) : NULL;
		char *longer = text_format("%s%.*s%s", path, (int)length, at, word ? word : "");

		free(word);
		free(path);
		path = longer;
		at += length + (is_word ? strlen("{}") : 0);
	}
	return path;
}

enum cli_exit ask_print(const json_t *json)
{
	/* what cannot be written shows when stdout is flushed */
	if (json)
		(void)json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	else
		(void)fputs("{}", stdout);
	(void)putchar('\n');
	return CLI_OK;
}
