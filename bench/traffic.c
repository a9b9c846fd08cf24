/* SPDX-License-Identifier: ISC */
#include "traffic.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64,			 /* packets a system call */
	BURST_MAX = 4 * BATCH,		 /* a source that is late catches up with no more */
	SUPER_MAX = 65000,		 /* bytes of packets that are handed over as one */
	SUPERS = 8,			 /* of those a system call */
	TICK_NS = 200000,		 /* between two bursts */
	QUIET_MS = 60,			 /* after which nothing comes any more */
	ECHO_WAIT_MS = 200,		 /* then an echo is lost */
	BUFFER_BYTES = 64 * 1024 * 1024, /* the sink's: it is not the sink that is measured */
	NUMBERS_MAX = 1 << 25,		 /* packets of a trial */
};

/* What the sink's thread works with. */
struct sink {
	int fd;
	bool is_segmented;	    /* the kernel hands over many packets as one */
	uint64_t trial;		    /* its packets begin by this */
	atomic_bool is_over;	    /* the source has sent all; set once */
	uint64_t *seen;		    /* a bit a packet; owned */
	uint64_t newest;	    /* greatest number that came */
	uint64_t first_ns, last_ns; /* when */
	struct trial_result *result;
};

/* A batch of messages, tied to buffers. */
struct batch {
	struct mmsghdr headers[BATCH];
	struct iovec data[BATCH];
	uint8_t bytes[BATCH][TRAFFIC_SIZE_MAX];
};

/* What the kernel says of packets that it hands over as one: the size of each. */
union segment_control {
	uint8_t bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr header; /* aligns it */
};

/* A batch of messages of up to 64 KiB, each of which may be many packets. */
struct super_batch {
	struct mmsghdr headers[SUPERS];
	struct iovec data[SUPERS];
	union segment_control controls[SUPERS];
	uint8_t bytes[SUPERS][1 << 16];
};

static uint64_t now_ns(void)
{
	return clock_now().monotonic_ns;
}

static void batch_init(struct batch *batch, size_t size)
{
	for (size_t i = 0; i < BATCH; i++) {
		batch->data[i] = (struct iovec){batch->bytes[i], size};
		batch->headers[i].msg_hdr =
			(struct msghdr){.msg_iov = &batch->data[i], .msg_iovlen = 1};
	}
}

/* ---- sockets ---- */

static int enter(const char *namespace)
{
	char path[256];

	int length = snprintf(path, sizeof path, "/run/netns/%s", namespace);
	if (length < 0 || (size_t)length >= sizeof path)
		return -ENAMETOOLONG;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int result = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	(void)close(fd); /* it was read only */
	return result;
}

static int new_socket(void)
{
	const int size = BUFFER_BYTES;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0) {
		int result = -errno;
		(void)close(fd); /* nothing was written */
		return result;
	}
	return fd;
}

int traffic_open(const char *from, const char *to, const char *address, struct traffic *ret_traffic)
{
	struct sockaddr_in name = {.sin_family = AF_INET};
	socklen_t size = sizeof name;
	int source = -1, sink = -1;

	if (inet_pton(AF_INET, address, &name.sin_addr) != 1)
		return -EINVAL;
	int result = enter(from);
	if (result == 0)
		result = source = new_socket();
	if (result >= 0)
		result = enter(to);
	if (result == 0)
		result = sink = new_socket();
	if (result < 0)
		goto err;
	if (bind(sink, (const void *)&name, sizeof name) < 0 ||
		getsockname(sink, (void *)&name, &size) < 0 ||
		connect(source, (const void *)&name, sizeof name) < 0) {
		result = -errno;
		goto err;
	}
	*ret_traffic = (struct traffic){source, sink};
	return 0;

err:
	if (source >= 0)
		(void)close(source); /* nothing was written */
	if (sink >= 0)
		(void)close(sink); /* nothing was written */
	return result;
}

/* How long to wait for a packet. */
static int set_patience(int fd, unsigned milliseconds)
{
	const struct timeval time = {.tv_usec = milliseconds * 1000};

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) < 0 ? -errno : 0;
}

/* ---- sink ---- */

/* Counts one packet, unless it is left over from another trial. */
static void count(struct sink *sink, const uint8_t *bytes, size_t size)
{
	if (size < TRAFFIC_SIZE_MIN || load_le64(bytes) != sink->trial)
		return;
	uint64_t number = load_le64(bytes + 8);
	if (number >= NUMBERS_MAX)
		return;
	uint64_t bit = 1ULL << (number % 64);
	if (sink->seen[number / 64] & bit) {
		sink->result->duplicates++;
		return;
	}
	sink->seen[number / 64] |= bit;
	sink->result->received++;
	sink->result->passed += number < sink->newest;
	if (number > sink->newest)
		sink->newest = number;
}

