/* SPDX-License-Identifier: ISC */
/*
 * The program in the kernel (BPF_PROG_TEST_RUN) against the engine: the same datagrams go to both,
 * and what the door drops the engine drops for the same reason; what it lets in the engine does not
 * drop for any that the door could have seen. Needs the right to load BPF programs.
 */
#include "wireguard/interface_world.h"

#include "door/door.h"
#include "frame.h"

#include "../../vectors/knock.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LIVE_BITS = 12,
	DATAGRAM_MAX = 400,
	RUNS_TIMED = 200000,
};

static const struct knock_key knock = {7, KNOCK_FULL, {7}};

static struct door *door;
static struct keeper *keeper;
static int program; /* that is run */
static enum door_kind kind;
static int of_daemon; /* the socket */
static uint16_t port;
static struct node carol;

/* ---- the door ---- */

/* IPv4 and IPv6, on `port` or, while that is 0, on any. */
static void open_socket(void)
{
	struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	socklen_t size = sizeof name;

	of_daemon = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (of_daemon < 0 || bind(of_daemon, (struct sockaddr *)&name, size) < 0 ||
		getsockname(of_daemon, (struct sockaddr *)&name, &size) < 0)
		abort();
	port = ntohs(name.sin6_port);
}

/* False: this machine does not let us; it is said. */
static bool open_door(enum door_kind of_kind)
{
	const struct door_config config = {
		.kind = of_kind, .interface = "tacet-test", .live_bits = LIVE_BITS};
	char error[DOOR_ERROR_SIZE];

	kind = of_kind;
	int err = door_open(&config, &door, error);
	if (err == -EPERM || err == -EACCES || err == -ENOSYS) {
		tap_skip("the program in the kernel", "no right to load BPF programs here");
		return false;
	}
	if (!tap_is_int(err, 0, "the kernel takes the program")) {
		printf("# %s\n", error);
		return false;
	}
	const struct keeper_maps maps = door_maps(door);
	program = kind == DOOR_HIDDEN ? door_tap_fd(door) : door_program_fd(door);
	uint32_t loopback = 1, header_size = 14; /* where the kernel's test lets frames come from */
	if (kind == DOOR_HIDDEN &&
		bpf_map_update_elem(door_places_fd(door), &loopback, &header_size, BPF_ANY) < 0)
		abort();
	return tap_is_int(keeper_new(&maps, 1, &keeper), 0, "its memory is mapped");
}

static void close_door(void)
{
	keeper_free(keeper);
	door_close(door);
	keeper = NULL;
	door = NULL;
}

static uint64_t boot_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_BOOTTIME, &time); /* it is there on every Linux */
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* What Bob's engine asks for goes to the door. */
static void set_terms(bool is_up)
{
	const struct noise_identity *identity = interface_identity(bob.interface);
	const struct keeper_terms terms = {
		.port = port,
		.is_up = is_up,
		.public_key = identity ? identity->public_key : NULL,
		.gate = interface_knock_gate(bob.interface),
	};

	keeper_set(keeper, &terms);
	keeper_beat(keeper, boot_ns());
}

/* Whether the program says drop; in `repeat` runs of this many nanoseconds each. */
static bool run(const struct frame *frame, int repeat, uint32_t *ret_ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		.data_size_in = (uint32_t)frame->size, .repeat = repeat);

	if (bpf_prog_test_run_opts(program, &options) < 0)
		abort();
	if (ret_ns)
		*ret_ns = options.duration;
	if (kind == DOOR_HIDDEN)
		return options.retval == 0;
	return options.retval == (kind == DOOR_XDP ? XDP_DROP : TC_ACT_SHOT);
}

/* What the door counts a frame as; DOOR_REASONS: nothing, as it is none of its business. */
static enum door_reason judge(const struct frame *frame, bool *ret_is_dropped)
{
	struct door_counters before, after;
	enum door_reason found = DOOR_REASONS;

