/* SPDX-License-Identifier: ISC */
#include "cli/act.h"

#include "cli/ask.h"
#include "cli/options.h"
#include "cli/text.h"

#include <string.h>

enum {
	OPERANDS_MAX = 4,
};

static enum cli_exit request(
	const struct cli *cli, const struct act *act, char *const *operands, json_t **ret_answer)
{
	const char *words[OPERANDS_MAX] = {0};
	json_t *body = NULL;

	for (int i = 0; i < act->operands; i++)
		words[i] = operands[i];
	if (act->body)
		body = json_pack("{s:s}", act->body, words[act->operands - 1]);
	AUTO_TEXT char *path = ask_path(act->path, words);
	return ask_act(cli, act->method, path, body, ret_answer);
}

/* Parts "alice/laptop" in place, as argv is ours; false: there is nothing to part. */
static bool part(char *joined, char **ret_words)
{
	char *slash = strchr(joined, '/');

	if (!slash)
		return false;
	*slash = '\0';
	ret_words[0] = joined;
	ret_words[1] = slash + 1;
	return true;
}

enum cli_exit act_run(const struct cli *cli, int argc, char **argv, const struct act *act)
{
	bool all = false;
	const struct options_entry entries[] = {{.name = "all", .kind = OPTIONS_FLAG, .ret = &all}};
	const struct options_table table = {
		entries, act->takes_all ? 1 : 0, act->is_joined ? 1 : act->operands, act->operands};
	json_auto_t *answer = NULL;
	char **operands, *parts[2];

	if (!options_read(cli, argc, argv, &table, &operands))
		return CLI_USAGE;
	if (act->is_joined && !operands[1]) {
		if (!part(operands[0], parts))
			return options_refuse(cli, "which device of that user?");
		operands = parts;
	}
	AUTO_TEXT char *path = text_format("%s%s", act->path, all ? "?all=1" : "");
	struct act whole = *act;
	whole.path = path;
	enum cli_exit result = request(cli, &whole, operands, &answer);
	if (result != CLI_OK)
		return result;
	if (cli->wants_json)
		return ask_print(answer);
	act->print(answer, operands);
	return CLI_OK;
}
