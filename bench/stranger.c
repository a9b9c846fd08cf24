/* SPDX-License-Identifier: ISC */
/*
 * A stranger in a hurry: datagrams of WireGuard's shape at one port, as fast as it goes or at a
 * rate. It never listens. Prints one line of JSON: {"sent": N, "seconds": S}.
 *
 *   stranger KIND ADDRESS PORT COUNT RATE SECONDS [KEY|FILE]
 *
 *   shapes	random and mutated datagrams of every type and many lengths
 *   initiations	initiations with a mac1 that is right for KEY, random inside
 *   responses	responses, likewise
 *   mixed	nine of ten as `shapes`, each tenth with a valid mac1
 *   recorded	the datagrams of FILE in turn: each is two bytes of length, big-endian, and its
 * bytes
 *
 * It ends after COUNT datagrams or SECONDS, whatever is first. RATE is a second; 0: no limit. Run
 * it where its packets shall come from: ip netns exec HOST stranger ...
 */
#include "base/address.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/number.h"
#include "wireguard/cookie.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64,	       /* datagrams a system call */
	SIZE_MAX_BYTES = 1472, /* of a datagram: what an Ethernet frame carries over IPv4 */
	SOCKETS = 16,	       /* source ports that take turns */
	RECORDED_MAX = 4096,   /* datagrams of a file */
	SEND_BUFFER_BYTES = 1 << 22,
	LEGS = 8, /* of eight mutated ones one has a length of its own */
};

struct stranger {
	const char *kind;
	struct sockaddr_storage to;
	socklen_t to_size;
	uint64_t count;
	double rate;	/* a second; 0: none */
	double seconds; /* at most */
	struct cookie_maker maker;
	bool has_key;
	uint8_t (*recorded)[SIZE_MAX_BYTES];
	uint16_t *recorded_sizes;
	size_t recorded_count, recorded_next;
	uint64_t dice;
	int fds[SOCKETS];
};

static uint8_t buffers[BATCH][SIZE_MAX_BYTES];

static void give_up(const char *what, const char *why)
{
	(void)fprintf(stderr, "stranger: %s: %s\n", what, why);
	exit(1);
}

/* xorshift64*: fast, and the same for the same seed. */
static uint64_t throw_dice(struct stranger *stranger)
{
	stranger->dice ^= stranger->dice >> 12;
	stranger->dice ^= stranger->dice << 25;
	stranger->dice ^= stranger->dice >> 27;
	return stranger->dice * 0x2545f4914f6cdd1dULL;
}

static void fill(struct stranger *stranger, uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
		uint64_t dice = throw_dice(stranger);
		memcpy(bytes + at, &dice, size - at < sizeof dice ? size - at : sizeof dice);
	}
}

/* ---- what is sent: each writes a datagram and returns its size ---- */

static size_t length_of(struct stranger *stranger, unsigned type)
{
	static const size_t exact[] = {
		0, MESSAGE_INITIATION_SIZE, MESSAGE_RESPONSE_SIZE, MESSAGE_COOKIE_REPLY_SIZE};

	if (throw_dice(stranger) % LEGS == 0)
		return throw_dice(stranger) % SIZE_MAX_BYTES;
	if (type >= 1 && type <= 3)
		return exact[type];
	return MESSAGE_DATA_OVERHEAD + 16 * (throw_dice(stranger) % 88);
}

static size_t make_shape(struct stranger *stranger, uint8_t *datagram)
{
	unsigned type = (unsigned)(throw_dice(stranger) % 5);
	size_t size = length_of(stranger, type);

	fill(stranger, datagram, size);
	if (size < 4)
		return size;
	memset(datagram, 0, 4);
	datagram[0] = (uint8_t)(type == 0 ? throw_dice(stranger) : type);
	if (throw_dice(stranger) % 16 == 0)
		datagram[1 + throw_dice(stranger) % 3] = (uint8_t)throw_dice(stranger);
	return size;
}

static size_t make_signed(
	struct stranger *stranger, uint8_t *datagram, enum message_type type, size_t size)
{
	fill(stranger, datagram, size);
	memset(datagram, 0, 4);
	datagram[0] = (uint8_t)type;
	cookie_macs_write(&stranger->maker, 0, datagram, size);
	return size;
}

static size_t make_initiation(struct stranger *stranger, uint8_t *datagram)
{
	return make_signed(stranger, datagram, MESSAGE_INITIATION, MESSAGE_INITIATION_SIZE);
}

static size_t make_response(struct stranger *stranger, uint8_t *datagram)
{
	return make_signed(stranger, datagram, MESSAGE_RESPONSE, MESSAGE_RESPONSE_SIZE);
}

static size_t make_mixed(struct stranger *stranger, uint8_t *datagram)
{
	uint64_t dice = throw_dice(stranger) % 20;

	if (dice > 1)
		return make_shape(stranger, datagram);
	return dice ? make_initiation(stranger, datagram) : make_response(stranger, datagram);
}

static size_t make_recorded(struct stranger *stranger, uint8_t *datagram)
{
	size_t at = stranger->recorded_next++ % stranger->recorded_count;

	memcpy(datagram, stranger->recorded[at], stranger->recorded_sizes[at]);
	return stranger->recorded_sizes[at];
}

static const struct kind {
	const char *name;
	size_t (*make)(struct stranger *stranger, uint8_t *datagram);
	bool needs_key, needs_file;
} kinds[] = {
	{"shapes", make_shape, false, false},
	{"initiations", make_initiation, true, false},
	{"responses", make_response, true, false},
	{"mixed", make_mixed, true, false},
	{"recorded", make_recorded, false, true},
};