	keeper_count(keeper, &before);
	*ret_is_dropped = run(frame, 1, NULL);
	keeper_count(keeper, &after);
	for (enum door_reason reason = 0; reason < DOOR_REASONS; reason++) {
		if (after.count[reason] != before.count[reason])
			found = reason;
	}
	return found;
}

static enum door_reason reason_of(const struct frame_wish *wish, const struct datagram *datagram)
{
	struct frame frame;
	bool is_dropped;

	frame_make(&frame, wish, port, datagram->bytes, datagram->size);
	enum door_reason reason = judge(&frame, &is_dropped);
	return is_dropped == (reason != DOOR_LET_IN) ? reason : DOOR_REASONS;
}

/* ---- the world: Alice has a session with Bob, Carol is being called by him ---- */

static struct datagram data, initiation, response, cookie;

static void open_world(void)
{
	const struct index_mirror mirror = keeper_mirror(keeper, 0);

	node_open(&alice, 1);
	node_open(&bob, 2);
	node_open(&carol, 3);
	interface_set_mirror(bob.interface, &mirror);
	if (interface_set_knock_gate(bob.interface, KNOCK_REQUIRED, &knock, 1) < 0)
		abort();
	interface_set_knock(alice.interface, &knock);
	know(&alice, &bob);
	know(&bob, &alice);
	know(&bob, &carol);
	know(&carol, &bob);
	send_one(&alice, &bob);
	carry();
	(void)forget_inner(&bob);
	set_terms(true);
}

static void close_world(void)
{
	(void)node_close(&alice);
	(void)node_close(&bob);
	(void)node_close(&carol);
}

/* Bob calls Carol; her answer, and a cookie reply to the call, are under way. */
static void call_carol(void)
{
	static struct datagram call;

	skip(6 * SECONDS_NS);
	interface_peer_remove(bob.interface, peer_of(&bob, &carol));
	know(&bob, &carol);
	send_one(&bob, &carol);
	if (!take_type(&bob, MESSAGE_INITIATION, &call))
		abort();
	give(&carol, &call, &bob);
	if (!take_type(&carol, MESSAGE_RESPONSE, &response))
		abort();
	cookie = (struct datagram){.size = MESSAGE_COOKIE_REPLY_SIZE, .bytes = {3}};
	memcpy(cookie.bytes + 4, response.bytes + 8, 4);
}

/* Something genuine of each type, new as long as the session of Alice is young. */
static void make_genuine(void)
{
	struct datagram out;

	call_carol();
	interface_peer_remove(alice.interface, peer_of(&alice, &bob));
	know(&alice, &bob);
	send_one(&alice, &bob);
	if (!take_type(&alice, MESSAGE_INITIATION, &out))
		abort();
	give(&bob, &out, &alice);
	carry();
	send_one(&alice, &bob);
	if (!take_type(&alice, MESSAGE_DATA, &data))
		abort();
	skip(SECONDS_NS);
	interface_peer_remove(alice.interface, peer_of(&alice, &bob));
	know(&alice, &bob);
	send_one(&alice, &bob);
	if (!take_type(&alice, MESSAGE_INITIATION, &initiation))
		abort();
	(void)forget_inner(&bob);
}

/* ---- the same verdicts ---- */

/* The engine's word for what the door says; DROP_NONE: it has none. */
static enum drop drop_of(enum door_reason reason)
{
	for (enum drop drop = 1; drop < DROP_COUNT; drop++) {
		if (strcmp(drop_word(drop), door_word(reason)) == 0)
			return drop;
	}
	return DROP_NONE;
}

static uint32_t chance(uint32_t n)
{
	return entropy_u32(seeded_entropy(&world_seed)) % n;
}

