/* SPDX-License-Identifier: ISC */
/* tacetd: which process we are, and what it is called in the log. See man/tacetd.8. */
#include "base/error.h"
#include "base/log.h"
#include "client/follower.h"
#include "controller/controller.h"
#include "priv/process.h"
#include "tacetd/engineprocess.h"
#include "tacetd/options.h"
#include "tacetd/parent.h"
#include "tacetd/radarprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

static int run_parent(const struct config *config, const struct options *options)
{
	return parent_run(config, options->stays_in_foreground);
}

static int run_engine(const struct config *config, const struct options *options)
{
	(void)options;
	return engineprocess_run(config, PROCESS_CHANNEL_FD);
}

/*
 * It ends by its channel, so that its database is closed in order: also when SIGINT from a terminal
 * reaches all of us, or the parent says SIGTERM. SIGKILL follows if that takes too long.
 */
static void ignore_signals(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	(void)sigaction(SIGTERM, &ignore, NULL); /* they are signals, and this is an action */
	(void)sigaction(SIGINT, &ignore, NULL);
}

static int run_control(const struct config *config, const struct options *options)
{
	(void)options;
	ignore_signals();
	return config->role == CONFIG_SERVER ? controller_run(config, PROCESS_CHANNEL_FD)
					     : follower_run(config, PROCESS_CHANNEL_FD);
}

static int run_radar(const struct config *config, const struct options *options)
{
	(void)options;
	return radarprocess_run(config, PROCESS_CHANNEL_FD);
}

static const struct {
	const char *name;  /* in the log */
	const char *title; /* of the process, at most 15 bytes: its file would be "exe" */
	int (*run)(const struct config *config, const struct options *options);
} processes[] = {
	[OPTIONS_PARENT] = {"tacetd", "tacetd", run_parent},
	[OPTIONS_ENGINE] = {"tacetd engine", "tacetd-engine", run_engine},
	[OPTIONS_CONTROL] = {"tacetd control", "tacetd-control", run_control},
	[OPTIONS_RADAR] = {"tacetd radar", "tacetd-radar", run_radar},
};

static void read_config(const char *path, struct config *ret_config)
{
	char error[CONFIG_ERROR_SIZE];
	int err = config_read(path, ret_config, error);

	if (err == ERR_SYNTAX)
		fatal(0, "the configuration is wrong: %s", error);
	if (err < 0)
		fatal(err, "%s: cannot read the configuration", path);
}

int main(int argc, char **argv)
{
	static struct config config;
	static struct options options;

	log_start("tacetd", LOG_LEVEL_INFO);
	options_read(argc, argv, &options);
	log_start(processes[options.process].name, LOG_LEVEL_INFO);
	(void)prctl(PR_SET_NAME, processes[options.process].title); /* it has no reason to fail */
	if (options.process != OPTIONS_PARENT && fcntl(PROCESS_CHANNEL_FD, F_GETFD) < 0)
		fatal(0, "%s is started by tacetd itself only", argv[1]);
	read_config(options.config_path, &config);
	log_start(processes[options.process].name, config.log);
	return processes[options.process].run(&config, &options);
}
