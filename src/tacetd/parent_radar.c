/* SPDX-License-Identifier: ISC */
/*
 * The radar's process, and questions who looked: of control's, to engine and radar, and back with
 * what the parent knows. Whatever becomes of the radar, all else goes on.
 */
#include "base/error.h"
#include "base/log.h"
#include "harden/rules.h"
#include "net/nflog.h"
#include "net/nftcounter.h"
#include "radar/roster.h"
#include "tacetd/parent_state.h"
#include "tacetd/radarprocess.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	FROM_ENGINE = 1, /* answers that are waited for */
	FROM_RADAR = 2,
};

/* ---- its life ---- */

/* Says once why there is none. */
static void go_without(struct parent *parent, int err, const char *what)
{
	if (!parent->radar_has_failed)
		log_warn(err, "who looks at this host is not recorded: %s", what);
	parent->radar_has_failed = true;
}

/* Gives it the descriptor. False: there is none, and it is told why. */
static bool hand_over(struct parent *parent)
{
	const struct message_ask begin = {0};
	int fd = nflog_open(RADARPROCESS_GROUP);

	if (fd < 0) {
		go_without(parent, fd,
			fd == -EPERM ? "another process hears group 31438 of nfnetlink_log"
				     : "the kernel gives no packets of nfnetlink_log");
		return false;
	}
	channel_send_fds(parent->radar.channel, MESSAGE_RADAR_BEGIN, &begin, &fd, 1);
	(void)close(fd); /* it has its own */
	parent->radar_has_failed = false;
	return true;
}

/* It counts as answered by whoever cannot answer. */
static void is_answered(struct parent *parent, unsigned by);

static bool is_fine(const struct message_sighting *sighting)
{
	return sighting->tool < RECOGNISE_TOOL_COUNT && sighting->scan < SCAN_COUNT &&
	       sighting->confidence <= 100 &&
	       (sighting->source.family == ADDRESS_IPV4 || sighting->source.family == ADDRESS_IPV6);
}

static void hear_sightings(struct parent *parent, const struct channel_message *message)
{
	const struct message_sighting *sightings = message->records;

	for (size_t i = 0; i < message->head.count; i++) {
		if (!is_fine(&sightings[i])) {
			log_err(0, "the radar's process says what it may not");
			parent_end_child(&parent->radar);
			return;
		}
	}
	parent->radar_told += message->head.count;
	if (parent->control.channel && parent->radar_waits & FROM_RADAR &&
		parent->radar_told <= ROSTER_SIZE)
		channel_send(parent->control.channel, MESSAGE_RADAR_SIGHTINGS, sightings,
			message->head.count);
}

static void hear_end(struct parent *parent, const struct channel_message *message)
{
	const struct message_radar *end = message->records;

	if (end->nonce != parent->radar_end.nonce)
		return; /* of a question that is over */
	parent->radar_end.sampled = end->sampled;
	parent->radar_end.unsampled = end->unsampled;
	parent->radar_end.unread = end->unread;
	parent->radar_end.forgotten = end->forgotten;
	parent->radar_end.is_up = true;
	is_answered(parent, FROM_RADAR);
}

static void is_received(void *context, const struct channel_message *message)
{
	for (unsigned i = 0; i < message->fd_count; i++)
		(void)close(message->fds[i]); /* it has none to give */
	if (message->head.type == MESSAGE_RADAR_SIGHTINGS)
		hear_sightings(context, message);
	else if (message->head.type == MESSAGE_RADAR_END)
		hear_end(context, message);
}

static void channel_has_ended(void *context, int err)
{
	struct parent *parent = context;

	is_answered(parent, FROM_RADAR);
	if (err == 0) {
		parent_child_is_mute(&parent->radar);
		return;
	}
	log_err(err, "the radar's process says what it may not");
	parent_end_child(&parent->radar);
}

static void is_started(void *context, int channel_fd)
{
	struct parent *parent = context;
	const struct channel_config config = {
		.loop = &parent->loop,
		.fd = channel_fd,
		.sender = MESSAGE_FROM_R,
		.received = is_received,
		.ended = channel_has_ended,
		.context = parent,
	};

	int err = channel_open(&config, &parent->radar.channel);
	if (err < 0)
		log_err(err, "cannot speak to the radar's process");
	if (err < 0 || !hand_over(parent))
		parent_end_child(&parent->radar);
}

static void has_ended(void *context, int exit_code, int signal)
{
	struct parent *parent = context;

	channel_close(parent->radar.channel);
	parent->radar.channel = NULL;
	parent->radar.mute_checks = 0;
	is_answered(parent, FROM_RADAR);
	if (!parent->is_stopping && !parent->radar_has_failed)
		log_err(0, "the radar's process has ended (%s %d); it is started again",
			signal ? "signal" : "code", signal ? signal : exit_code);
	if (!parent->is_stopping)
		return;
	process_free(parent->radar.process);
	parent->radar.process = NULL;
	parent_stop(parent, 0);
}

