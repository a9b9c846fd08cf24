/* SPDX-License-Identifier: ISC */
#include "tacetd/engineprocess.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/uapi_server.h"
#include "engine/userspace/userspace.h"
#include "priv/channel.h"
#include "priv/sandbox.h"
#include "tacetd/enginestatus.h"
#include "tacetd/peerlist.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

struct self {
	const struct config *config;
	char folder[CONFIG_PATH_SIZE]; /* of the timestamps */
	uv_loop_t loop;
	uv_signal_t signals[2];
	uv_timer_t timer;
	struct channel *channel;
	struct engine *engine;	    /* NULL: we do not know yet who we are */
	struct keeper *keeper;	    /* NULL: there is no door in the kernel */
	int tap_program;	    /* of hidden reception, while sockets are opened; -1: none */
	struct uapi_server *server; /* NULL: wg(8) is not served */
	uint8_t public_key[MESSAGE_KEY_SIZE];
	struct peerlist *peers;	 /* as it should be; NULL: nobody has said yet */
	struct peerlist *coming; /* on its way */
	int fault;		 /* of what is on its way */
	bool is_stopping;
	int exit_code;
};

/* ---- the end ---- */

static void close_handle(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* The loop ends when all handles are closed. */
static void stop(struct self *self, int exit_code)
{
	if (self->is_stopping)
		return;
	self->is_stopping = true;
	self->exit_code = exit_code;
	uapi_server_close(self->server);
	self->server = NULL;
	if (self->engine)
		engine_stop(self->engine);
	channel_close(self->channel);
	self->channel = NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(self->signals); i++)
		close_handle((uv_handle_t *)&self->signals[i], NULL);
	close_handle((uv_handle_t *)&self->timer, NULL);
}

static void is_signalled(uv_signal_t *signal, int number)
{
	(void)number;
	stop(signal->data, EXIT_SUCCESS);
}

static void engine_has_ended(void *context, int err)
{
	struct self *self = context;

	if (err < 0)
		log_err(err, "%s: packets cannot pass any more", self->config->interface);
	else
		log_warn(0, "%s: the interface was deleted", self->config->interface);
	stop(self, EXIT_FAILURE);
}