static void write_mac1(struct datagram *datagram)
{
	struct cookie_maker maker = {0};
	uint8_t mac2[MAC_SIZE];

	memcpy(mac2, datagram->bytes + datagram->size - MAC_SIZE, MAC_SIZE);
	cookie_maker_set_key(&maker, bob.public_key);
	cookie_macs_write(&maker, now.monotonic_ns, datagram->bytes, datagram->size);
	memcpy(datagram->bytes + datagram->size - MAC_SIZE, mac2, MAC_SIZE);
}

/* Something that may be nearly right. */
static void make_any(struct datagram *ret_datagram)
{
	const struct datagram *const genuine[] = {&data, &initiation, &response, &cookie};

	*ret_datagram = *genuine[chance(ARRAY_LENGTH(genuine))];
	if (chance(10) == 0) {
		seeded_fill(&world_seed, ret_datagram->bytes, DATAGRAM_MAX);
		store_le32(ret_datagram->bytes, chance(6));
	}
	if (chance(8) == 0)
		ret_datagram->size = chance(DATAGRAM_MAX);
	for (uint32_t changes = chance(3); changes > 0 && ret_datagram->size > 0; changes--)
		ret_datagram->bytes[chance((uint32_t)ret_datagram->size)] ^=
			(uint8_t)(1 << chance(8));
	if (chance(3) == 0 && ret_datagram->size >= MESSAGE_MACS_SIZE)
		write_mac1(ret_datagram);
	if (chance(6) == 0 && ret_datagram->size == MESSAGE_INITIATION_SIZE)
		knock_write(&knock, ret_datagram->bytes);
}

/* What the engine drops a datagram as; DROP_NONE: not at all. */
static enum drop receive_at_bob(const struct datagram *datagram)
{
	struct drop_counters before = *interface_drops(bob.interface);

	give(&bob, datagram, &alice);
	packet_put_all(&bob.pool, &bob.out.datagrams);
	packet_put_all(&bob.pool, &bob.out.inner);
	for (enum drop drop = 1; drop < DROP_COUNT; drop++) {
		if (interface_drops(bob.interface)->count[drop] != before.count[drop])
			return drop;
	}
	return DROP_NONE;
}

static bool is_of_door(enum drop drop)
{
	for (enum door_reason reason = 0; reason < DOOR_REASONS; reason++) {
		if (drop != DROP_NONE && drop_of(reason) == drop)
			return true;
	}
	return false;
}

/* A cookie reply may find a handshake whose message was answered already: the engine alone knows.
 */
static bool agree(enum door_reason reason, enum drop drop)
{
	if (reason == DOOR_LET_IN)
		return !is_of_door(drop) || drop == DROP_COOKIE_UNEXPECTED;
	return reason < DOOR_REASONS && drop_of(reason) == drop;
}

static void test_same(unsigned count)
{
	static struct datagram datagram;
	unsigned seen[DOOR_REASONS + 1] = {0}, differing = 0;

	for (unsigned i = 0; i < count; i++) {
		if (i % 1000 == 0)
			make_genuine();
		make_any(&datagram);
		const struct frame_wish wish = {.is_ipv6 = chance(2)};
		enum door_reason reason = reason_of(&wish, &datagram);
		enum drop drop = receive_at_bob(&datagram);
		seen[reason]++;
		if (agree(reason, drop) || differing++ > 3)
			continue;
		printf("# number %u: the door says %s, the engine %s\n", i,
			reason < DOOR_REASONS ? door_word(reason) : "?", drop_word(drop));
		tap_hex("datagram", datagram.bytes, datagram.size);
	}
	printf("# %s, %u datagrams:", door_kind_word(kind), count);
	for (enum door_reason reason = 0; reason < DOOR_REASONS; reason++)
		printf(" %u %s", seen[reason], door_word(reason));
	puts("");
	tap_is_int(differing, 0, "door and engine agree about random and mutated datagrams");
	for (enum door_reason reason = 0; reason < DOOR_REASONS; reason++) {
		if (reason == DOOR_LET_IN || is_of_door(drop_of(reason)))
			tap_ok(reason == DOOR_DOWN || reason == DOOR_NO_PRIVATE_KEY ||
					seen[reason] >= count / 1000,
				door_word(reason));
	}
}

