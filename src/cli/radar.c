/* SPDX-License-Identifier: ISC */
/* tacet radar: who looked at this host, with what, when; and what died silently. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/grid.h"
#include "cli/member.h"
#include "cli/options.h"
#include "cli/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	SINCE_MOST_S = 366 * 24 * 3600,
	LIVE_PAUSE_MS = 1000,
	LIVE_REMEMBERED = 4096, /* campaigns that were shown already */
	PORTS_TEXT_SIZE = 48,
};

struct question {
	uint64_t since_s; /* 0: ever */
	bool shows_all;	  /* also what has no name */
};

/* ---- words ---- */

static bool is_named(const json_t *sighting)
{
	return strcmp(member_text(sighting, "tool"), "unknown") != 0;
}

/* "22", "20-8080 (16)", "-". */
static char *ports_text(const json_t *sighting, char ret_text[static PORTS_TEXT_SIZE])
{
	const json_t *ports = member_get(sighting, "ports");
	unsigned long long least = member_number(ports, "least");
	unsigned long long greatest = member_number(ports, "greatest");

	if (!json_is_object(ports))
		(void)snprintf(ret_text, PORTS_TEXT_SIZE, "-");
	else if (least == greatest)
		(void)snprintf(ret_text, PORTS_TEXT_SIZE, "%llu", least);
	else
		(void)snprintf(ret_text, PORTS_TEXT_SIZE, "%llu-%llu (%llu)", least, greatest,
			(unsigned long long)member_number(ports, "count"));
	return ret_text; /* all of them fit */
}

static void add_sighting(struct grid *grid, const json_t *sighting, uint64_t now_s)
{
	char first[TEXT_SIZE], last[TEXT_SIZE], lasted[TEXT_SIZE], ports[PORTS_TEXT_SIZE];
	const json_t *rate = member_get(sighting, "rate");

	grid_text(grid, member_text(sighting, "source"));
	grid_format(grid, "%s %s", member_text(sighting, "tool"), member_text(sighting, "scan"));
	if (is_named(sighting))
		grid_format(
			grid, "%llu %%", (unsigned long long)member_number(sighting, "confidence"));
	else
		grid_text(grid, NULL);
	grid_text(grid, ports_text(sighting, ports));
	grid_format(grid, "%llu", (unsigned long long)member_number(sighting, "packets"));
	if (json_is_real(rate))
		grid_format(grid, "%.1f/s", json_real_value(rate));
	else
		grid_text(grid, NULL);
	grid_text(grid, text_utc(member_number(sighting, "first"), first));
	grid_text(grid, text_duration(member_number(sighting, "lasted_ms") / 1000, lasted));
	grid_text(grid, text_when(member_number(sighting, "last"), now_s, last));
}

/* ---- the summary ---- */

static bool is_wanted(const struct question *question, const json_t *sighting)
{
	return member_number(sighting, "last") >= question->since_s &&
	       (question->shows_all || is_named(sighting));
}

static const struct grid_column sighting_columns[] = {{"SOURCE", GRID_LEFT}, {"WHAT", GRID_LEFT},
	{"SURE", GRID_RIGHT}, {"PORTS", GRID_LEFT}, {"SAMPLED", GRID_RIGHT}, {"RATE", GRID_RIGHT},
	{"FIRST (UTC)", GRID_LEFT}, {"LASTED", GRID_LEFT}, {"LAST", GRID_LEFT}};

static void print_sightings(const struct question *question, const json_t *answer)
{
	AUTO_GRID struct grid grid = GRID(sighting_columns);
	const json_t *sightings = member_get(answer, "sightings");
	uint64_t now_s = clock_now().realtime_ns / NS_PER_S;
	size_t index, shown = 0, nameless = 0;
	json_t *sighting;

	json_array_foreach(sightings, index, sighting)
	{
		if (is_wanted(question, sighting)) {
			add_sighting(&grid, sighting, now_s);
			shown++;
		} else if (member_number(sighting, "last") >= question->since_s) {
			nameless++;
		}
	}
	if (shown > 0)
		grid_print(&grid, stdout);
	else
		puts("Nobody has looked at this host with a tool that is known here.");
	if (nameless > 0)
		printf("%zu more sources sent packets of no known tool: tacet radar --all\n",
			nameless);
}

/* Reasons that something died by. */
static void print_counters(const json_t *answer)
{
	static const struct grid_column columns[] = {
		{"DIED IN", GRID_LEFT}, {"REASON", GRID_LEFT}, {"PACKETS", GRID_RIGHT}};
	AUTO_GRID struct grid grid = GRID(columns);
	size_t index;
	json_t *counter;

	json_array_foreach(member_get(answer, "counters"), index, counter)
	{
		if (member_number(counter, "packets") == 0)
			continue;
		grid_text(&grid, member_text(counter, "place"));
		grid_text(&grid, member_text(counter, "reason"));
		grid_format(&grid, "%llu", (unsigned long long)member_number(counter, "packets"));
	}
	grid_text(&grid, "all");
	grid_text(&grid, NULL);
	grid_format(&grid, "%llu", (unsigned long long)member_number(answer, "died"));
	grid_print(&grid, stdout);
}

