/* SPDX-License-Identifier: ISC */
#include "tacetd/options.h"

#include "base/error.h"
#include "base/log.h"
#include "priv/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXIT_USAGE = 2,
};

static const char help[] =
	"tacetd: the daemon of a network that does not talk to strangers\n"
	"\n"
	"usage: tacetd [options]\n"
	"\n"
	"  -c, --config FILE     the configuration (default: $TACET_CONFIG, else " CONFIG_PATH ")\n"
	"  -f, --foreground      stay in the foreground and log to stderr\n"
	"  -h, --help            this text\n"
	"  -V, --version         the version\n"
	"\n"
	"tacet init or tacet join writes the configuration and starts it. SIGTERM ends it. See\n"
	"tacetd(8).\n";

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"foreground", no_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static void refuse(const char *what, const char *on)
{
	(void)fprintf(stderr, "tacetd: %s: %s (see tacetd --help)\n", on, what);
	exit(EXIT_USAGE);
}

static void print_and_exit(const char *text)
{
	(void)fputs(text, stdout);
	exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Absolute, as we will be somewhere else. */
static void set_path(struct options *options, const char *path)
{
	if (realpath(path, options->config_path))
		return;
	if (errno == ENOENT)
		fatal(-errno, "%s: there is no configuration: run tacet init or tacet join first",
			path);
	fatal(-errno, "%s: cannot find the configuration", path);
}

/* "engine FILE", "control FILE" and "radar FILE". */
static bool read_child(int argc, char **argv, struct options *options)
{
	static const struct {
		const char *word;
		enum options_process process;
	} rows[] = {
		{"engine", OPTIONS_ENGINE}, {"control", OPTIONS_CONTROL}, {"radar", OPTIONS_RADAR}};

	for (size_t i = 0; argc == 3 && i < ARRAY_LENGTH(rows); i++) {
		if (strcmp(argv[1], rows[i].word) != 0)
			continue;
		options->process = rows[i].process;
		set_path(options, argv[2]);
		return true;
	}
	return false;
}

static const char *default_path(void)
{
	const char *path = getenv("TACET_CONFIG");

	return path && *path ? path : CONFIG_PATH;
}

void options_read(int argc, char **argv, struct options *ret_options)
{
	const char *path = default_path();
	int option;

	*ret_options = (struct options){0};
	if (read_child(argc, argv, ret_options))
		return;
	while ((option = getopt_long(argc, argv, "c:fhV", long_options, NULL)) != -1) {
		if (option == 'c')
			path = optarg;
		else if (option == 'f')
			ret_options->stays_in_foreground = true;
		else if (option == 'h')
			print_and_exit(help);
		else if (option == 'V')
			print_and_exit("tacetd " TACET_VERSION "\n");
		else /* getopt_long() has said what is wrong */
			exit(EXIT_USAGE);
	}
	if (optind < argc)
		refuse("no words but options are expected", argv[optind]);
	set_path(ret_options, path);
}
