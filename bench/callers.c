/* SPDX-License-Identifier: ISC */
/*
 * Many devices that call one gateway: real handshakes by our own initiator, each from an address of
 * its own, from one socket. One line of JSON for each run.
 *
 *   callers config COUNT PORT
 *       a request to the userspace interface that sets the gateway's key and COUNT peers
 *   callers call NAMESPACE ADDRESS PORT COUNT WINDOW REPEATS PID...
 *       each calls REPEATS times, at most WINDOW at a time are under way; CPU time of the PIDs
 *   callers send NAMESPACE ADDRESS PORT COUNT WINDOW RATE SECONDS PID...
 *       each calls once; then packets of 64 bytes from all of them in turn, RATE a second
 *   callers x25519
 *       how many exchanges libcrypto makes in a second of CPU time
 *
 * NAMESPACE needs the addresses 198.18.0.0/15 as its own (ip route add local ... dev lo), and the
 * gateway a route to them. A caller without an answer calls again after five seconds and up to a
 * third, as WireGuard does; it heeds cookies.
 */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/number.h"
#include "crypto/aead.h"
#include "crypto/blake2s.h"
#include "wireguard/cookie.h"
#include "wireguard/noise.h"

#include <openssl/evp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	COUNT_MAX = 1 << 16,
	PIDS_MAX = 8,
	PATIENCE_S = 60, /* then the rest has not come back */
	BUFFER_BYTES = 64 * 1024 * 1024,
	BURST = 64,		  /* datagrams that are received before more are sent */
	INNER_SIZE = 20 + 8 + 64, /* IPv4, UDP, payload */
	INNER_PORT = 9,
	DERIVATIONS = 8000,
	X25519_A_HANDSHAKE = 4,
};

#define CALLERS_NET 0xc6120000u	   /* 198.18.0.0: RFC 2544, for benchmarks */
#define INNER_NET 0x0a000000u	   /* 10.0.0.0 */
#define INNER_GATEWAY 0x0affff01u  /* 10.255.255.1 */
#define REPEAT_NS (25 * NS_PER_MS) /* a device's calls are at least so far apart */

/* One device. */
struct caller {
	struct noise_identity identity;
	struct noise_handshake handshake;
	struct cookie_maker maker;
	struct aead *sending;
	uint32_t remote_index;
	uint64_t counter;
	uint64_t next_ns; /* when to call, or to call again */
	uint32_t done;	  /* handshakes */
	bool is_under_way;
	bool is_ready; /* the datagram below is made */
	uint8_t initiation[MESSAGE_INITIATION_SIZE];
};

/* All of them. */
static struct {
	struct caller *callers;
	uint32_t count, window, repeats;
	uint32_t under_way;
	uint64_t done, cookies, bad_cookies, again;
	int fd;
	struct sockaddr_in gateway;
	uint8_t gateway_key[NOISE_KEY_SIZE]; /* public */
	pid_t pids[PIDS_MAX];
	size_t pid_count;
} all;