/* What keeps the radar from seeing, if anything. */
static void print_state(const json_t *radar)
{
	unsigned long long unsampled = member_number(radar, "unsampled");
	unsigned long long forgotten = member_number(radar, "forgotten");

	if (!member_is_true(radar, "on"))
		puts("The radar is off (tacet.conf: radar: off): packets are counted only.");
	else if (!member_is_true(radar, "up"))
		puts("The radar is DOWN: packets are counted only; the log says why.");
	else if (!member_is_true(radar, "hardened"))
		puts("This host is not hardened: strangers are answered, and not seen. tacet "
		     "harden");
	if (unsampled > 0)
		printf("%llu packets came too fast to be looked at; they are counted.\n",
			unsampled);
	if (forgotten > 0)
		printf("%llu sightings were forgotten to make room for others.\n", forgotten);
}

static void print_all(const struct question *question, const json_t *answer)
{
	print_sightings(question, answer);
	(void)putchar('\n');
	print_counters(answer);
	print_state(member_get(answer, "radar"));
}

/* Only what is wanted is left in the answer. */
static void thin_out(const struct question *question, json_t *answer)
{
	json_t *sightings = member_get(answer, "sightings");

	for (size_t i = json_array_size(sightings); i-- > 0;) {
		if (member_number(json_array_get(sightings, i), "last") < question->since_s)
			(void)json_array_remove(sightings, i); /* it is there */
	}
}

/* ---- live ---- */

/* Whether a campaign has gone on since it was shown last; it is now. */
static bool is_news(json_t *shown, const json_t *sighting)
{
	AUTO_TEXT char *key = text_format("%s %s %llu", member_text(sighting, "source"),
		member_text(sighting, "tool"),
		(unsigned long long)member_number(sighting, "first"));
	json_int_t packets = (json_int_t)member_number(sighting, "packets");

	json_int_t former = json_integer_value(json_object_get(shown, key));
	(void)json_object_set_new(shown, key, json_integer(packets)); /* or it is shown again */
	return former != packets;
}

/* Shows those that are new or have gone on, the oldest first. */
static void print_news(const struct question *question, const json_t *answer, json_t *shown)
{
	const json_t *sightings = member_get(answer, "sightings");
	char utc[TEXT_SIZE], ports[PORTS_TEXT_SIZE];

	for (size_t i = json_array_size(sightings); i-- > 0;) {
		const json_t *sighting = json_array_get(sightings, i);

		if (!is_wanted(question, sighting) || !is_news(shown, sighting))
			continue;
		printf("%s  %-39s %-11s %-9s ports %s, %llu sampled\n",
			text_utc(member_number(sighting, "last"), utc),
			member_text(sighting, "source"), member_text(sighting, "tool"),
			member_text(sighting, "scan"), ports_text(sighting, ports),
			(unsigned long long)member_number(sighting, "packets"));
	}
	(void)fflush(stdout); /* a closed pipe ends us at the next line */
}

/* Until it is ended, or tacetd is. */
static enum cli_exit follow(const struct cli *cli, const struct question *question)
{
	const struct timespec pause = {.tv_sec = LIVE_PAUSE_MS / 1000};
	json_auto_t *shown = json_object();

	for (;;) {
		json_auto_t *answer = NULL;
		enum cli_exit result = ask_get(cli, "/v1/radar", &answer);

		if (result != CLI_OK)
			return result;
		if (json_object_size(shown) > LIVE_REMEMBERED)
			(void)json_object_clear(shown); /* then some are shown again */
		print_news(question, answer, shown);
		(void)nanosleep(&pause, NULL); /* woken early: asks earlier */
	}
}

/* ---- the command ---- */

static enum cli_exit show(
	const struct cli *cli, const char *method, const struct question *question)
{
	json_auto_t *answer = NULL;
	enum cli_exit result = ask_act(cli, method, "/v1/radar", NULL, &answer);

	if (result != CLI_OK)
		return result;
	if (cli->wants_json) {
		thin_out(question, answer);
		return ask_print(answer);
	}
	print_all(question, answer);
	return CLI_OK;
}

enum cli_exit cli_radar(const struct cli *cli, int argc, char **argv)
{
	struct question question = {0};
	bool is_live = false, clears = false;
	uint64_t since_s = 0;
	const struct options_entry entries[] = {
		{.name = "live", .kind = OPTIONS_FLAG, .ret = &is_live},
		{.name = "all", .kind = OPTIONS_FLAG, .ret = &question.shows_all},
		{.name = "clear", .kind = OPTIONS_FLAG, .ret = &clears},
		{.name = "since",
			.kind = OPTIONS_DURATION,
			.ret = &since_s,
			.greatest = SINCE_MOST_S},
	};
	const struct options_table table = {entries, ARRAY_LENGTH(entries), 0, 0};
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	if (is_live && (clears || cli->wants_json))
		return options_refuse(cli, "--live goes with neither --clear nor --json");
	if (since_s > 0)
		question.since_s = clock_now().realtime_ns / NS_PER_S - since_s;
	if (is_live)
		return follow(cli, &question);
	return show(cli, clears ? "DELETE" : "GET", &question);
}
