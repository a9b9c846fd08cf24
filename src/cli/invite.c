/* SPDX-License-Identifier: ISC */
/* tacet invite, invite list, invite revoke. */
#include "base/clock.h"
#include "base/log.h"
#include "cli/act.h"
#include "cli/ask.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/options.h"
#include "cli/qr.h"
#include "cli/text.h"

#include <stdio.h>

enum {
	HOUR_S = 3600,
	DEFAULT_S = HOUR_S,
	LONGEST_S = 30 * 24 * HOUR_S,
};

struct invitation {
	const char *gateway; /* NULL: for a device */
	uint64_t expires_s;
	bool approve, qr;
};

static json_t *body_of(const struct invitation *invitation, const char *user)
{
	bool is_device = !invitation->gateway;
	json_t *body = json_pack("{s:s, s:I}", is_device ? "user" : "gateway",
		is_device ? user : invitation->gateway, "expires_s",
		(json_int_t)invitation->expires_s);

	if (body && invitation->approve)
		(void)json_object_set_new(body, "approve", json_true()); /* never fails */
	return body;
}

static void print_code(const char *token)
{
	int err = qr_print(token, stdout);

	if (err < 0)
		log_warn(err, "cannot draw a QR code; the token above is what counts");
	else
		(void)putchar('\n');
}

/* The token stands alone in its line, so that it can be copied, and cut out by programs. */
static void print_invite(
	const struct invitation *invitation, const char *subject, const json_t *answer)
{
	AUTO_TEXT char *token = text_escape(member_text(answer, "token"));
	uint64_t expires_s = member_number(answer, "expires");
	char when[TEXT_SIZE], utc[TEXT_SIZE];

	printf("%s\n\n", token);
	if (invitation->qr)
		print_code(token);
	printf("Invite %llu for %s %s, good once, expires %s (%s UTC).\n",
		(unsigned long long)member_number(answer, "id"),
		invitation->gateway ? "the gateway" : "a device of", subject,
		text_when(expires_s, clock_now().realtime_ns / NS_PER_S, when),
		text_utc(expires_s, utc));
	printf("It is a secret, and cannot be shown again. %s\n",
		invitation->gateway ? "On that host: tacet join TOKEN --endpoint HOST:PORT"
				    : "On the device: tacet join TOKEN");
	if (invitation->approve)
		printf("Then let it in: tacet device approve %s DEVICE\n", subject);
}

enum cli_exit cli_invite(const struct cli *cli, int argc, char **argv)
{
	struct invitation invitation = {.expires_s = DEFAULT_S};
	const struct options_entry entries[] = {
		{.name = "expires",
			.kind = OPTIONS_DURATION,
			.ret = &invitation.expires_s,
			.greatest = LONGEST_S},
		{.name = "approve", .kind = OPTIONS_FLAG, .ret = &invitation.approve},
		{.name = "qr", .kind = OPTIONS_FLAG, .ret = &invitation.qr},
		{.name = "gateway", .kind = OPTIONS_TEXT, .ret = &invitation.gateway},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 0, 1};
	json_auto_t *answer = NULL;
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	if (!words[0] == !invitation.gateway)
		return options_refuse(cli, "either a USER or --gateway NAME");
	enum cli_exit result =
		ask_act(cli, "POST", "/v1/invites", body_of(&invitation, words[0]), &answer);
	if (result != CLI_OK || cli->wants_json)
		return result == CLI_OK ? ask_print(answer) : result;
	print_invite(&invitation, words[0] ? words[0] : invitation.gateway, answer);
	return CLI_OK;
}

static void print_invites(const json_t *answer, char *const *words)
{
	static const struct grid_column columns[] = {{"ID", GRID_RIGHT}, {"KIND", GRID_LEFT},
		{"FOR", GRID_LEFT}, {"STATE", GRID_LEFT}, {"CREATED", GRID_LEFT},
		{"EXPIRES", GRID_LEFT}, {"APPROVAL", GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	uint64_t now_s = clock_now().realtime_ns / NS_PER_S;
	char when[TEXT_SIZE];
	size_t index;
	json_t *invite;

	(void)words; /* there are none */
	json_array_foreach(member_get(answer, "invites"), index, invite)
	{
		grid_format(&grid, "%llu", (unsigned long long)member_number(invite, "id"));
		grid_text(&grid, member_text(invite, "kind"));
		grid_text(&grid, member_text(invite, "subject"));
		grid_text(&grid, member_text(invite, "state"));
		grid_text(&grid, text_when(member_number(invite, "created"), now_s, when));
		grid_text(&grid, text_when(member_number(invite, "expires"), now_s, when));
		grid_text(&grid, member_is_true(invite, "needs_approval") ? "needed" : "");
	}
	grid_print(&grid, stdout);
}

enum cli_exit cli_invite_list(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {
		.method = "GET", .path = "/v1/invites", .takes_all = true, .print = print_invites};

	return act_run(cli, argc, argv, &act);
}

static void print_revoked(const json_t *answer, char *const *words)
{
	(void)answer; /* is empty */
	printf("Invite %s is revoked; its token opens nothing any more.\n", words[0]);
}

enum cli_exit cli_invite_revoke(const struct cli *cli, int argc, char **argv)
{
	static const struct act act = {.method = "DELETE",
		.path = "/v1/invites/{}",
		.operands = 1,
		.print = print_revoked};

	return act_run(cli, argc, argv, &act);
}
