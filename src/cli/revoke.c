/* SPDX-License-Identifier: ISC */
/* tacet revoke: a device, or all of a user's, for good. */
#include "base/log.h"
#include "cli/ask.h"
#include "cli/member.h"
#include "cli/options.h"
#include "cli/prompt.h"
#include "cli/text.h"
#include "policy/fault.h"

#include <stdio.h>
#include <string.h>

/* Adds what was answered to `done`, by the device's name. */
static enum cli_exit revoke_one(
	const struct cli *cli, const char *user, const char *device, json_t *done)
{
	AUTO_TEXT char *path = ask_path("/v1/devices/{}/{}", (const char *const[]){user, device});
	AUTO_TEXT char *shown = text_escape(device);
	json_auto_t *answer = NULL;

	enum cli_exit result = ask_act(cli, "DELETE", path, NULL, &answer);
	if (result != CLI_OK)
		return result;
	if (!cli->wants_json)
		printf("%s/%s is revoked, for good; %llu flows were cut.\n", user, shown,
			(unsigned long long)member_count(answer, "flows_cut"));
	(void)json_object_set(done, device, answer); /* may abort; for --json */
	return CLI_OK;
}

/* The names of the user's devices that are not revoked yet, as a list. */
static json_t *devices_of(const json_t *answer, const char *user)
{
	json_t *names = json_array();
	size_t index;
	json_t *device;

	json_array_foreach(member_get(answer, "devices"), index, device)
	{
		if (strcmp(member_text(device, "user"), user) == 0 &&
			strcmp(member_text(device, "state"), "revoked") != 0)
			(void)json_array_append(names, member_get(device, "name"));
	}
	return names;
}

/* Whether all of them are meant; asks where they are several. */
static enum cli_exit confirm(const struct cli *cli, const char *user, const json_t *names)
{
	json_auto_t *holder = json_pack("{s:O}", "names", names);
	AUTO_TEXT char *joined = member_join(holder, "names");
	AUTO_TEXT char *shown = text_escape(joined);
	AUTO_TEXT char *question = text_format(
		"Revoke all %zu devices of %s (%s)?", json_array_size(names), user, shown);

	switch (prompt_confirm(question)) {
	case PROMPT_YES:
		return CLI_OK;
	case PROMPT_NO:
		log_err(0, "nothing was revoked");
		return CLI_FAILED;
	case PROMPT_NOBODY:
		break;
	}
	return options_refuse(cli, "%s has %zu devices (%s): say --device NAME, or --yes for all",
		policy_show(user, strlen(user)).text, json_array_size(names), shown);
}

static enum cli_exit revoke_all(const struct cli *cli, const char *user, bool is_sure, json_t *done)
{
	json_auto_t *answer = NULL;
	size_t index;
	json_t *name;

	enum cli_exit result = ask_get(cli, "/v1/devices", &answer);
	if (result != CLI_OK)
		return result;
	json_auto_t *names = devices_of(answer, user);
	if (json_array_size(names) == 0) {
		log_err(0, "%s has no device that could be revoked: see tacet device list",
			policy_show(user, strlen(user)).text);
		return CLI_FAILED;
	}
	if (json_array_size(names) > 1 && !is_sure)
		result = confirm(cli, user, names);
	if (result != CLI_OK)
		return result;
	json_array_foreach(names, index, name)
	{
		enum cli_exit one = revoke_one(cli, user, json_string_value(name), done);
		if (one != CLI_OK)
			result = one; /* the others are to go all the same */
	}
	return result;
}

enum cli_exit cli_revoke(const struct cli *cli, int argc, char **argv)
{
	const char *device = NULL;
	bool is_sure = false;
	const struct options_entry entries[] = {
		{.name = "device", .kind = OPTIONS_TEXT, .ret = &device},
		{.name = "yes", .kind = OPTIONS_FLAG, .ret = &is_sure},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 1, 1};
	json_auto_t *done = json_object();
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	enum cli_exit result = device ? revoke_one(cli, words[0], device, done)
				      : revoke_all(cli, words[0], is_sure, done);
	if (result != CLI_OK || !cli->wants_json)
		return result;
	return ask_print(device ? json_object_get(done, device) : done);
}
