/* SPDX-License-Identifier: ISC */
#include "tacetd/radarprocess.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "net/nflog.h"
#include "priv/channel.h"
#include "priv/sandbox.h"
#include "radar/roster.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	BATCH = 256, /* sightings in one message */
};

struct self {
	uv_loop_t loop;
	uv_signal_t signals[2];
	uv_poll_t poll;
	int log_fd; /* -1: not given yet */
	struct channel *channel;
	struct roster *roster;
	struct nflog_count lost;
	uint64_t second;    /* that is counted in, monotonic */
	uint64_t in_second; /* packets looked at in it */
	struct message_radar counts;
	struct message_sighting batch[BATCH];
	size_t batched;
	bool is_stopping;
	int exit_code;
};

/* ---- the end ---- */

static void close_log(struct self *self)
{
	if (self->log_fd < 0)
		return;
	uv_close((uv_handle_t *)&self->poll, NULL);
	(void)close(self->log_fd); /* libuv does not look at it any more */
	self->log_fd = -1;
}

/* The loop ends when all handles are closed. */
static void stop(struct self *self, int exit_code)
{
	if (self->is_stopping)
		return;
	self->is_stopping = true;
	self->exit_code = exit_code;
	close_log(self);
	channel_close(self->channel);
	self->channel = NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(self->signals); i++)
		uv_close((uv_handle_t *)&self->signals[i], NULL);
}

static void is_signalled(uv_signal_t *signal, int number)
{
	(void)number;
	stop(signal->data, EXIT_SUCCESS);
}

static void channel_has_ended(void *context, int err)
{
	if (err < 0)
		log_err(err, "the channel to the parent broke");
	stop(context, err < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- packets ---- */

/* Whether there is time for one more in this second. */
static bool has_time(struct self *self, const struct moment *now)
{
	uint64_t second = now->monotonic_ns / NS_PER_S;

	if (second != self->second) {
		self->second = second;
		self->in_second = 0;
	}
	return self->in_second++ < RADARPROCESS_SECOND_MAX;
}

static void take_packet(void *context, const struct nflog_packet *packet)
{
	struct self *self = context;
	const struct moment now = clock_now();
	struct sample sample;

	if (!has_time(self, &now)) {
		self->counts.unsampled++;
		return;
	}
	self->counts.sampled++;
	if (packet->is_outgoing)
		return; /* what we would have said: nobody looked */
	if (sample_read((enum sample_ethertype)packet->ethertype, packet->bytes, packet->size,
		    &sample) < 0)
		self->counts.unread++;
	else
		roster_add(self->roster, &sample, now.realtime_ns);
}

static void is_readable(uv_poll_t *poll, int status, int events)
{
	struct self *self = poll->data;
	int result = 1;

	(void)status, (void)events; /* reading says what is wrong */
	for (unsigned i = 0; i < RADARPROCESS_TURN_MAX && result > 0; i++) {
		result = nflog_read(self->log_fd, &self->lost, take_packet, self);
		if (result == -ENOBUFS) /* gaps in the numbers tell how many */
			result = 1;
	}
	if (result == 0 || result == 1)
		return;
	log_err(result, "cannot read what the kernel samples");
	stop(self, EXIT_FAILURE);
}

static void take_log(struct self *self, int fd)
{
	int err = uv_poll_init(&self->loop, &self->poll, fd);

	if (err < 0)
		fatal(err, "cannot wait for what the kernel samples");
	self->log_fd = fd;
	self->poll.data = self;
	err = uv_poll_start(&self->poll, UV_READABLE, is_readable);
	assert(err == 0); /* it was just made */
}

/* ---- what the parent says ---- */

static void send_batch(struct self *self)
{
	channel_send(self->channel, MESSAGE_RADAR_SIGHTINGS, self->batch, self->batched);
	self->batched = 0;
}

static void tell(void *context, const struct campaign *campaign, const struct verdict *verdict)
{
	struct self *self = context;

	if (self->batched == BATCH)
		send_batch(self);
	self->batch[self->batched++] = (struct message_sighting){
		.source = campaign->source,
		.tool = (uint8_t)verdict->tool,
		.scan = (uint8_t)verdict->scan,
		.confidence = verdict->confidence,
		.port_least = campaign->port_least,
		.port_greatest = campaign->port_greatest,
		.ports = ports_count(&campaign->ports),
		.first_ns = campaign->first_ns,
		.last_ns = campaign->last_ns,
		.packets = campaign->packets,
	};
}

static void answer(struct self *self, const struct message_radar_ask *ask)
{
	struct message_radar end = self->counts;

	roster_list(self->roster, tell, self);
	send_batch(self);
	end.nonce = ask->nonce;
	end.unsampled += self->lost.lost;
	end.forgotten = roster_forgotten(self->roster);
	channel_send(self->channel, MESSAGE_RADAR_END, &end, 1);
	if (ask->clears)
		roster_clear(self->roster);
}

static void is_received(void *context, const struct channel_message *message)
{
	struct self *self = context;
	unsigned taken = 0;

	if (message->head.type == MESSAGE_RADAR_BEGIN && message->fd_count > 0 && self->log_fd < 0)
		take_log(self, message->fds[taken++]);
	for (; taken < message->fd_count; taken++)
		(void)close(message->fds[taken]); /* not ours */
	if (message->head.type == MESSAGE_RADAR_ASK)
		answer(self, message->records);
}

/* ---- the beginning ---- */

static void watch(struct self *self)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		self->signals[i].data = self;
		int err = uv_signal_init(&self->loop, &self->signals[i]);
		if (err == 0)
			err = uv_signal_start(&self->signals[i], is_signalled, numbers[i]);
		if (err < 0)
			fatal(err, "cannot wait for signals");
	}
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

static void open_roster(struct self *self)
{
	struct siphash_key key;

	entropy_fill(entropy_kernel(), &key, sizeof key);
	self->roster = roster_new(&key);
	if (!self->roster)
		fatal(-ENOMEM, "cannot make the table of who looked");
}

/* No folder, no file, no socket: from here on there is only what we are given. */
static void confine(const struct config *config)
{
	const struct sandbox_config sandbox = {
		.profile = SANDBOX_RADAR, .user = config->radar_user};

	/* Members' packets come first; without it all works. */
	(void)setpriority(PRIO_PROCESS, 0, RADARPROCESS_NICE);
	int err = sandbox_enter(&sandbox);
	if (err < 0)
		fatal(err, "cannot confine the process (user %s)", sandbox.user);
	if (err == SANDBOX_WITHOUT_LANDLOCK)
		log_info(0, "this kernel has no Landlock: files are guarded by their modes alone");
}

int radarprocess_run(const struct config *config, int channel_fd)
{
	static struct self self = {.log_fd = -1};

	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		fatal(-errno, "cannot confine the process");
	int err = uv_loop_init(&self.loop);
	if (err < 0)
		fatal(err, "cannot make an event loop");
	open_roster(&self);
	watch(&self);
	open_channel(&self, channel_fd);
	confine(config);
	uv_run(&self.loop, UV_RUN_DEFAULT);
	roster_free(self.roster);
	uv_loop_close(&self.loop);
	return self.exit_code;
}
