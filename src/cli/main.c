/* SPDX-License-Identifier: ISC */
/* tacet: the command line. What is common to all commands; see man/tacet.1. */
#include "base/error.h"
#include "base/log.h"
#include "cli/help.h"
#include "cli/table.h"
#include "policy/fault.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands before the command. */
struct globals {
	const char *config_path; /* NULL: not given */
	bool wants_json, wants_help, wants_version;
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

/* `word` is what was read, for people. */
static bool read_global(int option, const char *word, struct globals *globals)
{
	switch (option) {
	case 'c':
		globals->config_path = optarg;
		return true;
	case 'j':
		globals->wants_json = true;
		return true;
	case 'h':
		globals->wants_help = true;
		return true;
	case 'V':
		globals->wants_version = true;
		return true;
	case ':':
		log_err(0, "%s: its value is missing (see tacet --help)", word);
		return false;
	default:
		log_err(0, "%s is no option (see tacet --help)",
			policy_show(word, strlen(word)).text);
		return false;
	}
}

/* Takes --json and --help out of a command's own arguments, too: there people write them. */
static int take_common(int argc, char **argv, struct globals *globals)
{
	int kept = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			for (; i < argc; i++)
				argv[kept++] = argv[i];
		} else if (strcmp(argv[i], "--json") == 0) {
			globals->wants_json = true;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			globals->wants_help = true;
		} else {
			argv[kept++] = argv[i];
		}
	}
	argv[kept] = NULL;
	return kept;
}

/* The words are of no command. */
static enum cli_exit refuse_command(int argc, char **argv, bool wants_help)
{
	if (help_is_family(table_commands, argv[0]) && argc == 1) {
		help_print_family(table_commands, argv[0], wants_help ? stdout : stderr);
		return wants_help ? CLI_OK : CLI_USAGE;
	}
	const struct cli_entry *nearest = help_nearest(table_commands, argc, argv);
	const char *shown = argc > 1 && help_is_family(table_commands, argv[0]) ? argv[1] : argv[0];

	log_err(0, "%s is no command%s%s (tacet --help lists them)",
		policy_show(shown, strlen(shown)).text, nearest ? "; did you mean tacet " : "",
		nearest ? nearest->words : "");
	return CLI_USAGE;
}

static const char *choose_path(const struct globals *globals)
{
	const char *path = globals->config_path;

	if (!path)
		path = getenv("TACET_CONFIG");
	return path && *path ? path : CONFIG_PATH;
}

static enum cli_exit read_config(struct cli *cli)
{
	char text[CONFIG_ERROR_SIZE];

	config_default(&cli->config);
	int err = config_read(cli->config_path, &cli->config, text);
	cli->has_config = err == 0;
	if (err == 0 || err == -ENOENT)
		return CLI_OK;
	if (err == -EACCES) {
		log_err(err, "%s: cannot read the configuration: sudo tacet ...", cli->config_path);
		return CLI_NOT_ALLOWED;
	}
	if (err != ERR_SYNTAX)
		log_err(err, "%s: cannot read the configuration", cli->config_path);
	else
		(void)fprintf(stderr, "%s\n", text);
	return CLI_FAILED;
}

static enum cli_exit run(
	const struct cli_entry *entry, const struct globals *globals, int argc, char **argv)
{
	struct cli cli = {
		.wants_json = globals->wants_json,
		.config_path = choose_path(globals),
		.entry = entry,
	};

	enum cli_exit result = read_config(&cli);
	return result == CLI_OK ? entry->run(&cli, argc, argv) : result;
}

static enum cli_exit choose(struct globals *globals, int argc, char **argv)
{
	int count = 0;

	argc = take_common(argc, argv, globals);
	if (argc == 0) {
		help_print_all(table_commands, globals->wants_help ? stdout : stderr);
		return globals->wants_help ? CLI_OK : CLI_USAGE;
	}
	const struct cli_entry *entry = help_find(table_commands, argc, argv, &count);
	if (!entry)
		return refuse_command(argc, argv, globals->wants_help);
	if (!globals->wants_help)
		return run(entry, globals, argc - count + 1, argv + count - 1);
	if (argc == 1 && help_is_family(table_commands, argv[0]))
		help_print_family(table_commands, argv[0], stdout);
	help_print_entry(entry, stdout);
	return CLI_OK;
}

int main(int argc, char **argv)
{
	struct globals globals = {0};
	int option;

	log_start("tacet", LOG_LEVEL_INFO);
	while ((option = getopt_long(argc, argv, "+:hV", long_options, NULL)) != -1) {
		if (!read_global(option, argv[optind - 1], &globals))
			return CLI_USAGE;
	}
	enum cli_exit result = CLI_OK;
	if (globals.wants_version)
		puts("tacet " TACET_VERSION);
	else
		result = choose(&globals, argc - optind, argv + optind);
	if (fflush(stdout) != 0 && result == CLI_OK) {
		log_err(-errno, "cannot write all of the output");
		result = CLI_FAILED;
	}
	return (int)result;
}