/* The size of the packets that came as one message; `length`: it is but one. */
static size_t segment_size(struct msghdr *message, size_t length)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		int size;
		if (at->cmsg_level != SOL_UDP || at->cmsg_type != UDP_GRO)
			continue;
		memcpy(&size, CMSG_DATA(at), sizeof size);
		return size > 0 ? (size_t)size : length;
	}
	return length;
}

/* Receives and counts single packets; what recvmmsg() returned. */
static int count_packets(struct sink *sink)
{
	static struct batch batch;

	batch_init(&batch, TRAFFIC_SIZE_MAX);
	int received = recvmmsg(sink->fd, batch.headers, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < received; i++)
		count(sink, batch.bytes[i], batch.headers[i].msg_len);
	return received;
}

/* Likewise, of packets that the kernel hands over many at a time. */
static int count_supers(struct sink *sink)
{
	static struct super_batch batch;

	for (size_t i = 0; i < SUPERS; i++) {
		batch.data[i] = (struct iovec){batch.bytes[i], sizeof batch.bytes[i]};
		batch.headers[i].msg_hdr = (struct msghdr){
			.msg_iov = &batch.data[i],
			.msg_iovlen = 1,
			.msg_control = &batch.controls[i],
			.msg_controllen = sizeof batch.controls[i],
		};
	}
	int received = recvmmsg(sink->fd, batch.headers, SUPERS, MSG_WAITFORONE, NULL);
	for (int i = 0; i < received; i++) {
		size_t length = batch.headers[i].msg_len;
		size_t size = segment_size(&batch.headers[i].msg_hdr, length);
		for (size_t at = 0; at < length; at += size)
			count(sink, batch.bytes[i] + at, length - at < size ? length - at : size);
	}
	return received;
}

static void *run_sink(void *context)
{
	struct sink *sink = context;

	for (;;) {
		bool was_over = atomic_load(&sink->is_over);
		uint64_t before = sink->result->received;
		int received = sink->is_segmented ? count_supers(sink) : count_packets(sink);
		if (received <= 0 && was_over)
			return NULL;
		if (sink->result->received == before)
			continue;
		sink->last_ns = now_ns();
		if (before == 0)
			sink->first_ns = sink->last_ns;
	}
}

/* ---- source ---- */

/* Sends the packets numbered from `from`; how many the kernel took. */
static uint64_t send_some(int fd, struct batch *batch, uint64_t from, uint64_t many)
{
	unsigned wanted = many < BATCH ? (unsigned)many : BATCH;

	for (size_t i = 0; i < wanted; i++)
		store_le64(batch->bytes[i] + 8, from + i);
	int sent = sendmmsg(fd, batch->headers, wanted, 0);
	return sent > 0 ? (uint64_t)sent : 0;
}

/* How many packets are due; a source that is late forgets those that would make a long burst. */
static uint64_t due(const struct trial *trial, uint64_t elapsed_ns, double *owed, uint64_t *past_ns)
{
	if (trial->rate <= 0)
		return BATCH;
	*owed += trial->rate * (double)(elapsed_ns - *past_ns) / NS_PER_S;
	*past_ns = elapsed_ns;
	if (*owed > BURST_MAX)
		*owed = BURST_MAX;
	uint64_t whole = (uint64_t)*owed;
	*owed -= (double)whole;
	return whole;
}

/* Sends for the trial's duration; fills in what was sent. */
static void run_source(int fd, const struct trial *trial, uint64_t id, struct trial_result *result)
{
	static struct batch batch;
	const struct timespec tick = {.tv_nsec = TICK_NS};
	uint64_t start_ns = now_ns(), elapsed_ns = 0, past_ns = 0;
	double owed = 0;

	batch_init(&batch, trial->size);
	for (size_t i = 0; i < BATCH; i++)
		store_le64(batch.bytes[i], id);
	while (elapsed_ns < trial->duration_ns && result->sent + BURST_MAX < NUMBERS_MAX) {
		uint64_t many = due(trial, elapsed_ns, &owed, &past_ns);
		while (many > 0) {
			uint64_t sent = send_some(fd, &batch, result->sent, many);
			if (sent == 0)
				break;
			result->sent += sent;
			many -= sent;
		}
		if (trial->rate > 0)
			(void)nanosleep(&tick, NULL); /* woken early: fewer are due */
		elapsed_ns = now_ns() - start_ns;
	}
	result->sent_rate = (double)result->sent * NS_PER_S / (double)elapsed_ns;
}

/* Sends as fast as it goes, many packets as one; fills in what was sent. */
static void run_super_source(
	int fd, const struct trial *trial, uint64_t id, struct trial_result *result)
{
	static uint8_t bytes[SUPER_MAX];
	uint64_t start_ns = now_ns(), elapsed_ns = 0;
	size_t many = SUPER_MAX / trial->size < BATCH ? SUPER_MAX / trial->size : BATCH;

	for (size_t i = 0; i < many; i++)
		store_le64(bytes + i * trial->size, id);
	while (elapsed_ns < trial->duration_ns && result->sent + many < NUMBERS_MAX) {
		for (size_t i = 0; i < many; i++)
			store_le64(bytes + i * trial->size + 8, result->sent + i);
		if (send(fd, bytes, many * trial->size, 0) > 0)
			result->sent += many;
		elapsed_ns = now_ns() - start_ns;
	}
	result->sent_rate = (double)result->sent * NS_PER_S / (double)elapsed_ns;
}