/* Stops where a step has failed. */
static void need(bool done, const char *what)
{
	if (done)
		return;
	(void)fprintf(stderr, "callers: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	return clock_now().monotonic_ns;
}

/* ---- keys: the same in each run ---- */

static void private_key_of(uint32_t number, uint8_t ret_key[static NOISE_KEY_SIZE])
{
	uint8_t text[4];

	store_le32(text, number);
	blake2s_hash((struct bytes){text, sizeof text}, (struct bytes){NULL, 0}, ret_key);
}

static void identity_of(uint32_t number, struct noise_identity *ret_identity)
{
	uint8_t key[NOISE_KEY_SIZE];

	private_key_of(number, key);
	need(noise_identity_set(ret_identity, key) == 0, "a key");
}

static void print_hex(const char *name, const uint8_t *bytes)
{
	printf("%s=", name);
	for (size_t i = 0; i < NOISE_KEY_SIZE; i++)
		printf("%02x", bytes[i]);
	puts("");
}

/* The gateway is number 0, devices go from 1. */
static void print_config(uint32_t count, unsigned port)
{
	struct noise_identity identity = {0};

	identity_of(0, &identity);
	puts("set=1");
	print_hex("private_key", identity.private_key);
	printf("listen_port=%u\nreplace_peers=true\n", port);
	noise_identity_done(&identity);
	for (uint32_t i = 1; i <= count; i++) {
		identity_of(i, &identity);
		print_hex("public_key", identity.public_key);
		printf("replace_allowed_ips=true\nallowed_ip=10.%u.%u.%u/32\n", i >> 16 & 255,
			i >> 8 & 255, i & 255);
		noise_identity_done(&identity);
	}
	puts("");
}

/* ---- the wire ---- */

static void enter(const char *namespace)
{
	char path[256];

	need(snprintf(path, sizeof path, "/run/netns/%s", namespace) < (int)sizeof path, namespace);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	need(fd >= 0 && setns(fd, CLONE_NEWNET) == 0, namespace);
	(void)close(fd); /* it was read only */
}

static void open_socket(const char *address, unsigned port)
{
	const int size = BUFFER_BYTES;
	const struct sockaddr_in any = {.sin_family = AF_INET};

	all.gateway =
		(struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	need(inet_pton(AF_INET, address, &all.gateway.sin_addr) == 1, address);
	all.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	need(all.fd >= 0, "socket");
	need(setsockopt(all.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == 0, "buffer");
	need(setsockopt(all.fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) == 0, "buffer");
	need(bind(all.fd, (const void *)&any, sizeof any) == 0, "bind");
}

/* From the caller's own address. A full queue is a loss, as on any network. */
static void send_from(uint32_t index, uint8_t *bytes, size_t size)
{
	union {
		uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
		struct cmsghdr header;
	} control = {0};
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(CALLERS_NET + 1 + index)};
	struct iovec data = {bytes, size};
	struct msghdr message = {
		.msg_name = &all.gateway,
		.msg_namelen = sizeof all.gateway,
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};

	control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof info),
		.cmsg_level = IPPROTO_IP,
		.cmsg_type = IP_PKTINFO};
	memcpy(CMSG_DATA(&control.header), &info, sizeof info);
	(void)sendmsg(all.fd, &message, 0);
}

/* ---- calling ---- */

static void caller_init(struct caller *caller, uint32_t index)
{
	identity_of(index + 1, &caller->identity);
	noise_handshake_init(&caller->handshake, &caller->identity, all.gateway_key);
	cookie_maker_set_key(&caller->maker, all.gateway_key);
}

static void prepare(struct caller *caller, uint32_t index)
{
	uint8_t timestamp[NOISE_TIMESTAMP_SIZE];
	struct message_initiation message;
	struct timespec now;

	need(clock_gettime(CLOCK_REALTIME, &now) == 0, "clock");
	store_be64(timestamp, 0x400000000000000aULL + (uint64_t)now.tv_sec);
	store_be32(timestamp + 8, (uint32_t)now.tv_nsec);
	need(noise_initiation_create(&caller->handshake, &caller->identity, entropy_kernel(),
		     timestamp, &message) == 0,
		"an initiation");
	message.sender_index = index;
	message_initiation_encode(&message, caller->initiation);
	caller->is_ready = true;
}

static void call(uint32_t index)
{
	struct caller *caller = &all.callers[index];
	uint64_t now = now_ns();

	if (!caller->is_ready)
		prepare(caller, index);
	cookie_macs_write(&caller->maker, now, caller->initiation, sizeof caller->initiation);
	send_from(index, caller->initiation, sizeof caller->initiation);
	caller->is_ready = false;
	all.again += caller->is_under_way;
	all.under_way += !caller->is_under_way;
	caller->is_under_way = true;
	caller->next_ns = now + REKEY_TIMEOUT_NS +
			  entropy_u32(entropy_kernel()) % (REKEY_TIMEOUT_JITTER_MAX_NS + 1);
}

/* A transport packet of the new session, which confirms it to the gateway. */
static void send_data(uint32_t index, const uint8_t *inner, size_t size)
{
	struct caller *caller = &all.callers[index];
	uint8_t bytes[MESSAGE_DATA_OVERHEAD + INNER_SIZE + MESSAGE_PADDING] = {0};
	size_t padded = (size + MESSAGE_PADDING - 1) / MESSAGE_PADDING * MESSAGE_PADDING;
	const struct message_data_header header = {caller->remote_index, caller->counter};

	message_data_header_encode(&header, bytes);
	if (size > 0)
		memcpy(bytes + MESSAGE_DATA_HEADER_SIZE, inner, size);
	need(aead_seal(caller->sending, caller->counter++, bytes + MESSAGE_DATA_HEADER_SIZE,
		     padded) == 0,
		"seal");
	send_from(index, bytes, MESSAGE_DATA_OVERHEAD + padded);
}