/* ---- states ---- */

static void test_states(void)
{
	const struct frame_wish plain = {0};
	static struct datagram altered;

	make_genuine();
	set_terms(true);
	tap_is_int(reason_of(&plain, &data), DOOR_LET_IN, "data for a session is let in");
	tap_is_int(reason_of(&plain, &initiation), DOOR_LET_IN, "an initiation with a knock");
	tap_is_int(reason_of(&plain, &response), DOOR_LET_IN, "a response to ours");
	tap_is_int(reason_of(&plain, &cookie), DOOR_LET_IN, "a cookie reply to ours");
	altered = data;
	memcpy(altered.bytes + 4, response.bytes + 8, 4);
	tap_is_int(reason_of(&plain, &altered), DOOR_INDEX_UNKNOWN,
		"data for an index that is a handshake's only");
	altered = initiation;
	memset(altered.bytes + MESSAGE_INITIATION_SIZE - MAC_SIZE, 0, MAC_SIZE);
	tap_is_int(reason_of(&plain, &altered), DOOR_KNOCK_MISSING, "no knock");
	if (interface_set_knock_gate(bob.interface, KNOCK_PREFERRED, &knock, 1) < 0)
		abort();
	set_terms(true);
	tap_is_int(reason_of(&plain, &altered), DOOR_LET_IN, "no knock where it is preferred");
	if (interface_set_knock_gate(bob.interface, KNOCK_REQUIRED, &knock, 1) < 0)
		abort();
	set_terms(false);
	tap_is_int(reason_of(&plain, &data), DOOR_DOWN, "the interface is down");
	const struct keeper_terms keyless = {
		.port = port, .is_up = true, .gate = interface_knock_gate(bob.interface)};
	keeper_set(keeper, &keyless);
	tap_is_int(reason_of(&plain, &initiation), DOOR_NO_PRIVATE_KEY, "there is no key yet");
	interface_stop(bob.interface);
	set_terms(true);
	tap_is_int(reason_of(&plain, &data), DOOR_INDEX_UNKNOWN, "its sessions were forgotten");
	interface_start(bob.interface, now.monotonic_ns);
}

static void test_nobody(void)
{
	const struct frame_wish plain = {0};

	make_genuine();
	set_terms(true);
	if (kind != DOOR_HIDDEN) {
		(void)close(of_daemon);
		tap_is_int(reason_of(&plain, &data), DOOR_NOBODY, "nobody has the port any more");
		open_socket();
		keeper_beat(keeper, boot_ns() - (uint64_t)200 * SECONDS_NS);
		static struct datagram unknown;
		unknown = data;
		unknown.bytes[4] ^= 1;
		tap_is_int(reason_of(&plain, &unknown), DOOR_LET_IN,
			"an engine that is gone for minutes: the port is another's now");
		keeper_beat(keeper, boot_ns());
		tap_is_int(reason_of(&plain, &unknown), DOOR_INDEX_UNKNOWN, "it is back");
	}
	const struct keeper_terms none = {
		.is_up = true, .gate = interface_knock_gate(bob.interface)};
	keeper_set(keeper, &none);
	struct frame frame;
	bool is_dropped;
	frame_make(&frame, &plain, port, data.bytes, data.size);
	tap_is_int(judge(&frame, &is_dropped), DOOR_REASONS, "without a port nobody is judged");
	tap_ok(is_dropped == (kind == DOOR_HIDDEN), "and nothing is dropped, or shown");
	set_terms(true);
}

/* ---- headers ---- */