/* Says whether the kernel shall cut what is sent, and join what comes. */
static int set_segments(const struct traffic *traffic, const struct trial *trial)
{
	const int size = trial->is_segmented ? (int)trial->size : 0,
		  is_joined = trial->is_segmented;

	if (setsockopt(traffic->source, SOL_UDP, UDP_SEGMENT, &size, sizeof size) < 0)
		return -errno;
	if (setsockopt(traffic->sink, SOL_UDP, UDP_GRO, &is_joined, sizeof is_joined) < 0)
		return -errno;
	return 0;
}

int traffic_run(
	const struct traffic *traffic, const struct trial *trial, struct trial_result *ret_result)
{
	static uint64_t trials;
	struct trial_result outcome = {0};
	struct sink sink = {
		.fd = traffic->sink,
		.is_segmented = trial->is_segmented,
		.trial = ++trials,
		.result = &outcome,
	};
	pthread_t thread;

	int result = set_patience(traffic->sink, QUIET_MS);
	if (result == 0)
		result = set_segments(traffic, trial);
	if (result < 0)
		return result;
	sink.seen = calloc(NUMBERS_MAX / 64, sizeof *sink.seen);
	if (!sink.seen)
		return -ENOMEM;
	result = pthread_create(&thread, NULL, run_sink, &sink);
	if (result == 0) {
		(void)prctl(PR_SET_TIMERSLACK, 1); /* else ticks are late by 50 us */
		(trial->is_segmented ? run_super_source : run_source)(
			traffic->source, trial, sink.trial, &outcome);
		atomic_store(&sink.is_over, true);
		(void)pthread_join(thread, NULL); /* a thread of ours that nobody else joins */
		if (sink.last_ns > sink.first_ns)
			outcome.received_rate = (double)(outcome.received - 1) * NS_PER_S /
						(double)(sink.last_ns - sink.first_ns);
		*ret_result = outcome;
	}
	free(sink.seen);
	return -result;
}

double traffic_loss(const struct trial_result *result)
{
	return result->sent ? 1 - (double)result->received / (double)result->sent : 1;
}

/* ---- echo ---- */

/* Sends back what comes, until a packet without content. */
static void *run_echo(void *context)
{
	const int *fd = context;
	uint8_t bytes[TRAFFIC_SIZE_MAX];
	struct sockaddr_in from;

	for (;;) {
		socklen_t size = sizeof from;
		ssize_t length = recvfrom(*fd, bytes, sizeof bytes, 0, (void *)&from, &size);
		if (length == 0 || (length < 0 && errno != EAGAIN))
			return NULL;
		if (length > 0)
			(void)sendto(*fd, bytes, (size_t)length, 0, (const void *)&from, size);
	}
}

/* One packet there and back; false: it was lost. */
static bool ping(int fd, size_t size, uint64_t number, uint64_t *ret_time_ns)
{
	uint8_t bytes[TRAFFIC_SIZE_MAX] = {0};
	uint64_t start_ns = now_ns();

	store_le64(bytes, number);
	if (send(fd, bytes, size, 0) < 0)
		return false;
	do {
		if (recv(fd, bytes, sizeof bytes, 0) < 0)
			return false;
	} while (load_le64(bytes) != number);
	*ret_time_ns = now_ns() - start_ns;
	return true;
}

int traffic_ping(const struct traffic *traffic, const struct trial *trial, size_t room,
	uint64_t *ret_times_ns)
{
	struct sockaddr_in self = {0};
	socklen_t size = sizeof self;
	int sink = traffic->sink;
	pthread_t thread;
	size_t done = 0, lost = 0;

	int result = set_patience(traffic->source, ECHO_WAIT_MS);
	if (result < 0 || getsockname(sink, (void *)&self, &size) < 0)
		return result < 0 ? result : -errno;
	result = pthread_create(&thread, NULL, run_echo, &sink);
	if (result != 0)
		return -result;
	uint64_t end_ns = now_ns() + trial->duration_ns;
	for (uint64_t number = 1; done < room && now_ns() < end_ns; number++) {
		bool is_back = ping(traffic->source, trial->size, number, &ret_times_ns[done]);
		done += is_back;
		lost += !is_back;
	}
	(void)sendto(sink, NULL, 0, 0, (const void *)&self, size); /* to itself: ends the echo */
	(void)pthread_join(thread, NULL); /* a thread of ours that nobody else joins */
	return done == 0 || lost * 100 > done ? -ETIMEDOUT : (int)done;
}