static void take_response(const uint8_t *datagram)
{
	struct message_response message;
	struct noise_keys keys;

	message_response_decode(datagram, &message);
	if (message.receiver_index >= all.count)
		return;
	struct caller *caller = &all.callers[message.receiver_index];
	if (!caller->is_under_way ||
		noise_response_consume(&caller->handshake, &caller->identity, &message) != 0)
		return;
	caller->remote_index = message.sender_index;
	noise_keys_derive(&caller->handshake, &keys);
	aead_free(caller->sending);
	need(aead_new(keys.sending, &caller->sending) == 0, "a session");
	caller->counter = 0;
	send_data(message.receiver_index, NULL, 0);
	caller->is_under_way = false;
	caller->next_ns = now_ns() + REPEAT_NS;
	caller->done++;
	all.under_way--;
	all.done++;
}

static void take_cookie(const uint8_t *datagram)
{
	struct message_cookie_reply message;

	message_cookie_reply_decode(datagram, &message);
	all.cookies++;
	if (message.receiver_index >= all.count)
		return;
	struct caller *caller = &all.callers[message.receiver_index];
	/* where it is no good nothing changes, and the caller calls again without */
	enum drop why = cookie_reply_consume(&caller->maker, now_ns(), &message);
	all.bad_cookies += why != 0;
}

/* Takes what has come, up to a burst; waits for up to so long where there is nothing. */
static void receive(int milliseconds)
{
	uint8_t datagram[2048];
	struct pollfd wait = {.fd = all.fd, .events = POLLIN};

	(void)poll(&wait, 1, milliseconds);
	for (int i = 0; i < BURST; i++) {
		ssize_t size = recv(all.fd, datagram, sizeof datagram, MSG_DONTWAIT);
		if (size < 0)
			return;
		enum message_type type = message_classify(datagram, (size_t)size);
		if (type == MESSAGE_RESPONSE)
			take_response(datagram);
		if (type == MESSAGE_COOKIE_REPLY)
			take_cookie(datagram);
	}
}

/* Calls whoever is due, from `at` on, while there is room; where to go on. */
static uint32_t call_due(uint32_t at)
{
	uint64_t now = now_ns();

	for (uint32_t i = 0; i < all.count; i++, at = (at + 1) % all.count) {
		struct caller *caller = &all.callers[at];
		if (caller->done >= all.repeats || now < caller->next_ns)
			continue;
		if (!caller->is_under_way && all.under_way >= all.window)
			return at;
		if (!caller->is_ready)
			receive(0); /* perhaps it has its answer by now */
		if (now >= caller->next_ns)
			call(at);
	}
	return at;
}

/* Until all are back as often as they shall; false: some are not. */
static bool run_calls(void)
{
	uint64_t end_ns = now_ns() + (uint64_t)PATIENCE_S * NS_PER_S;
	uint32_t at = 0;

	while (all.done < (uint64_t)all.count * all.repeats && now_ns() < end_ns) {
		at = call_due(at);
		receive(1);
	}
	return all.done == (uint64_t)all.count * all.repeats;
}

/* ---- what is told ---- */

static double cpu_seconds(void)
{
	double sum = 0;

	for (size_t i = 0; i < all.pid_count; i++) {
		clockid_t clock;
		struct timespec used;
		need(clock_getcpuclockid(all.pids[i], &clock) == 0 &&
				clock_gettime(clock, &used) == 0,
			"CPU time of the gateway");
		sum += (double)used.tv_sec + (double)used.tv_nsec / NS_PER_S;
	}
	return sum;
}

static void print_calls(double seconds, double used)
{
	printf("{\"done\": %" PRIu64 ", \"wanted\": %" PRIu64 ", \"seconds\": %.4f, "
	       "\"cpu_seconds\": %.4f, \"again\": %" PRIu64 ", \"cookies\": %" PRIu64 "}\n",
		all.done, (uint64_t)all.count * all.repeats, seconds, used, all.again, all.cookies);
}

/* A UDP packet without a checksum to the gateway's inner address. */
static void inner_packet(uint32_t index, uint8_t ret_inner[static INNER_SIZE])
{
	uint32_t sum = 0;

	memset(ret_inner, 0, INNER_SIZE);
	ret_inner[0] = 0x45;
	store_be16(ret_inner + 2, INNER_SIZE);
	ret_inner[8] = 64;
	ret_inner[9] = IPPROTO_UDP;
	store_be32(ret_inner + 12, INNER_NET + 1 + index);
	store_be32(ret_inner + 16, INNER_GATEWAY);
	for (size_t i = 0; i < 20; i += 2)
		sum += load_be16(ret_inner + i);
	sum = (sum & 0xffff) + (sum >> 16);
	store_be16(ret_inner + 10, (uint16_t) ~((sum & 0xffff) + (sum >> 16)));
	store_be16(ret_inner + 20, INNER_PORT);
	store_be16(ret_inner + 22, INNER_PORT);
	store_be16(ret_inner + 24, INNER_SIZE - 20);
}