static const struct {
	const char *name;
	struct frame_wish wish;
	enum door_reason want; /* DOOR_REASONS: not judged */
} headers[] = {
	{"plain IPv4", {0}, DOOR_LET_IN},
	{"plain IPv6", {.is_ipv6 = true}, DOOR_LET_IN},
	{"one word of IPv4 options", {.options = 1}, DOOR_HEADER},
	{"ten words of IPv4 options", {.options = 10}, DOOR_HEADER},
	{"IPv4 first fragment", {.fragment = 0x2000}, DOOR_HEADER},
	{"IPv4 later fragment", {.fragment = 0x0010}, DOOR_REASONS},
	{"IPv4 do not fragment", {.fragment = 0x4000}, DOOR_LET_IN},
	{"IPv6 destination options", {.is_ipv6 = true, .options = 1}, DOOR_HEADER},
	{"IPv6 eight headers", {.is_ipv6 = true, .options = 8}, DOOR_HEADER},
	{"IPv6 first fragment", {.is_ipv6 = true, .fragment = 0x0001}, DOOR_HEADER},
	{"IPv6 options and fragment", {.is_ipv6 = true, .options = 1, .fragment = 1}, DOOR_HEADER},
	{"IPv6 later fragment", {.is_ipv6 = true, .fragment = 0x0101}, DOOR_REASONS},
	{"UDP length too long", {.udp_lie = 1}, DOOR_HEADER},
	{"UDP length too short", {.is_ipv6 = true, .udp_lie = -1}, DOOR_HEADER},
	{"UDP length of nothing", {.udp_lie = -10000}, DOOR_HEADER},
	{"TCP", {.protocol = 6}, DOOR_REASONS},
	{"IPv6 ICMP", {.is_ipv6 = true, .protocol = 58}, DOOR_REASONS},
};

static void test_headers(void)
{
	struct frame frame;
	bool is_dropped;

	make_genuine();
	set_terms(true);
	for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
		frame_make(&frame, &headers[i].wish, port, data.bytes, data.size);
		tap_is_int(judge(&frame, &is_dropped), headers[i].want, headers[i].name);
		bool is_kept = headers[i].want == DOOR_LET_IN ||
			       (headers[i].want == DOOR_REASONS && kind != DOOR_HIDDEN);
		tap_ok(is_dropped == !is_kept, "and goes the way of that");
	}
	const struct frame_wish plain = {0};
	frame_make(&frame, &plain, (uint16_t)(port ^ 1), data.bytes, data.size);
	tap_is_int(judge(&frame, &is_dropped), DOOR_REASONS, "another port");
	/* the kernel's test takes none that is shorter */
	for (size_t size = FRAME_ETHERNET + 40; size < FRAME_ETHERNET + 60; size++) {
		frame_make(&frame, &plain, port, data.bytes, data.size);
		frame.size = size;
		(void)judge(&frame, &is_dropped); /* what is cut short harms nobody */
	}
}

/* ---- vectors ---- */

static void test_vectors(void)
{
	static struct knock_key keys[ARRAY_LENGTH(knock_vectors)];
	static struct knock_gate gate;
	const struct frame_wish plain = {0};

	for (size_t i = 0; i < ARRAY_LENGTH(knock_vectors); i++) {
		keys[i] = (struct knock_key){knock_vectors[i].epoch, KNOCK_FULL, {0}};
		memcpy(keys[i].key, knock_vectors[i].key, KNOCK_KEY_SIZE);
	}
	if (knock_gate_set(&gate, KNOCK_REQUIRED, keys, ARRAY_LENGTH(keys)) < 0)
		abort();
	const struct keeper_terms terms = {port, true, bob.public_key, &gate};
	keeper_set(keeper, &terms);
	for (size_t i = 0; i < ARRAY_LENGTH(knock_vectors); i++) {
		static struct datagram datagram;
		datagram = (struct datagram){.size = MESSAGE_INITIATION_SIZE};
		memcpy(datagram.bytes, knock_vectors[i].datagram, datagram.size);
		tap_is_int(reason_of(&plain, &datagram), DOOR_MAC1_INVALID,
			"a vector's mac1 is for another key");
		write_mac1(&datagram); /* the tag is over mac1: another one now */
		tap_is_int(reason_of(&plain, &datagram), DOOR_KNOCK_MISSING,
			"with mac1 for ours its tag is wrong");
		knock_write(&keys[i], datagram.bytes);
		tap_is_int(reason_of(&plain, &datagram), DOOR_LET_IN, "with ours it is right");
		datagram.bytes[MESSAGE_INITIATION_SIZE - 1] ^= 0x80;
		tap_is_int(reason_of(&plain, &datagram), DOOR_KNOCK_MISSING, "to the last bit");
	}
	set_terms(true);
}

