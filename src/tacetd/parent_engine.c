/* SPDX-License-Identifier: ISC */
/* The engine's process: told who it is, then its peers, whole, as often as it is started. */
#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "tacetd/keyfile.h"
#include "tacetd/parent_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PRIVATE,
	PRESHARED, /* a device's second key */
	KEYS,
};
_Static_assert((int)KEYS == (int)KEYFILE_KEYS_MAX, "a device's keys");

/* ---- keys ---- */

static const struct {
	const char *file;
	unsigned keys;
} key_files[] = {
	[CONFIG_SERVER] = {CONFIG_SERVER_KEY, 1},
	[CONFIG_CLIENT] = {CONFIG_DEVICE_KEY, KEYS},
	[CONFIG_GATEWAY] = {CONFIG_GATEWAY_KEY, KEYS},
};

/* Reads the keys; a server has the private one only. False: it is logged why. */
static bool read_keys(const struct parent *parent, uint8_t (*ret_keys)[MESSAGE_KEY_SIZE])
{
	enum config_role role = parent->config->role;
	char path[CONFIG_PATH_SIZE];

	(void)config_state_path(parent->config, key_files[role].file, path);
	int err = keyfile_read(path, key_files[role].keys, ret_keys);
	const char *advice = "";
	if (err == -ENOENT)
		advice = "; run tacet init or tacet join first";
	else if (err == -EPERM)
		advice = "; it has to be root's, and closed to others (mode 0600)";
	if (err < 0)
		log_err(err, "%s: cannot read the private key%s", path, advice);
	return err == 0;
}

/* A peer that is called has our pre-shared key, which control does not know. Wiped by the caller.
 */
static struct message_peer *list_peers(const struct parent *parent)
{
	const struct plan_received *plan = parent->plan;
	struct message_peer *peers = memory_new((size_t)plan->head.peers + 1, sizeof *peers);
	uint8_t keys[KEYS][MESSAGE_KEY_SIZE];

	if (plan->head.peers > 0)
		memcpy(peers, plan->peers, plan->head.peers * sizeof *peers);
	if (parent_is_server(parent) || !read_keys(parent, keys))
		return peers;
	for (uint32_t i = 0; i < plan->head.peers; i++) {
		if (!parent_is_gateway(parent) || peers[i].keepalive_s)
			memcpy(peers[i].preshared_key, keys[PRESHARED], MESSAGE_KEY_SIZE);
	}
	bytes_wipe(keys, sizeof keys);
	return peers;
}

/* ---- what it is told ---- */

void parent_engine_tell(struct parent *parent)
{
	const struct plan_received *plan = parent->plan;
	struct channel *channel = parent->engine.channel;
	const struct message_plan head = {
		.version = ++parent->serial,
		.peers = plan->head.peers,
		.prefixes = plan->head.prefixes,
		.knocks = plan->head.knocks,
		.knock_mode = plan->head.knock_mode,
	};
	struct message_peer *peers = list_peers(parent);

	channel_send(channel, MESSAGE_PEERS_BEGIN, &head, 1);
	channel_send(channel, MESSAGE_PEERS, peers, head.peers);
	channel_send(channel, MESSAGE_PREFIXES, plan->prefixes, head.prefixes);
	channel_send(channel, MESSAGE_KNOCKS, plan->knocks, head.knocks);
	channel_send(channel, MESSAGE_PEERS_END, &head, 1);
	bytes_wipe(peers, head.peers * sizeof *peers);
	free(peers);
}

/* With the door's maps, which it maps before it is confined. */
static void send_begin(struct parent *parent, struct message_engine *begin)
{
	int fds[MESSAGE_DOOR_ALL];
	unsigned count = 0;

	if (parent->doorman) {
		const struct door *door = doorman_door(parent->doorman);
		const struct keeper_maps maps = door_maps(door);

		begin->door_live_bits = maps.live_bits;
		begin->door_processors = maps.processors;
		fds[MESSAGE_DOOR_SHARED] = maps.shared_fd;
		fds[MESSAGE_DOOR_LIVE] = maps.live_fd;
		fds[MESSAGE_DOOR_COUNTS] = maps.counts_fd;
		count = MESSAGE_DOOR_MAPS;
		if (parent_door_kind(parent) == DOOR_HIDDEN)
			fds[count++] = door_tap_fd(door);
	}
	channel_send_fds(parent->engine.channel, MESSAGE_ENGINE_BEGIN, begin, fds, count);
}

