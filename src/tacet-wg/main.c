/* SPDX-License-Identifier: ISC */
/* tacet-wg: one engine, driven by wg(8) through the userspace interface. See man/tacet-wg.8. */
#include "base/error.h"
#include "base/log.h"
#include "engine/uapi_server.h"
#include "engine/userspace/userspace.h"
#include "priv/background.h"
#include "tacet-wg/doorway.h"
#include "tacet-wg/knockfile.h"
#include "tacet-wg/options.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <uv.h>

struct program {
	struct options options;
	uv_loop_t loop;
	uv_signal_t signals[2];
	struct doorway doorway;
	struct engine *engine;
	struct uapi_server *server;
	int exit_code;
};

/* All handles are closed by this; the loop ends when they are. */
static void stop(struct program *program)
{
	uapi_server_close(program->server);
	program->server = NULL;
	if (program->engine)
		engine_stop(program->engine);
	doorway_close(&program->doorway);
	for (size_t i = 0; i < ARRAY_LENGTH(program->signals); i++) {
		if (!uv_is_closing((uv_handle_t *)&program->signals[i]))
			uv_close((uv_handle_t *)&program->signals[i], NULL);
	}
}

static void is_signalled(uv_signal_t *signal, int number)
{
	log_info(0, "%s: ended by signal %d",
		((struct program *)signal->data)->options.interface_name, number);
	stop(signal->data);
}

static void socket_is_removed(void *context)
{
	struct program *program = context;

	log_info(0, "%s: ended, as its socket was removed", program->options.interface_name);
	stop(program);
}

static void engine_has_ended(void *context, int err)
{
	struct program *program = context;

	if (err < 0) {
		log_err(err, "%s: packets cannot pass any more", program->options.interface_name);
		program->exit_code = EXIT_FAILURE;
	} else {
		log_info(0, "%s: ended, as the interface was deleted",
			program->options.interface_name);
	}
	stop(program);
}

/* What the usual reasons for a TUN device not to come into being ask for. */
static const char *advice(int err)
{
	if (err == -EPERM || err == -EACCES)
		return "; run it as root, or with CAP_NET_ADMIN";
	if (err == -EEXIST || err == -EBUSY)
		return "; an interface of this name is there already: see ip link show";
	if (err == -ENOENT || err == -ENODEV || err == -ENXIO)
		return "; there is no /dev/net/tun: load the tun module, or make it known here";
	return "";
}

static void open_engine(struct program *program)
{
	const struct options *options = &program->options;
	const struct engine_config config = {
		.interface_name = options->interface_name,
		.loop = &program->loop,
		.worker_count = options->worker_count,
		.cookies = options->cookies,
		.waits = options->waits,
		.state_directory = options->state_directory,
		.keeper = program->doorway.keeper,
		.is_hidden = options->is_hidden,
		.tap_program = options->is_hidden
				       ? door_tap_fd(doorman_door(program->doorway.doorman))
				       : -1,
		.ended = engine_has_ended,
		.context = program,
	};

	int err = engine_open_userspace(&config, &program->engine);
	if (err < 0)
		fatal(err, "%s: cannot create the interface%s", options->interface_name,
			advice(err));
}

/* What initiations must prove, and ours do, is in force before anybody can configure a key. */
static void set_knock(struct program *program)
{
	const char *path = program->options.knock_path;
	struct engine_change change = {0};
	unsigned line = 0;

	if (!path)
		return;
	int err = knockfile_read(path, &change, &line);
	if (err < 0 && line > 0)
		fatal(err, "%s:%u: not as in tacet-wg(8): mode, accept or send", path, line);
	if (err < 0)
		fatal(err, "cannot read %s", path);
	err = engine_configure(program->engine, &change);
	engine_change_done(&change);
	if (err < 0)
		fatal(err, "%s: two keys of one epoch, or too many", path);
}

static void open_server(struct program *program)
{
	const struct uapi_server_config config = {
		.loop = &program->loop,
		.interface_name = program->options.interface_name,
		.engine = program->engine,
		.removed = socket_is_removed,
		.context = program,
	};

	int err = uapi_server_open(&config, &program->server);
	if (err < 0)
		fatal(err, "%s: cannot listen for wg(8) on its socket",
			program->options.interface_name);
}

static void watch_signals(struct program *program)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		program->signals[i].data = program;
		int err = uv_signal_init(&program->loop, &program->signals[i]);
		if (err == 0)
			err = uv_signal_start(&program->signals[i], is_signalled, numbers[i]);
		if (err < 0)
			fatal(err, "cannot wait for signals");
	}
}

/* No core file with keys in it, and nothing that is executed gains rights. */
static void confine(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fatal(-errno, "cannot confine the process");
}

static void open_all(struct program *program)
{
	confine();
	int err = uv_loop_init(&program->loop);
	if (err < 0)
		fatal(err, "cannot make an event loop");
	doorway_open(&program->doorway, &program->options, &program->loop);
	open_engine(program);
	set_knock(program);
	open_server(program);
	watch_signals(program);
}

int main(int argc, char **argv)
{
	static struct program program;
	int ready = -1;

	options_read(argc, argv, &program.options);
	log_start("tacet-wg", program.options.log_level);
	if (!program.options.stays_in_foreground) {
		int err = background_begin(&ready);
		if (err < 0)
			fatal(err, "cannot go into the background");
	}
	open_all(&program);
	if (ready >= 0) {
		int err = background_ready(ready);
		if (err < 0)
			fatal(err, "cannot go into the background");
		log_to_syslog();
	}
	log_info(0, "%s: ready", program.options.interface_name);
	uv_run(&program.loop, UV_RUN_DEFAULT);
	engine_free(program.engine);
	keeper_free(program.doorway.keeper);
	uv_loop_close(&program.loop);
	return program.exit_code;
}
