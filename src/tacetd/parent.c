/* SPDX-License-Identifier: ISC */
/* Life of the parent, and of the control process. */
#include "tacetd/parent.h"

#include "base/error.h"
#include "base/log.h"
#include "harden/harden.h"
#include "priv/background.h"
#include "tacetd/notify.h"
#include "tacetd/parent_state.h"
#include "tacetd/pidfile.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MUTE_CHECKS_MAX = 4, /* a child may take so long to end, in PARENT_CHECK_MS */
};

/* ---- what others ask for ---- */

void parent_report(struct parent *parent, const char *what)
{
	struct message_text text = {0};

	parent->repaired++;
	log_warn(0, "found and repaired: %s", what);
	(void)snprintf(text.text, sizeof text.text, "%s", what); /* may be cut */
	if (parent->control.channel)
		channel_send(parent->control.channel, MESSAGE_REPORT, &text, 1);
}

void parent_end_child(struct child *child)
{
	if (child == &child->parent->engine)
		child->parent->is_engine_ready = false; /* nothing can be said to it any more */
	channel_close(child->channel);
	child->channel = NULL;
	pid_t pid = child->process ? process_pid(child->process) : 0;
	if (pid > 0)
		(void)kill(pid, SIGKILL); /* it is our child until it is waited for, so it is it */
}

void parent_child_is_mute(struct child *child)
{
	channel_close(child->channel);
	child->channel = NULL;
	child->mute_checks = 1;
}

/* Ends a child that has closed its channel and does not end by itself. */
static void check_mute(struct child *child)
{
	if (child->mute_checks > 0 && ++child->mute_checks > MUTE_CHECKS_MAX)
		parent_end_child(child);
}

/* From here on errors go to the log, and who started us goes on. */
static void let_go(struct parent *parent)
{
	if (parent->ready_fd < 0)
		return;
	int err = background_ready(parent->ready_fd);
	parent->ready_fd = -1;
	if (err < 0) {
		log_err(err, "cannot go into the background");
		parent_stop(parent, 1);
		return;
	}
	log_to_syslog();
}

/* Ready is: control has its sockets, the engine its key, and the first plan was answered. */
void parent_look_ready(struct parent *parent)
{
	if (parent->is_ready || parent->is_stopping || !parent->is_engine_ready ||
		parent->is_applying || parent->done.version == 0)
		return;
	parent->is_ready = true;
	let_go(parent);
	notify_say("READY=1");
	log_info(0, "%s: ready", parent->config->interface);
}

/* ---- control ---- */

static void (*const hear[MESSAGE_TYPES])(
	struct parent *parent, const struct channel_message *message) = {
	[MESSAGE_TUNNEL] = parent_hear_tunnel,
	[MESSAGE_PLAN_BEGIN] = parent_hear_plan,
	[MESSAGE_PLAN_PEERS] = parent_hear_plan,
	[MESSAGE_PLAN_PREFIXES] = parent_hear_plan,
	[MESSAGE_PLAN_ROLES] = parent_hear_plan,
	[MESSAGE_PLAN_DEVICES] = parent_hear_plan,
	[MESSAGE_PLAN_SERVICES] = parent_hear_plan,
	[MESSAGE_PLAN_GRANTS] = parent_hear_plan,
	[MESSAGE_PLAN_NAMES] = parent_hear_plan,
	[MESSAGE_PLAN_END] = parent_hear_plan,
	[MESSAGE_STATUS_ASK] = parent_hear_ask,
};

static void is_received(void *context, const struct channel_message *message)
{
	struct parent *parent = context;

	for (unsigned i = 0; i < message->fd_count; i++)
		(void)close(message->fds[i]); /* it has none to give */
	if (hear[message->head.type])
		hear[message->head.type](parent, message);
}

static void channel_has_ended(void *context, int err)
{
	struct parent *parent = context;

	if (err == 0) {
		parent_child_is_mute(&parent->control);
		return;
	}
	log_err(err, "the control process says what it may not");
	parent_end_child(&parent->control);
}

static void control_is_started(void *context, int channel_fd)
{
	struct parent *parent = context;
	const struct channel_config config = {
		.loop = &parent->loop,
		.fd = channel_fd,
		.sender = MESSAGE_FROM_C,
		.received = is_received,
		.ended = channel_has_ended,
		.context = parent,
	};

	int err = channel_open(&config, &parent->control.channel);
	if (err < 0) {
		log_err(err, "cannot speak to the control process");
		parent_end_child(&parent->control);
	}
}