static void channel_has_ended(void *context, int err)
{
	if (err < 0)
		log_err(err, "the channel to the parent broke");
	stop(context, err < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- peers ---- */

static void report(void *context, const char *what)
{
	struct self *self = context;
	struct message_text text = {0};

	(void)snprintf(text.text, sizeof text.text, "%s: %s", self->config->interface,
		what); /* may be cut */
	channel_send(self->channel, MESSAGE_ENGINE_REPORT, &text, 1);
}

/* Leads the engine to self->peers. What was changed is counted in *ret_done. */
static int put_right(struct self *self, const struct peerlist *former, peerlist_report *told,
	struct message_done *ret_done)
{
	const struct peerlist_question question = {
		self->peers, former, self->public_key, told, self};
	struct peerlist_difference difference;

	peerlist_compare(&question, self->engine, &difference);
	int err = 0;
	if (difference.has_any)
		err = engine_configure(self->engine, &difference.change);
	engine_change_done(&difference.change);
	ret_done->added = difference.added;
	ret_done->deleted = difference.deleted;
	if (!difference.has_other_key)
		return err;
	report(self, "the private key was changed: the engine begins anew");
	stop(self, EXIT_FAILURE);
	return err;
}

static void check_is_due(uv_timer_t *timer)
{
	struct self *self = timer->data;
	struct message_done done;

	if (!self->peers)
		return;
	int err = put_right(self, self->peers, report, &done);
	if (err < 0 && !self->is_stopping)
		log_err(err, "%s: the peers cannot be put right", self->config->interface);
}

static void begin_peers(struct self *self, const struct channel_message *message)
{
	peerlist_free(self->coming);
	self->coming = peerlist_new(message->records);
	self->fault = 0;
}

/* Keeps the first fault of what is on its way. */
static void note(struct self *self, int result)
{
	if (result < 0 && self->fault == 0)
		self->fault = result;
}

static void take_peers(struct self *self, const struct channel_message *message)
{
	if (self->coming)
		note(self, peerlist_add_peers(self->coming, message->records, message->head.count));
}

static void take_prefixes(struct self *self, const struct channel_message *message)
{
	if (self->coming)
		note(self,
			peerlist_add_prefixes(self->coming, message->records, message->head.count));
}

static void take_knocks(struct self *self, const struct channel_message *message)
{
	if (self->coming)
		note(self,
			peerlist_add_knocks(self->coming, message->records, message->head.count));
}

/* Takes the list over that is whole now. -errno: the former one is in force. */
static int take_over(struct self *self, struct message_done *ret_done)
{
	struct peerlist *former = self->peers;

	if (!self->coming)
		return -EPROTO;
	note(self, peerlist_end(self->coming));
	if (self->fault) {
		peerlist_free(self->coming);
		self->coming = NULL;
		return self->fault;
	}
	self->peers = self->coming;
	self->coming = NULL;
	int err = put_right(self, former, NULL, ret_done);
	peerlist_free(former);
	return err;
}

static void end_peers(struct self *self, const struct channel_message *message)
{
	const struct message_plan *head = message->records;
	struct message_done done = {.version = head->version};

	done.error = take_over(self, &done);
	if (done.error < 0)
		(void)snprintf(done.text, sizeof done.text, "%s: the engine's peers: %s",
			self->config->interface, err_str(done.error)); /* fits */
	if (self->channel)
		channel_send(self->channel, MESSAGE_PEERS_DONE, &done, 1);
}

static void answer_status(struct self *self, const struct channel_message *message)
{
	const struct message_ask *ask = message->records;

	enginestatus_send(self->engine, self->channel, ask->nonce);
}

static void answer_radar(struct self *self, const struct channel_message *message)
{
	const struct message_radar_ask *ask = message->records;

	enginestatus_send_drops(self->engine, self->channel, ask->nonce);
}

/* ---- the beginning ---- */

/* What the usual reasons for a device not to be had ask for. */
static const char *advice(int err)
{
	if (err == -EBUSY)
		return "; another process moves its packets: is another daemon running on it?";
	if (err == -EINVAL)
		return "; it is of another kind: see ip -details link, and ip link delete";
	if (err == -ENOENT || err == -ENODEV || err == -ENXIO)
		return "; there is no /dev/net/tun, or the interface was deleted";
	return "";
}

static const enum cookie_policy cookie_policies[] = {
	[CONFIG_COOKIES_NEVER] = COOKIES_NEVER,
	[CONFIG_COOKIES_FAMILIAR] = COOKIES_FAMILIAR,
	[CONFIG_COOKIES_ALWAYS] = COOKIES_ALWAYS,
};
/* The memory of the door, while we may still map what we were given. */
static void open_keeper(struct self *self, const struct channel_message *message)
{
	const struct message_engine *begin = message->records;

	if (begin->door_processors == 0 || message->fd_count < MESSAGE_DOOR_MAPS)
		return;
	const struct keeper_maps maps = {
		.shared_fd = message->fds[MESSAGE_DOOR_SHARED],
		.live_fd = message->fds[MESSAGE_DOOR_LIVE],
		.counts_fd = message->fds[MESSAGE_DOOR_COUNTS],
		.live_bits = begin->door_live_bits,
		.processors = begin->door_processors,
	};
	int err = keeper_new(&maps, begin->workers, &self->keeper);
	if (err < 0)
		fatal(err, "%s: cannot map the memory of the door in the kernel",
			self->config->interface);
}

static void open_engine(struct self *self, const struct message_engine *begin)
{
	const struct engine_config config = {
		.interface_name = self->config->interface,
		.loop = &self->loop,
		.worker_count = begin->workers,
		.attaches = true,
		.cookies = cookie_policies[self->config->cookies],
		.state_directory = self->folder,
		.keeper = self->keeper,
		.is_hidden = self->config->reception == CONFIG_RECEPTION_HIDDEN,
		.tap_program = self->tap_program,
		.ended = engine_has_ended,
		.context = self,
	};
	const struct engine_change sockets = {
		.sets_mark = true,
		.mark = begin->mark,
		.sets_listen_port = true,
		.listen_port = begin->listen_port,
		.sets_knock_gate = true, /* until the first peers, nobody may call */
		.knock_mode = KNOCK_REQUIRED,
	};

	int err = engine_open_userspace(&config, &self->engine);
	if (err < 0)
		fatal(err, "%s: cannot open the interface%s", config.interface_name, advice(err));
	err = engine_configure(self->engine, &sockets);
	if (err < 0)
		fatal(err, "%s: cannot open UDP port %u%s", config.interface_name,
			begin->listen_port, err == -EADDRINUSE ? "; see who has it: ss -ulpn" : "");
}

/* Without it all works but wg(8). Its file goes when the parent removes it, or with the next one.
 */
static void socket_is_removed(void *context)
{
	const struct self *self = context;

	log_info(0, "%s: the socket for wg(8) was removed", self->config->interface);
}

static void open_server(struct self *self)
{
	const struct uapi_server_config config = {
		.loop = &self->loop,
		.interface_name = self->config->interface,
		.engine = self->engine,
		.removed = socket_is_removed,
		.context = self,
	};

	int err = uapi_server_open(&config, &self->server);
	if (err < 0)
		log_warn(err, "%s: wg(8) cannot be served", self->config->interface);
}

/* All sockets are open. From here on there is only what we hold, and one folder. */
static void confine(const struct self *self)
{
	const struct sandbox_folder folder = {self->folder, SANDBOX_WRITE};
	const struct sandbox_config config = {
		.profile = SANDBOX_ENGINE,
		.user = self->config->engine_user,
		.folders = &folder,
		.folder_count = 1,
	};

	int err = sandbox_enter(&config);
	if (err == ERR_NOT_FOUND)
		fatal(err, "there is no user %s: tacet init or tacet join makes it", config.user);
	if (err < 0)
		fatal(err, "cannot confine the process (user %s, folder %s)", config.user,
			folder.path);
	if (err == SANDBOX_WITHOUT_LANDLOCK)
		log_info(0, "this kernel has no Landlock: files are guarded by their modes alone");
}

/* Confined already: the key's file of timestamps is to be ours. */
static void set_key(struct self *self, const struct message_engine *begin)
{
	struct engine_change change = {.sets_private_key = true};

	memcpy(change.private_key, begin->private_key, sizeof change.private_key);
	int err = engine_configure(self->engine, &change);
	engine_change_done(&change);
	if (err < 0)
		fatal(err, "%s: cannot set the private key", self->config->interface);
}

static void begin(struct self *self, const struct channel_message *message)
{
	const struct message_engine *begin = message->records;
	struct message_ready ready = {0};

	if (self->engine)
		return; /* said twice */
	open_keeper(self, message);
	self->tap_program =
		message->fd_count > MESSAGE_DOOR_TAP ? message->fds[MESSAGE_DOOR_TAP] : -1;
	open_engine(self, begin);
	open_server(self);
	confine(self);
	set_key(self, begin);
	enginestatus_identify(self->engine, self->public_key, &ready.listen_port);
	channel_send(self->channel, MESSAGE_ENGINE_READY, &ready, 1);
}

/* ---- life ---- */

/* What the parent says; the rest is not for us. */
static void (*const hear[MESSAGE_TYPES])(
	struct self *self, const struct channel_message *message) = {
	[MESSAGE_ENGINE_BEGIN] = begin,
	[MESSAGE_PEERS_BEGIN] = begin_peers,
	[MESSAGE_PEERS] = take_peers,
	[MESSAGE_PREFIXES] = take_prefixes,
	[MESSAGE_KNOCKS] = take_knocks,
	[MESSAGE_PEERS_END] = end_peers,
	[MESSAGE_STATUS_ASK] = answer_status,
	[MESSAGE_RADAR_ASK] = answer_radar,
};

static void is_received(void *context, const struct channel_message *message)
{
	struct self *self = context;
	unsigned type = message->head.type;

	if (hear[type] && (self->engine || type == MESSAGE_ENGINE_BEGIN))
		hear[type](self, message);
	for (unsigned i = 0; i < message->fd_count; i++)
		(void)close(message->fds[i]); /* what we keep of them is mapped, or a copy */
}

static void open_channel(struct self *self, int channel_fd)
{
	const struct channel_config config = {
		.loop = &self->loop,
		.fd = channel_fd,
		.sender = MESSAGE_FROM_P,
		.received = is_received,
		.ended = channel_has_ended,
		.context = self,
	};

	int err = channel_open(&config, &self->channel);
	if (err < 0)
		fatal(err, "cannot speak to the parent");
}

static void watch(struct self *self)
{
	static const int numbers[] = {SIGTERM, SIGINT};
	int err = uv_timer_init(&self->loop, &self->timer);

	assert(err == 0); /* cannot fail */
	self->timer.data = self;
	err = uv_timer_start(
		&self->timer, check_is_due, ENGINEPROCESS_CHECK_MS, ENGINEPROCESS_CHECK_MS);
	assert(err == 0);
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		self->signals[i].data = self;
		err = uv_signal_init(&self->loop, &self->signals[i]);
		if (err == 0)
			err = uv_signal_start(&self->signals[i], is_signalled, numbers[i]);
		if (err < 0)
			fatal(err, "cannot wait for signals");
	}
}

int engineprocess_run(const struct config *config, int channel_fd)
{
	static struct self self;

	self.config = config;
	(void)config_state_path(config, CONFIG_ENGINE_FOLDER, self.folder);
	if (prctl(PR_SET_DUMPABLE, 0) < 0) /* it will have a key, before it is confined */
		fatal(-errno, "cannot confine the process");
	int err = uv_loop_init(&self.loop);
	if (err < 0)
		fatal(err, "cannot make an event loop");
	watch(&self);
	open_channel(&self, channel_fd);
	uv_run(&self.loop, UV_RUN_DEFAULT);
	peerlist_free(self.peers);
	peerlist_free(self.coming);
	engine_free(self.engine);
	keeper_free(self.keeper);
	uv_loop_close(&self.loop);
	return self.exit_code;
}