/* ---- sending ---- */

/* Sends a batch whole; what the host's answers do to the socket is no matter. */
static void send_batch(int fd, struct mmsghdr *headers, unsigned count)
{
	for (unsigned at = 0; at < count;) {
		int sent = sendmmsg(fd, headers + at, count - at, 0);
		if (sent > 0)
			at += (unsigned)sent;
		else if (errno != EINTR && errno != ECONNREFUSED && errno != ENOBUFS)
			give_up("send", strerror(errno));
	}
}

/* Waits until as many are due. */
static void keep_pace(const struct stranger *stranger, uint64_t begun_ns, uint64_t sent)
{
	if (stranger->rate <= 0)
		return;
	uint64_t due_ns = begun_ns + (uint64_t)((double)sent / stranger->rate * NS_PER_S);
	struct timespec due = {
		.tv_sec = (time_t)(due_ns / NS_PER_S), .tv_nsec = (long)(due_ns % NS_PER_S)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void run(struct stranger *stranger, const struct kind *kind)
{
	struct mmsghdr headers[BATCH] = {0};
	struct iovec data[BATCH];
	uint64_t begun_ns = monotonic_ns(), sent = 0, batches = 0;
	uint64_t end_ns = begun_ns + (uint64_t)(stranger->seconds * NS_PER_S);
	unsigned size = stranger->rate > 0 && stranger->rate < 10000 ? 1 : BATCH;

	for (unsigned i = 0; i < BATCH; i++) {
		data[i].iov_base = buffers[i];
		headers[i].msg_hdr = (struct msghdr){.msg_name = &stranger->to,
			.msg_namelen = stranger->to_size,
			.msg_iov = &data[i],
			.msg_iovlen = 1};
	}
	while (sent < stranger->count && monotonic_ns() < end_ns) {
		unsigned count =
			stranger->count - sent < size ? (unsigned)(stranger->count - sent) : size;
		for (unsigned i = 0; i < count; i++)
			data[i].iov_len = kind->make(stranger, buffers[i]);
		send_batch(stranger->fds[batches++ % SOCKETS], headers, count);
		sent += count;
		keep_pace(stranger, begun_ns, sent);
	}
	printf("{\"sent\": %" PRIu64 ", \"seconds\": %.3f}\n", sent,
		(double)(monotonic_ns() - begun_ns) / NS_PER_S);
}

/* ---- words ---- */

static void take_address(struct stranger *stranger, const char *address, const char *port)
{
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&stranger->to;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&stranger->to;
	in_port_t number = htons((uint16_t)strtoul(port, NULL, 10));

	if (inet_pton(AF_INET, address, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = number;
		stranger->to_size = sizeof *ipv4;
	} else if (inet_pton(AF_INET6, address, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = number;
		stranger->to_size = sizeof *ipv6;
	} else {
		give_up(address, "no address");
	}
}

static void take_key(struct stranger *stranger, const char *text)
{
	uint8_t key[NOISE_KEY_SIZE];

	if (base64_key_parse(text, strlen(text), key) < 0)
		give_up(text, "no public key");
	cookie_maker_set_key(&stranger->maker, key);
}

static void take_recorded(struct stranger *stranger, const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint8_t head[2];

	if (!file)
		give_up(path, strerror(errno));
	stranger->recorded = calloc(RECORDED_MAX, sizeof *stranger->recorded);
	stranger->recorded_sizes = calloc(RECORDED_MAX, sizeof *stranger->recorded_sizes);
	if (!stranger->recorded || !stranger->recorded_sizes)
		give_up(path, "no memory");
	while (stranger->recorded_count < RECORDED_MAX && fread(head, sizeof head, 1, file) == 1) {
		size_t size = (size_t)head[0] << 8 | head[1], at = stranger->recorded_count;
		if (size > SIZE_MAX_BYTES || fread(stranger->recorded[at], 1, size, file) != size)
			give_up(path, "is cut short");
		stranger->recorded_sizes[at] = (uint16_t)size;
		stranger->recorded_count++;
	}
	(void)fclose(file); /* only read */
	if (stranger->recorded_count == 0)
		give_up(path, "is empty");
}

static void open_sockets(struct stranger *stranger)
{
	int bytes = SEND_BUFFER_BYTES;

	for (unsigned i = 0; i < SOCKETS; i++) {
		int fd = socket(stranger->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			give_up("socket", strerror(errno));
		/* smaller is as good */
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
		stranger->fds[i] = fd;
	}
}

static const struct kind *kind_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	give_up(name, "no kind of datagram");
	return NULL;
}

int main(int argc, char **argv)
{
	static struct stranger stranger = {.dice = 0x9e3779b97f4a7c15ULL};

	if (argc < 7) {
		(void)fputs("usage: stranger KIND ADDRESS PORT COUNT RATE SECONDS [KEY|FILE]\n",
			stderr);
		return 2;
	}
	const struct kind *kind = kind_of(argv[1]);
	take_address(&stranger, argv[2], argv[3]);
	stranger.count = strtoull(argv[4], NULL, 10);
	stranger.rate = strtod(argv[5], NULL);
	stranger.seconds = strtod(argv[6], NULL);
	if ((kind->needs_key || kind->needs_file) && argc != 8)
		give_up(kind->name, "needs a key, or a file");
	if (kind->needs_key)
		take_key(&stranger, argv[7]);
	if (kind->needs_file)
		take_recorded(&stranger, argv[7]);
	entropy_fill(entropy_kernel(), &stranger.dice, sizeof stranger.dice);
	stranger.dice |= 1; /* never zero */
	open_sockets(&stranger);
	run(&stranger, kind);
	return 0;
}