static void run_send(double rate, double seconds)
{
	const struct timespec tick = {.tv_nsec = 200000};
	uint64_t start = now_ns(), sent = 0;
	double elapsed = 0, used = cpu_seconds();
	uint8_t inner[INNER_SIZE];

	while (elapsed < seconds) {
		uint64_t due = (uint64_t)(elapsed * rate);
		for (; sent < due; sent++) {
			inner_packet((uint32_t)(sent % all.count), inner);
			send_data((uint32_t)(sent % all.count), inner, sizeof inner);
		}
		(void)nanosleep(&tick, NULL); /* woken early: fewer are due */
		elapsed = (double)(now_ns() - start) / NS_PER_S;
	}
	(void)usleep(100000); /* the gateway's queue empties */
	printf("{\"sent\": %" PRIu64 ", \"cpu_seconds\": %.4f}\n", sent, cpu_seconds() - used);
}

/* ---- the program ---- */

static uint32_t number_of(const char *text)
{
	uint64_t number;

	need(number_parse(text, strlen(text), UINT32_MAX, &number) == 0, text);
	return (uint32_t)number;
}

/* NAMESPACE ADDRESS PORT COUNT WINDOW, and the PIDs. */
static void set_up(char **words, char **pids)
{
	struct noise_identity gateway = {0};

	identity_of(0, &gateway);
	memcpy(all.gateway_key, gateway.public_key, NOISE_KEY_SIZE);
	all.count = number_of(words[3]);
	all.window = number_of(words[4]);
	all.repeats = 1;
	need(all.count > 0 && all.count < COUNT_MAX && all.window > 0, words[3]);
	all.callers = calloc(all.count, sizeof *all.callers);
	need(all.callers, "memory");
	for (uint32_t i = 0; i < all.count; i++)
		caller_init(&all.callers[i], i);
	for (; *pids && all.pid_count < PIDS_MAX; pids++)
		all.pids[all.pid_count++] = (pid_t)number_of(*pids);
	enter(words[0]);
	open_socket(words[1], number_of(words[2]));
}

/* What all send at once is made before: it is the gateway that is measured. */
static bool run_timed_calls(void)
{
	for (uint32_t i = 0; i < all.count && all.window >= all.count; i++)
		prepare(&all.callers[i], i);
	double used = cpu_seconds();
	uint64_t start = now_ns();
	bool are_back = run_calls();
	double seconds = (double)(now_ns() - start) / NS_PER_S;
	(void)usleep(50000); /* the gateway is through with the last */
	print_calls(seconds, cpu_seconds() - used);
	return are_back;
}

static void print_x25519(void)
{
	uint8_t key[NOISE_KEY_SIZE], shared[NOISE_KEY_SIZE];
	size_t size = sizeof shared;

	private_key_of(1, key);
	EVP_PKEY *private = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, key, sizeof key);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(private, NULL);
	need(context && EVP_PKEY_derive_init(context) == 1 &&
			EVP_PKEY_derive_set_peer(context, private) == 1,
		"X25519");
	clock_t start = clock();
	for (int i = 0; i < DERIVATIONS; i++)
		need(EVP_PKEY_derive(context, shared, &size) == 1, "X25519");
	double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(private);
	printf("{\"exchanges\": %.0f, \"handshakes\": %.0f}\n", DERIVATIONS / seconds,
		DERIVATIONS / seconds / X25519_A_HANDSHAKE);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "config") == 0 && argc == 4) {
		print_config(number_of(argv[2]), number_of(argv[3]));
		return 0;
	}
	if (strcmp(command, "x25519") == 0) {
		print_x25519();
		return 0;
	}
	if (strcmp(command, "call") == 0 && argc > 8) {
		set_up(argv + 2, argv + 8);
		all.repeats = number_of(argv[7]);
		return run_timed_calls() ? 0 : 3;
	}
	if (strcmp(command, "send") == 0 && argc > 9) {
		set_up(argv + 2, argv + 9);
		need(run_calls(), "not all are back");
		run_send(strtod(argv[7], NULL), strtod(argv[8], NULL));
		return 0;
	}
	(void)fputs("usage: see the head of bench/callers.c\n", stderr);
	return 2;
}
