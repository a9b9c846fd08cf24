/* SPDX-License-Identifier: ISC */
#include "controller/controller.h"

#include "base/error.h"
#include "base/log.h"
#include "controller/state.h"
#include "priv/sandbox.h"

#include <errno.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL_FOLDER "control" /* below state: the database, and what SQLite keeps beside it */

static int enter_sandbox(const struct config *config)
{
	char path[CONFIG_PATH_SIZE];
	const struct sandbox_folder folder = {
		.path = config_state_path(config, CONTROL_FOLDER, path), .access = SANDBOX_WRITE};
	const struct sandbox_config sandbox = {
		.profile = SANDBOX_CONTROL,
		.user = config->control_user[0] ? config->control_user : NULL,
		.folders = &folder,
		.folder_count = 1,
	};
	int result = sandbox_enter(&sandbox);

	if (result == SANDBOX_WITHOUT_LANDLOCK)
		log_warn(0, "this kernel has no Landlock: the control process is confined without");
	return result;
}

/* Each device that is connected holds a request open. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return; /* then what there is has to do */
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warn(-errno, "cannot raise the limit of open files: fewer devices can wait");
}

static int run(const struct config *config, uv_loop_t *loop, int channel_fd)
{
	struct controller controller;

	raise_descriptor_limit();
	int err = enter_sandbox(config);

	if (err < 0) {
		log_err(err, "cannot give up rights as %s", config->control_user);
		(void)close(channel_fd); /* nothing was said */
		return 1;
	}
	err = controller_open(&controller, config, loop);
	if (err < 0) {
		log_err(err, "cannot open the database in %s/" CONTROL_FOLDER, config->state);
		(void)close(channel_fd); /* nothing was said */
		return 1;
	}
	err = controller_greet(&controller, channel_fd);
	if (err < 0)
		controller_fail(&controller, err, "speak to the parent");
	else
		(void)uv_run(loop, UV_RUN_DEFAULT); /* until uv_stop() */
	controller_close(&controller);
	(void)uv_run(loop, UV_RUN_DEFAULT); /* until all is closed */
	return controller.result;
}

int controller_run(const struct config *config, int channel_fd)
{
	uv_loop_t loop;
	int err = uv_loop_init(&loop);

	if (err < 0) {
		log_err(err, "cannot make an event loop");
		(void)close(channel_fd); /* nothing was said */
		return 1;
	}
	int result = run(config, &loop, channel_fd);
	(void)uv_loop_close(&loop); /* the process ends */
	return result;
}
