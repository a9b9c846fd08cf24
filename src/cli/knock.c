/* SPDX-License-Identifier: ISC */
/* tacet knock: what is asked of initiations, and the keys that answer it. */
#include "cli/knock.h"
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/options.h"
#include "cli/text.h"

#include <stdio.h>
#include <string.h>

enum {
	ROTATION_MAX_S = 90 * 24 * 3600, /* as the controller has it */
};

/* What a mode means to strangers: the level of silence of the tunnel's port. */
static const struct {
	const char *mode, *meaning;
} modes[] = {
	{"required", "required: silent, and an initiation without one costs a hash"},
	{"preferred", "preferred: silent, and strangers can use up 50 handshakes a second"},
	{"off", "OFF: silent, and strangers can keep members from connecting: tacet knock --mode "
		"required"},
};

static const char *meaning_of(const char *mode)
{
	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		if (strcmp(mode, modes[i].mode) == 0)
			return modes[i].meaning;
	}
	return mode;
}

void knock_add(struct grid *grid, const json_t *knock, uint64_t now_s)
{
	unsigned long long epochs = member_count(knock, "epochs");
	unsigned long long budgeted = member_count(knock, "budgeted");
	char when[TEXT_SIZE];

	grid_text(grid, "knock");
	grid_text(grid, meaning_of(member_text(knock, "mode")));
	grid_text(grid, "knock keys");
	grid_format(grid, "%llu accepted, %llu of them by the budget; the newest made %s", epochs,
		budgeted, text_when(member_number(knock, "since"), now_s, when));
}

static void print_knock(const json_t *knock)
{
	static const struct grid_column columns[] = {{NULL, GRID_LEFT}, {NULL, GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	unsigned long long rotation_s = member_number(knock, "rotation_s");

	knock_add(&grid, knock, clock_now().realtime_ns / NS_PER_S);
	grid_text(&grid, "a new one");
	grid_format(&grid, "each %llu h %llu min, and when somebody who knows it goes",
		rotation_s / 3600, rotation_s % 3600 / 60);
	grid_text(&grid, "refused");
	grid_format(&grid, "%llu initiations without a knock, %llu beyond the budget",
		(unsigned long long)member_count(knock, "missing"),
		(unsigned long long)member_count(knock, "over_budget"));
	grid_print(&grid, stdout);
}

/* Devices that know no key: what the mode means to them. */
static void warn_without(const json_t *answer)
{
	const char *mode = member_text(answer, "mode");
	size_t index;
	json_t *name;

	if (strcmp(mode, "required") != 0)
		return;
	json_array_foreach(member_get(answer, "without"), index, name)
	{
		AUTO_TEXT char *text =
			text_escape(json_is_string(name) ? json_string_value(name) : "");
		printf("%s knows no knock key (stock WireGuard, or an older tacetd), and "
		       "cannot connect while it is required.\n",
			text);
	}
}

static enum cli_exit show(const struct cli *cli)
{
	json_auto_t *knock = NULL;

	enum cli_exit result = ask_get(cli, "/v1/knock", &knock);
	if (result != CLI_OK || cli->wants_json)
		return result == CLI_OK ? ask_print(knock) : result;
	print_knock(knock);
	return CLI_OK;
}

static enum cli_exit rotate(const struct cli *cli)
{
	json_auto_t *answer = NULL;

	enum cli_exit result = ask_act(cli, "POST", "/v1/knock/rotate", NULL, &answer);
	if (result != CLI_OK || cli->wants_json)
		return result == CLI_OK ? ask_print(answer) : result;
	puts("A new key is accepted, and devices are told.");
	return CLI_OK;
}

static enum cli_exit set(const struct cli *cli, const char *mode, uint64_t every_s)
{
	json_auto_t *answer = NULL;
	json_t *body = json_pack("{s:s*}", "mode", mode);

	if (every_s > 0)
		(void)json_object_set_new(
			body, "rotation_s", json_integer((json_int_t)every_s)); /* or no body */
	enum cli_exit result = ask_act(cli, "PUT", "/v1/knock", body, &answer);
	if (result != CLI_OK || cli->wants_json)
		return result == CLI_OK ? ask_print(answer) : result;
	printf("In force: %s.\n", meaning_of(member_text(answer, "mode")));
	warn_without(answer);
	return CLI_OK;
}

enum cli_exit cli_knock(const struct cli *cli, int argc, char **argv)
{
	const char *mode = NULL;
	uint64_t every_s = 0;
	bool rotates = false;
	const struct options_entry entries[] = {
		{.name = "mode", .kind = OPTIONS_TEXT, .ret = &mode},
		{.name = "every",
			.kind = OPTIONS_DURATION,
			.ret = &every_s,
			.greatest = ROTATION_MAX_S},
		{.name = "rotate", .kind = OPTIONS_FLAG, .ret = &rotates},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 0, 0};
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	if (rotates && (mode || every_s))
		return options_refuse(cli, "--rotate goes alone");
	if (rotates)
		return rotate(cli);
	return mode || every_s ? set(cli, mode, every_s) : show(cli);
}