/* False: it cannot be told who it is; it is logged why. */
static bool begin(struct parent *parent)
{
	const struct config *config = parent->config;
	uint8_t keys[KEYS][MESSAGE_KEY_SIZE];

	if (!parent_make_tunnel(parent) || !read_keys(parent, keys))
		return false;
	struct message_engine begin = {
		.mark = config->mark,
		.listen_port = config->listen,
		.workers = config->workers,
	};
	memcpy(begin.private_key, keys[PRIVATE], sizeof begin.private_key);
	send_begin(parent, &begin);
	bytes_wipe(&begin, sizeof begin);
	bytes_wipe(keys, sizeof keys);
	return true;
}

/* ---- what it says ---- */

static void hear_ready(struct parent *parent, const struct channel_message *message)
{
	const struct message_ready *ready = message->records;

	parent->is_engine_ready = true;
	parent->listen_port = ready->listen_port;
	log_info(0, "%s: the engine is up, UDP port %u", parent->config->interface,
		ready->listen_port);
	if (parent->plan)
		parent_engine_tell(parent);
	parent_look_ready(parent);
}

static void hear_report(struct parent *parent, const struct channel_message *message)
{
	const struct message_text *text = message->records;

	if (message_text_is_fine(text->text, sizeof text->text))
		parent_report(parent, text->text);
}

static void (*const hear[MESSAGE_TYPES])(
	struct parent *parent, const struct channel_message *message) = {
	[MESSAGE_ENGINE_READY] = hear_ready,
	[MESSAGE_ENGINE_REPORT] = hear_report,
	[MESSAGE_PEERS_DONE] = parent_hear_peers_done,
	[MESSAGE_STATUS_PEERS] = parent_hear_status_peers,
	[MESSAGE_STATUS_END] = parent_hear_status_end,
	[MESSAGE_RADAR_COUNTS] = parent_radar_hear_counts,
	[MESSAGE_RADAR_END] = parent_radar_hear_engine,
};

static void is_received(void *context, const struct channel_message *message)
{
	struct parent *parent = context;

	for (unsigned i = 0; i < message->fd_count; i++)
		(void)close(message->fds[i]); /* it has none to give */
	if (hear[message->head.type])
		hear[message->head.type](parent, message);
}

/* What it was asked is answered without it; a plan that waited for it is in force as far as it is.
 */
static void go_on_without(struct parent *parent)
{
	parent->is_engine_ready = false;
	parent_status_without_engine(parent);
	parent_radar_without_engine(parent);
	parent_plan_without_engine(parent);
}

static void channel_has_ended(void *context, int err)
{
	struct parent *parent = context;

	go_on_without(parent);
	if (err == 0) {
		parent_child_is_mute(&parent->engine);
		return;
	}
	log_err(err, "the engine's process says what it may not");
	parent_end_child(&parent->engine);
}

/* ---- its life ---- */

static void is_started(void *context, int channel_fd)
{
	struct parent *parent = context;
	const struct channel_config config = {
		.loop = &parent->loop,
		.fd = channel_fd,
		.sender = MESSAGE_FROM_E,
		.received = is_received,
		.ended = channel_has_ended,
		.context = parent,
	};

	int err = channel_open(&config, &parent->engine.channel);
	if (err < 0)
		log_err(err, "cannot speak to the engine's process");
	if (err == 0 && begin(parent))
		return;
	if (!parent->is_ready)
		parent_stop(parent, 1);
	else
		parent_end_child(&parent->engine);
}

static void has_ended(void *context, int exit_code, int signal)
{
	struct parent *parent = context;

	channel_close(parent->engine.channel);
	parent->engine.channel = NULL;
	parent->engine.mute_checks = 0;
	if (!parent->is_stopping || signal)
		log_err(0, "the engine's process has ended (%s %d)%s", signal ? "signal" : "code",
			signal ? signal : exit_code,
			parent->is_stopping || !parent->is_ready ? "" : "; it is started again");
	go_on_without(parent);
	if (!parent->is_ready)
		parent_stop(parent, 1);
	if (!parent->is_stopping)
		return;
	process_free(parent->engine.process);
	parent->engine.process = NULL;
	parent_stop(parent, 0);
}

int parent_engine_start(struct parent *parent)
{
	const struct process_config config = {
		.loop = &parent->loop,
		.title = "engine",
		.config_path = parent->config->path,
		.error_fd = parent->logpipe ? logpipe_fd(parent->logpipe) : 0,
		.started = is_started,
		.ended = has_ended,
		.context = parent,
	};

	if (parent->engine.process)
		return 0;
	return process_start(&config, &parent->engine.process);
}