void parent_radar_start(struct parent *parent)
{
	const struct process_config config = {
		.loop = &parent->loop,
		.title = "radar",
		.config_path = parent->config->path,
		.error_fd = parent->logpipe ? logpipe_fd(parent->logpipe) : 0,
		.started = is_started,
		.ended = has_ended,
		.context = parent,
	};

	if (!parent->config->radar || parent->radar.process)
		return;
	if (!getpwnam(parent->config->radar_user)) {
		log_warn(0,
			"there is no user %s (useradd -r %s): who looks at this host is not "
			"recorded",
			parent->config->radar_user, parent->config->radar_user);
		return;
	}
	int err = process_start(&config, &parent->radar.process);
	if (err < 0)
		go_without(parent, err, "its process cannot be started");
}

/* ---- questions ---- */

/* Counters of one table, as they come. */
struct counting {
	struct parent *parent;
	uint32_t place;
};

static void send_count(void *context, const char *name, uint64_t packets)
{
	const struct counting *counting = context;
	struct parent *parent = counting->parent;
	struct message_count count = {.packets = packets, .place = counting->place};

	(void)snprintf(count.name, sizeof count.name, "%s", name); /* ours are shorter */
	parent->radar_end.is_hardened = true;			   /* its tables are there */
	channel_send(parent->control.channel, MESSAGE_RADAR_COUNTS, &count, 1);
}

static void send_counters(struct parent *parent)
{
	static const struct {
		uint8_t family;
		uint32_t place;
	} tables[] = {
		{NFPROTO_NETDEV, MESSAGE_PLACE_LINK},
		{NFPROTO_INET, MESSAGE_PLACE_HOST},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++) {
		struct counting counting = {parent, tables[i].place};
		int err =
			nftcounter_list(tables[i].family, RULES_TABLE_NAME, send_count, &counting);
		if (err < 0 && err != -ENOENT)
			log_warn(err, "cannot read the counters of the hardening");
	}
}

static void answer(struct parent *parent)
{
	struct message_radar *end = &parent->radar_end;

	if (!parent->control.channel)
		return;
	send_counters(parent);
	end->is_on = parent->config->radar == CONFIG_RADAR_ON;
	end->starts = parent->radar.process ? process_starts(parent->radar.process) : 0;
	channel_send(parent->control.channel, MESSAGE_RADAR_END, end, 1);
}

static void is_answered(struct parent *parent, unsigned by)
{
	if (!(parent->radar_waits & by))
		return;
	parent->radar_waits &= ~by;
	if (parent->radar_waits == 0)
		answer(parent);
}

/* Control asks one at a time; one that asks anew has died meanwhile, or lost its patience. */
void parent_radar_hear_ask(struct parent *parent, const struct channel_message *message)
{
	const struct message_radar_ask *ask = message->records;

	parent->radar_end = (struct message_radar){.nonce = ask->nonce};
	parent->radar_told = 0;
	parent->radar_waits = (parent->is_engine_ready ? FROM_ENGINE : 0) |
			      (parent->radar.channel ? FROM_RADAR : 0);
	if (parent->is_engine_ready)
		channel_send(parent->engine.channel, MESSAGE_RADAR_ASK, ask, 1);
	if (parent->radar.channel)
		channel_send(parent->radar.channel, MESSAGE_RADAR_ASK, ask, 1);
	if (parent->radar_waits == 0)
		answer(parent);
}

void parent_radar_hear_counts(struct parent *parent, const struct channel_message *message)
{
	const struct message_count *counts = message->records;

	for (size_t i = 0; i < message->head.count; i++) {
		if (!message_text_is_fine(counts[i].name, sizeof counts[i].name) ||
			(counts[i].place != MESSAGE_PLACE_ENGINE &&
				counts[i].place != MESSAGE_PLACE_DOOR))
			return;
	}
	if (parent->control.channel && parent->radar_waits & FROM_ENGINE)
		channel_send(parent->control.channel, MESSAGE_RADAR_COUNTS, message->records,
			message->head.count);
}

void parent_radar_hear_engine(struct parent *parent, const struct channel_message *message)
{
	const struct message_radar *end = message->records;

	if (end->nonce == parent->radar_end.nonce)
		is_answered(parent, FROM_ENGINE);
}

void parent_radar_without_engine(struct parent *parent)
{
	is_answered(parent, FROM_ENGINE);
}