static void control_has_ended(void *context, int exit_code, int signal)
{
	struct parent *parent = context;

	channel_close(parent->control.channel);
	parent->control.channel = NULL;
	parent->control.mute_checks = 0;
	parent_plan_without_control(parent);
	parent->ask_count = 0; /* who asked is gone */
	if (!parent->is_stopping || signal)
		log_err(0, "the control process has ended (%s %d)%s", signal ? "signal" : "code",
			signal ? signal : exit_code,
			parent->is_stopping || !parent->is_ready ? "" : "; it is started again");
	if (!parent->is_ready)
		parent_stop(parent, 1);
	if (!parent->is_stopping)
		return;
	process_free(parent->control.process);
	parent->control.process = NULL;
	parent_stop(parent, 0);
}

static int start_control(struct parent *parent)
{
	const struct process_config config = {
		.loop = &parent->loop,
		.title = "control",
		.config_path = parent->config->path,
		.error_fd = parent->logpipe ? logpipe_fd(parent->logpipe) : 0,
		.started = control_is_started,
		.ended = control_has_ended,
		.context = parent,
	};

	return process_start(&config, &parent->control.process);
}

/* ---- the end ---- */

static void close_handles(struct parent *parent)
{
	for (size_t i = 0; i < ARRAY_LENGTH(parent->signals); i++)
		uv_close((uv_handle_t *)&parent->signals[i], NULL);
	uv_close((uv_handle_t *)&parent->timer, NULL);
	logpipe_close(parent->logpipe);
	parent->logpipe = NULL;
}

/* Called again as each child has ended; the loop ends when both have, and the handles are closed.
 */
void parent_stop(struct parent *parent, int exit_code)
{
	if (exit_code)
		parent->exit_code = exit_code;
	if (!parent->is_stopping) {
		parent->is_stopping = true;
		notify_say("STOPPING=1");
		if (parent->control.process) /* it ends by this, with its database in order */
			parent_child_is_mute(&parent->control);
		if (parent->control.process)
			process_stop(parent->control.process, PARENT_PATIENCE_MS);
		if (parent->engine.process)
			process_stop(parent->engine.process, PARENT_PATIENCE_MS);
	}
	if (parent->control.process || parent->engine.process ||
		uv_is_closing((uv_handle_t *)&parent->timer))
		return;
	close_handles(parent);
}

static void is_signalled(uv_signal_t *signal, int number)
{
	struct parent *parent = signal->data;

	if (number == SIGHUP) {
		log_info(0, "SIGHUP means nothing here: what is changed by tacet is in force at "
			    "once, and the configuration is read at the start");
		return;
	}
	log_info(0, "%s: ended by signal %d", parent->config->interface, number);
	parent_stop(parent, 0);
}

/* ---- hardening ---- */

static struct harden_place harden_place_of(const struct config *config)
{
	return (struct harden_place){
		.state = config->state,
		.tunnel = config->interface,
		.port = config->listen,
		.mark = config->mark,
	};
}

/* What was confirmed holds where others have taken rules out, and at interfaces that came later. */
static void follow_hardening(struct parent *parent)
{
	const struct harden_place place = harden_place_of(parent->config);
	char error[HARDEN_ERROR_SIZE];

	int result = harden_follow(&place, &parent->seen, error);
	if (result > 0)
		parent_report(parent, "the hardening of this host was not in force, or not at all "
				      "of its interfaces");
	if (result < 0 && !parent->has_hardening_failed)
		log_err(result, "the hardening of this host cannot be put in force again%s%s",
			*error ? ": " : "", error);
	parent->has_hardening_failed = result < 0;
}

/* ---- the beginning ---- */

static void check_is_due(uv_timer_t *timer)
{
	struct parent *parent = timer->data;

	parent_plan_check(parent);
	if (++parent->checks % PARENT_CHECKS_TUNNEL == 0) {
		parent_check_tunnel(parent);
		follow_hardening(parent);
	}
	check_mute(&parent->control);
	check_mute(&parent->engine);
}

static void watch(struct parent *parent)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	int err = uv_timer_init(&parent->loop, &parent->timer);

	assert(err == 0); /* cannot fail */
	parent->timer.data = parent;
	err = uv_timer_start(&parent->timer, check_is_due, PARENT_CHECK_MS, PARENT_CHECK_MS);
	assert(err == 0);
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		parent->signals[i].data = parent;
		err = uv_signal_init(&parent->loop, &parent->signals[i]);
		if (err == 0)
			err = uv_signal_start(&parent->signals[i], is_signalled, numbers[i]);
		if (err < 0)
			fatal(err, "cannot wait for signals");
	}
}