/* All the epochs that there can be; each is found, others are not. */
static void test_many_epochs(void)
{
	static struct knock_key keys[KNOCK_KEYS_MAX];
	static struct knock_gate gate;
	const struct frame_wish plain = {0};
	static struct datagram datagram;
	unsigned let_in = 0, refused = 0;

	for (unsigned i = 0; i < KNOCK_KEYS_MAX; i++)
		keys[i] = (struct knock_key){(uint16_t)(3 * i), KNOCK_FULL, {(uint8_t)i, 1}};
	if (knock_gate_set(&gate, KNOCK_REQUIRED, keys, KNOCK_KEYS_MAX) < 0)
		abort();
	const struct keeper_terms terms = {port, true, bob.public_key, &gate};
	keeper_set(keeper, &terms);
	datagram = initiation;
	for (unsigned i = 0; i < KNOCK_KEYS_MAX; i++) {
		struct knock_key other = keys[i];
		knock_write(&keys[i], datagram.bytes);
		let_in += reason_of(&plain, &datagram) == DOOR_LET_IN;
		other.epoch++;
		knock_write(&other, datagram.bytes);
		refused += reason_of(&plain, &datagram) == DOOR_KNOCK_MISSING;
	}
	tap_is_int(let_in, KNOCK_KEYS_MAX, "each of 512 epochs is found");
	tap_is_int(refused, KNOCK_KEYS_MAX, "none between them is");
	set_terms(true);
}

/* ---- cost, for who reads ---- */

static void say_cost(void)
{
	static struct datagram bad_mac1, no_knock, unknown;
	const struct {
		const char *name;
		const struct datagram *datagram;
	} rows[] = {
		{"data for a live index", &data},
		{"data for no index", &unknown},
		{"initiation, bad mac1", &bad_mac1},
		{"initiation, bad knock", &no_knock},
		{"initiation, valid", &initiation},
	};
	const struct frame_wish plain = {0};

	make_genuine();
	set_terms(true);
	unknown = data;
	unknown.bytes[5] ^= 1;
	bad_mac1 = no_knock = initiation;
	bad_mac1.bytes[100] ^= 1;
	no_knock.bytes[MESSAGE_INITIATION_SIZE - 1] ^= 1;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct frame frame;
		uint32_t ns = 0;
		frame_make(&frame, &plain, port, rows[i].datagram->bytes, rows[i].datagram->size);
		(void)run(&frame, RUNS_TIMED, &ns);
		printf("# %s: %u ns, %s\n", door_kind_word(kind), ns, rows[i].name);
	}
}

int main(void)
{
	static const struct {
		enum door_kind kind;
		unsigned count;
	} runs[] = {{DOOR_TC, 100000}, {DOOR_XDP, 20000}, {DOOR_HIDDEN, 20000}};

	open_socket();
	for (size_t i = 0; i < ARRAY_LENGTH(runs); i++) {
		if (!open_door(runs[i].kind))
			break;
		open_world();
		test_same(runs[i].count);
		test_headers();
		test_states();
		test_vectors();
		test_many_epochs();
		test_nobody();
		say_cost();
		close_world();
		close_door();
	}
	(void)close(of_daemon);
	return tap_done();
}
