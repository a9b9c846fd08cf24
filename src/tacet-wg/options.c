/* SPDX-License-Identifier: ISC */
#include "tacet-wg/options.h"

#include "base/number.h"
#include "engine/userspace/timestampfile.h"
#include "net/tun.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXIT_USAGE = 2,
};

static const char help[] =
	"tacet-wg: a WireGuard interface in userspace that is silent to strangers\n"
	"\n"
	"usage: tacet-wg [options] INTERFACE\n"
	"\n"
	"  -f, --foreground      stay in the foreground and log to stderr\n"
	"      --workers N       threads that move packets, 1 to 16 (default 1)\n"
	"      --cookies WHEN    answer handshakes by cookie replies while under load:\n"
	"                        never (default: silence), familiar (to addresses from which\n"
	"                        a member has a session), or always (as stock WireGuard)\n"
	"      --knock FILE      what initiations must prove, and ours do; see tacet-wg(8)\n"
	"      --wait            call nobody: peers call us, and nothing is sent to one that\n"
	"                        was not heard for 18 s\n"
	"      --door WHERE      drop in the kernel what would be dropped here: off (default),\n"
	"                        auto, tc, xdp\n"
	"      --reception HOW   normal (default), or hidden: the kernel has no socket and no\n"
	"                        port, and drops all that comes for it\n"
	"  -h, --help            this text\n"
	"  -V, --version         the version\n"
	"\n"
	"environment: LOG_LEVEL (debug, verbose, info, error, silent), WG_PROCESS_FOREGROUND=1,\n"
	"TACET_STATE_DIRECTORY (default " TIMESTAMPFILE_DIRECTORY ")\n"
	"\n"
	"Then configure INTERFACE by wg(8) or wg-quick(8), and ip(8). See tacet-wg(8).\n";

static const struct {
	const char *word;
	enum log_level level;
} log_levels[] = {
	{"silent", LOG_LEVEL_SILENT},
	{"error", LOG_LEVEL_ERROR},
	{"warning", LOG_LEVEL_WARNING},
	{"info", LOG_LEVEL_INFO},
	{"verbose", LOG_LEVEL_DEBUG},
	{"debug", LOG_LEVEL_DEBUG},
};

enum {
	OPTION_WORKERS = 256,
	OPTION_COOKIES,
	OPTION_KNOCK,
	OPTION_WAIT,
	OPTION_DOOR,
	OPTION_RECEPTION,
};

static const struct option long_options[] = {
	{"foreground", no_argument, NULL, 'f'},
	{"workers", required_argument, NULL, OPTION_WORKERS},
	{"cookies", required_argument, NULL, OPTION_COOKIES},
	{"knock", required_argument, NULL, OPTION_KNOCK},
	{"wait", no_argument, NULL, OPTION_WAIT},
	{"door", required_argument, NULL, OPTION_DOOR},
	{"reception", required_argument, NULL, OPTION_RECEPTION},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{0},
};

static void refuse(const char *what, const char *on)
{
	(void)fprintf(stderr, "tacet-wg: %s: %s (see tacet-wg --help)\n", on, what);
	exit(EXIT_USAGE);
}

static enum log_level read_log_level(const char *word)
{
	for (size_t i = 0; word && i < ARRAY_LENGTH(log_levels); i++) {
		if (strcmp(word, log_levels[i].word) == 0)
			return log_levels[i].level;
	}
	return LOG_LEVEL_INFO; /* unknown words are no reason not to start */
}

static unsigned read_workers(const char *text)
{
	uint64_t number = 0;

	if (number_parse(text, strlen(text), TUN_QUEUES_MAX, &number) < 0 || number == 0)
		refuse("--workers takes a number from 1 to 16", text);
	return (unsigned)number;
}

static enum cookie_policy read_cookies(const char *text)
{
	if (strcmp(text, "always") == 0)
		return COOKIES_ALWAYS;
	if (strcmp(text, "familiar") == 0)
		return COOKIES_FAMILIAR;
	if (strcmp(text, "never") != 0)
		refuse("--cookies takes never, familiar or always", text);
	return COOKIES_NEVER;
}

static enum options_door read_door(const char *text)
{
	static const char *const words[] = {
		[OPTIONS_DOOR_OFF] = "off",
		[OPTIONS_DOOR_AUTO] = "auto",
		[OPTIONS_DOOR_TC] = "tc",
		[OPTIONS_DOOR_XDP] = "xdp",
	};

	for (unsigned i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strcmp(text, words[i]) == 0)
			return (enum options_door)i;
	}
	refuse("--door takes off, auto, tc or xdp", text);
	return OPTIONS_DOOR_OFF;
}

static bool read_reception(const char *text)
{
	if (strcmp(text, "hidden") == 0)
		return true;
	if (strcmp(text, "normal") != 0)
		refuse("--reception takes normal or hidden", text);
	return false;
}

static bool environment_is_set(const char *name)
{
	const char *value = getenv(name);

	return value && strcmp(value, "1") == 0;
}

/* The process goes to / in the background: what is relative would be somewhere else then. */
static const char *read_state_directory(const char *path)
{
	if (!path || !*path)
		return TIMESTAMPFILE_DIRECTORY;
	if (*path != '/')
		refuse("TACET_STATE_DIRECTORY is an absolute path", path);
	return path;
}

static void read_environment(struct options *options)
{
	options->stays_in_foreground = environment_is_set("WG_PROCESS_FOREGROUND");
	options->log_level = read_log_level(getenv("LOG_LEVEL"));
	options->state_directory = read_state_directory(getenv("TACET_STATE_DIRECTORY"));
}

static void print_and_exit(const char *text)
{
	(void)fputs(text, stdout);
	exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void read_option(int option, struct options *options)
{
	switch (option) {
	case 'f':
		options->stays_in_foreground = true;
		break;
	case OPTION_WORKERS:
		options->worker_count = read_workers(optarg);
		break;
	case OPTION_COOKIES:
		options->cookies = read_cookies(optarg);
		break;
	case OPTION_KNOCK:
		options->knock_path = optarg;
		break;
	case OPTION_WAIT:
		options->waits = true;
		break;
	case OPTION_DOOR:
		options->door = read_door(optarg);
		break;
	case OPTION_RECEPTION:
		options->is_hidden = read_reception(optarg);
		break;
	case 'h':
		print_and_exit(help);
		break;
	case 'V':
		print_and_exit("tacet-wg " TACET_VERSION "\n");
		break;
	default: /* getopt_long() has said what is wrong */
		exit(EXIT_USAGE);
	}
}

void options_read(int argc, char **argv, struct options *ret_options)
{
	struct options options = {.worker_count = 1, .cookies = COOKIES_NEVER};
	int option;

	read_environment(&options);
	while ((option = getopt_long(argc, argv, "fhV", long_options, NULL)) != -1)
		read_option(option, &options);
	if (optind == argc)
		refuse("which interface?", "INTERFACE is missing");
	if (optind + 1 < argc)
		refuse("one interface at a time", argv[optind + 1]);
	options.interface_name = argv[optind];
	if (tun_name_check(options.interface_name) < 0)
		refuse("an interface name is 1 to 15 of [a-zA-Z0-9_=+.-]", options.interface_name);
	*ret_options = options;
}