/* A folder, made where it is not there. */
static void make_folder(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat status;

	if (mkdir(path, mode) < 0 && errno != EEXIST)
		fatal(-errno, "%s: cannot make the folder", path);
	if (lstat(path, &status) < 0 || !S_ISDIR(status.st_mode))
		fatal(-ENOTDIR, "%s: cannot use the folder", path);
	if (status.st_uid != uid && lchown(path, uid, gid) < 0)
		fatal(-errno, "%s: cannot give the folder to user %u", path, (unsigned)uid);
}

static void make_folders(const struct config *config)
{
	char path[CONFIG_PATH_SIZE];
	const struct passwd *engine = getpwnam(config->engine_user);

	if (!engine)
		fatal(ERR_NOT_FOUND, "there is no user %s: tacet init or tacet join makes it",
			config->engine_user);
	make_folder(config->run, 0755, 0, 0);
	make_folder(config->state, 0755, 0, 0);
	make_folder(config_state_path(config, CONFIG_ENGINE_FOLDER, path), 0700, engine->pw_uid,
		engine->pw_gid);
}

/* Refuses to be the second one. */
static void lock(struct parent *parent)
{
	char path[CONFIG_PATH_SIZE];
	pid_t other = 0;

	int err = pidfile_lock(
		config_run_path(parent->config, CONFIG_PID, path), &parent->pid_fd, &other);
	if (err == -EWOULDBLOCK)
		fatal(0, "%s: it is running already, as process %d: end it first (kill %d)",
			parent->config->path, (int)other, (int)other);
	if (err < 0)
		fatal(err, "%s: cannot lock the file", path);
}

static void listen_locally(struct parent *parent)
{
	char path[CONFIG_PATH_SIZE];

	listeners_init(&parent->listeners);
	int err = listeners_open_local(
		&parent->listeners, config_run_path(parent->config, CONFIG_SOCKET, path));
	if (err < 0)
		fatal(err, "%s: cannot listen for tacet(1)", path);
}

/*
 * Hardening that was confirmed is in force before anything of ours is, also where no systemd has
 * seen to it. A daemon on a host that others reach is worse than none.
 */
static void load_hardening(const struct config *config)
{
	const struct harden_place place = harden_place_of(config);
	char error[HARDEN_ERROR_SIZE];
	int result = harden_load(&place, error);

	if (result < 0)
		fatal(result,
			"the hardening of this host cannot be put in force%s%s (tacet harden "
			"--show; --undo gives it up)",
			*error ? ": " : "", error);
	if (result > 0)
		log_info(0, "this host is hardened");
}

static void open_all(struct parent *parent)
{
	int err = uv_loop_init(&parent->loop);

	if (err < 0)
		fatal(err, "cannot make an event loop");
	watch(parent);
	if (parent->ready_fd >= 0)
		err = logpipe_open(&parent->loop, &parent->logpipe);
	if (err < 0)
		fatal(err, "cannot make a pipe for the log");
	err = parent_plan_open(parent);
	if (err < 0)
		fatal(err, "cannot speak to the firewall");
	listen_locally(parent);
	err = start_control(parent);
	if (err < 0)
		fatal(err, "cannot start the control process");
}

/* Nothing of ours is left but what holds the rules in force. */
static void close_all(struct parent *parent)
{
	char path[CONFIG_PATH_SIZE];

	parent_plan_close(parent);
	parent_remove_tunnel(parent);
	listeners_done(&parent->listeners);
	(void)unlink(config_run_path(parent->config, CONFIG_SOCKET, path)); /* stale at worst */
	(void)unlink(config_run_path(parent->config, CONFIG_PID, path));
	(void)close(parent->pid_fd); /* what was written was checked then */
}

int parent_run(const struct config *config, bool stays_in_foreground)
{
	static struct parent parent = {.ready_fd = -1};

	parent.config = config;
	parent.control.parent = parent.engine.parent = &parent;
	if (geteuid() != 0)
		fatal(-EPERM, "it makes interfaces and firewall rules, so start it as root");
	if (prctl(PR_SET_DUMPABLE, 0) < 0) /* keys pass through it */
		fatal(-errno, "cannot confine the process");
	make_folders(config);
	lock(&parent);
	load_hardening(config);
	int err = stays_in_foreground ? 0 : background_begin(&parent.ready_fd);
	if (err == 0)
		err = pidfile_write(parent.pid_fd);
	if (err < 0)
		fatal(err, "cannot go into the background, or write the pid file");
	open_all(&parent);
	uv_run(&parent.loop, UV_RUN_DEFAULT);
	close_all(&parent);
	uv_loop_close(&parent.loop);
	return parent.exit_code;
}
