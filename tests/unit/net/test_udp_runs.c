/* SPDX-License-Identifier: ISC */
/*
 * Runs of datagrams that go to the kernel and come from it as one message. The system calls are
 * looked at, and refused as other kernels and devices refuse them.
 */
#include "net/udp.h"

#include "../wireguard/operations.h"
#include "udp_end.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum {
	RUN = 64,	      /* datagrams that go as one */
	REMEMBERED = 65536,   /* datagrams for which a refusal is remembered */
	NO_SEGMENT_SET = -99, /* the kernel's word is left as it is */
};

/* What the kernel does as it is told here. */
static struct {
	int refusal;	     /* errno for messages of several; 0: none */
	size_t refused_from; /* length of datagrams from which on that is so */
	bool lacks_segment, lacks_gro;
	int segment_set; /* what UDP_GRO says in place of the truth */
} kernel = {.segment_set = NO_SEGMENT_SET};

/* What was asked of it. */
static struct {
	size_t messages, runs, pieces;
} asked;

/* The length of the datagrams of a message of several; 0: it is one. */
static size_t segment_of(struct msghdr *header)
{
	uint16_t segment = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_SEGMENT)
			memcpy(&segment, CMSG_DATA(c), sizeof segment);
	}
	return segment;
}

/* In place of libc's. */
int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	unsigned good = 0;

	for (; good < count; good++) {
		size_t segment = segment_of(&messages[good].msg_hdr);
		if (kernel.refusal && segment > 0 && segment >= kernel.refused_from)
			break;
		asked.messages++;
		asked.runs += segment > 0;
		asked.pieces += messages[good].msg_hdr.msg_iovlen;
	}
	if (good == 0) {
		errno = kernel.refusal;
		return -1;
	}
	return (int)syscall(SYS_sendmmsg, fd, messages, good, flags);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == IPPROTO_UDP && ((name == UDP_SEGMENT && kernel.lacks_segment) ||
					    (name == UDP_GRO && kernel.lacks_gro))) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, size);
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	int received = (int)syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);

	for (int i = 0; i < received && kernel.segment_set != NO_SEGMENT_SET; i++) {
		struct msghdr *header = &messages[i].msg_hdr;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
			if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
				memcpy(CMSG_DATA(c), &kernel.segment_set,
					sizeof kernel.segment_set);
		}
	}
	return received;
}

/* Two ends, and how one is called. */
struct pair {
	struct end here, there;
	struct endpoint to;
};

static void pair_open(struct pair *pair, const char *address)
{
	memset(&asked, 0, sizeof asked);
	end_open(&pair->here, 2 * END_PACKETS);
	end_open(&pair->there, 2 * END_PACKETS);
	pair->to = end_at(&pair->there, address);
}

static void pair_close(struct pair *pair)
{
	tap_is_int(pair->here.pool.free.count, 2 * END_PACKETS, "the sender's pool is full");
	tap_is_int(pair->there.pool.free.count, 2 * END_PACKETS, "the receiver's pool is full");
	end_close(&pair->here);
	end_close(&pair->there);
}

/* Sends `count` datagrams of one length, numbered. */
static void send_run(struct pair *pair, size_t count, size_t length)
{
	struct packet_list list = {0};

	for (size_t i = 0; i < count; i++)
		end_compose(&pair->here, &list, &pair->to, i, length);
	udp_send(pair->here.udp, &pair->here.pool, &list);
}

/* Receives what send_run() has sent. The number of wrong ones; SIZE_MAX: some did not come. */
static size_t receive_run(struct pair *pair, size_t count, size_t length)
{
	struct packet_list list = {0};
	size_t wrong = 0, number = 0;

	if (!end_receive(&pair->there, pair->to.remote.family, count, &list))
		wrong = SIZE_MAX;
	for (const struct packet *p = list.first; p; p = p->next)
		wrong += !end_recognises(p, number++, length) ||
			 !address_equal(&p->endpoint.source, &pair->to.remote);
	packet_put_all(&pair->there.pool, &list);
	return wrong;
}

static void test_one_message(const char *address)
{
	struct pair pair;
	struct packet_list list = {0};

	pair_open(&pair, address);
	send_run(&pair, RUN, 1000);
	tap_is_int(asked.messages, 1, "a run is one message");
	bool all = end_receive(&pair.there, pair.to.remote.family, RUN, &list);
	tap_ok(all && !list.first->buffer && list.first->carrier == list.last->carrier,
		"it arrives as slices of one packet");
	tap_is_int(pair.there.pool.free.count, 2 * END_PACKETS - 1, "no other has left the pool");
	packet_put_all(&pair.there.pool, &list);

	send_run(&pair, RUN + 1, 1000);
	tap_is_int(asked.messages, 3, "one more is another message");
	tap_is_int(receive_run(&pair, RUN + 1, 1000), 0, "all as they were sent");
	send_run(&pair, 50, 1432);
	tap_is_int(asked.messages, 5, "no more go as one than a datagram has room for");
	tap_is_int(receive_run(&pair, 50, 1432), 0, "all as they were sent");
	tap_is_int(udp_counters(pair.here.udp)->sent, 2 * RUN + 51, "counted as sent");
	tap_is_int(udp_counters(pair.there.udp)->received, 2 * RUN + 51, "counted as received");
	pair_close(&pair);
}

/* Packets that lie side by side are one piece. */
static void test_pieces(void)
{
	struct pair pair;
	struct packet_list list = {0};

	pair_open(&pair, "127.0.0.1");
	struct packet *carrier = packet_get(&pair.here.pool);
	for (size_t i = 0; i < 8; i++) {
		size_t gap = i >= 4 ? 32 : 0;
		uint8_t *data = carrier->data + i * 500 + gap;
		struct packet *slice =
			packet_slice(&pair.here.pool, carrier, data, 500, data + 500);
		slice->endpoint = pair.to;
		for (size_t at = 0; at < 500; at++)
			data[at] = pattern(i, at);
		packet_list_push(&list, slice);
	}
	packet_put(&pair.here.pool, carrier);
	udp_send(pair.here.udp, &pair.here.pool, &list);
	tap_ok(asked.messages == 1 && asked.pieces == 2, "a gap is the end of a piece");
	tap_is_int(receive_run(&pair, 8, 500), 0, "all as they were sent");
	pair_close(&pair);
}

/* Lengths of datagrams sent, and of how many messages they are. */
static const struct {
	const char *name;
	size_t lengths[6];
	size_t messages;
} mixtures[] = {
	{"the last may be shorter", {800, 800, 800, 10}, 1},
	{"nothing goes with one that is shorter", {800, 800, 10, 10, 800}, 3},
	{"a longer one is a message of its own", {800, 900, 900, 1000}, 3},
	{"two are a run", {300, 300}, 1},
};

static void test_mixtures(void)
{
	for (size_t m = 0; m < ARRAY_LENGTH(mixtures); m++) {
		struct packet_list list = {0};
		struct pair pair;
		size_t count = 0, wrong = 0;

		pair_open(&pair, "127.0.0.1");
		for (; mixtures[m].lengths[count]; count++)
			end_compose(&pair.here, &list, &pair.to, count, mixtures[m].lengths[count]);
		udp_send(pair.here.udp, &pair.here.pool, &list);
		tap_is_int(asked.messages, (intmax_t)mixtures[m].messages, mixtures[m].name);
		wrong = !end_receive(&pair.there, ADDRESS_IPV4, count, &list);
		count = 0;
		for (const struct packet *p = list.first; p; p = p->next, count++)
			wrong += !end_recognises(p, count, mixtures[m].lengths[count]);
		tap_is_int(wrong, 0, "all as they were sent");
		packet_put_all(&pair.there.pool, &list);
		pair_close(&pair);
	}
}

static void test_empty_datagrams(void)
{
	struct pair pair;

	pair_open(&pair, "127.0.0.1");
	send_run(&pair, 3, 0);
	tap_is_int(asked.runs, 0, "empty datagrams are no run");
	tap_is_int(receive_run(&pair, 3, 0), 0, "and arrive");
	pair_close(&pair);
}

enum {
	RANDOM_ENDS = 3,
	RANDOM_DATAGRAMS = 100, /* a list */
	RANDOM_LISTS = 300,
};

/* Sends a random list to the ends; what each is to get, in order, is in lengths. */
static void send_random(struct prng *prng, struct end *from, const struct endpoint *to,
	size_t lengths[RANDOM_ENDS][RANDOM_DATAGRAMS], size_t counts[RANDOM_ENDS])
{
	struct packet_list list = {0};
	size_t length = 100, end = 0;

	for (size_t i = 0; i < RANDOM_DATAGRAMS; i++) {
		if (prng_one_in(prng, 6))
			length = prng_below(prng, 1400);
		if (prng_one_in(prng, 4))
			end = prng_below(prng, RANDOM_ENDS);
		end_compose(from, &list, &to[end], counts[end], length);
		lengths[end][counts[end]++] = length;
	}
	udp_send(from->udp, &from->pool, &list);
}

static void test_random(void)
{
	static const char *const addresses[] = {"127.0.0.1", "[::1]", "127.0.0.2"};
	struct prng prng = prng_start();
	struct end from, ends[RANDOM_ENDS];
	struct endpoint to[RANDOM_ENDS];
	size_t wrong = 0;

	memset(&asked, 0, sizeof asked);
	end_open(&from, END_PACKETS);
	for (size_t i = 0; i < RANDOM_ENDS; i++) {
		end_open(&ends[i], END_PACKETS);
		to[i] = end_at(&ends[i], addresses[i]);
	}
	for (size_t round = 0; round < RANDOM_LISTS; round++) {
		size_t lengths[RANDOM_ENDS][RANDOM_DATAGRAMS], counts[RANDOM_ENDS] = {0};
		send_random(&prng, &from, to, lengths, counts);
		for (size_t i = 0; i < RANDOM_ENDS; i++) {
			struct packet_list list = {0};
			size_t at = 0;
			wrong += !end_receive(&ends[i], to[i].remote.family, counts[i], &list);
			for (const struct packet *p = list.first; p; p = p->next, at++)
				wrong += !end_recognises(p, at, lengths[i][at]);
			packet_put_all(&ends[i].pool, &list);
		}
	}
	tap_is_int(wrong, 0, "random lists to three ends: all arrive whole and in order");
	tap_ok(asked.runs > RANDOM_LISTS, "many of them in runs");
	end_close(&from);
	for (size_t i = 0; i < RANDOM_ENDS; i++)
		end_close(&ends[i]);
}

/* A refusal of what is one, not of what it is made of. */
static const struct refusal_case {
	const char *name;
	int error;
	bool is_length; /* shorter ones may still go as one */
} refusals[] = {
	{"EIO", EIO, false},
	{"EINVAL", EINVAL, true},
	{"EMSGSIZE", EMSGSIZE, true},
	{"EOPNOTSUPP", EOPNOTSUPP, false},
};

static void test_refusal(const struct refusal_case *r)
{
	struct pair pair;

	printf("# %s\n", r->name);
	kernel.refusal = r->error;
	kernel.refused_from = r->is_length ? 1000 : 0;
	pair_open(&pair, "127.0.0.1");
	send_run(&pair, 40, 1000);
	tap_is_int(receive_run(&pair, 40, 1000), 0, "a run that is refused comes one by one");
	tap_ok(asked.messages == 40 && asked.runs == 0, "none of it as one");
	kernel.refusal = 0;
	send_run(&pair, 40, 1000);
	tap_is_int(asked.runs, 0, "that is remembered");
	tap_is_int(receive_run(&pair, 40, 1000), 0, "all as they were sent");
	send_run(&pair, 40, 999);
	tap_is_int(asked.runs, r->is_length, "for shorter ones, too, unless it was for length");
	tap_is_int(receive_run(&pair, 40, 999), 0, "all as they were sent");
	for (size_t i = 0; i < REMEMBERED && asked.runs == r->is_length; i += 128) {
		send_run(&pair, 128, 1000);
		if (receive_run(&pair, 128, 1000) > 0)
			break;
	}
	tap_ok(asked.runs > r->is_length && asked.messages > REMEMBERED / 2,
		"after many datagrams it is tried again");
	tap_is_int(udp_counters(pair.here.udp)->send_failed, 0, "nothing has failed");
	pair_close(&pair);
}

/* A source that is gone is not taken for a refusal of runs. */
static void test_lost_source(const char *address, const char *lost)
{
	struct pair pair;

	pair_open(&pair, address);
	must(address_parse(lost, strlen(lost), &pair.to.source) == 0, lost);
	send_run(&pair, 40, 1000);
	tap_is_int(receive_run(&pair, 40, 1000), 0, "a run without its source arrives");
	tap_is_int(udp_counters(pair.here.udp)->source_lost, 40, "all its datagrams are counted");
	pair.to.source = (struct address){0};
	size_t before = asked.runs;
	send_run(&pair, 40, 1000);
	tap_is_int(asked.runs, before + 1, "runs go on");
	tap_is_int(receive_run(&pair, 40, 1000), 0, "all as they were sent");
	pair_close(&pair);
}

static void test_old_kernel(void)
{
	struct pair pair;

	kernel.lacks_segment = true;
	pair_open(&pair, "127.0.0.1");
	send_run(&pair, 40, 1000);
	tap_ok(asked.runs == 0 && asked.messages == 40, "no UDP_SEGMENT: one by one");
	tap_is_int(receive_run(&pair, 40, 1000), 0, "all as they were sent");
	pair_close(&pair);
	kernel.lacks_segment = false;
	kernel.lacks_gro = true;
	pair_open(&pair, "[::1]");
	send_run(&pair, 40, 1000);
	tap_is_int(asked.runs, 1, "no UDP_GRO: sent as one");
	tap_is_int(receive_run(&pair, 40, 1000), 0, "but received one by one");
	pair_close(&pair);
	kernel.lacks_gro = false;
}

/* What the kernel might say about lengths that do not go together. */
static const struct {
	const char *name;
	int segment;
	size_t datagrams, first;
} oddities[] = {
	{"a segment of none is one datagram", 0, 1, 4000},
	{"a negative one, too", -5, 1, 4000},
	{"one as long as all", 4000, 1, 4000},
	{"one that is longer", 4001, 1, 4000},
	{"one of a byte less", 3999, 2, 3999},
	{"another than it was sent with", 1500, 3, 1500},
};

static void test_oddities(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(oddities); i++) {
		struct pair pair;
		struct packet_list list = {0};

		pair_open(&pair, "127.0.0.1");
		send_run(&pair, 4, 1000);
		kernel.segment_set = oddities[i].segment;
		bool came = end_receive(&pair.there, ADDRESS_IPV4, oddities[i].datagrams, &list);
		kernel.segment_set = NO_SEGMENT_SET;
		size_t bytes = 0;
		for (const struct packet *p = list.first; p; p = p->next)
			bytes += p->length;
		tap_ok(came && bytes == 4000 && list.first->length == oddities[i].first,
			oddities[i].name);
		packet_put_all(&pair.there.pool, &list);
		pair_close(&pair);
	}
}

static void test_too_many_slices(void)
{
	struct pair pair;
	struct packet_list list = {0};
	size_t heads = 2 * END_PACKETS * PACKET_SLICES;
	size_t sent = 0;

	pair_open(&pair, "127.0.0.1");
	for (; sent <= heads; sent += RUN) {
		send_run(&pair, RUN, 1);
		must(end_is_readable(&pair.there, ADDRESS_IPV4, END_WAIT_MS), "receive");
		must(udp_receive(pair.there.udp, ADDRESS_IPV4, &pair.there.pool, &list) >= 0,
			"receive");
	}
	const struct udp_counters *counters = udp_counters(pair.there.udp);
	tap_is_int(list.count, heads, "as many datagrams as there are heads");
	tap_is_int(counters->receive_dropped, sent - heads, "the others are counted as dropped");
	tap_is_int(counters->received, heads, "and not as received");
	packet_put_all(&pair.there.pool, &list);
	send_run(&pair, RUN, 1);
	tap_is_int(receive_run(&pair, RUN, 1), 0, "it goes on when heads are back");
	pair_close(&pair);
}

static void test_empty_pool(void)
{
	struct pair pair;
	struct packet_list held = {0}, list = {0};
	struct packet *packet;

	pair_open(&pair, "127.0.0.1");
	while ((packet = packet_get(&pair.there.pool)))
		packet_list_push(&held, packet);
	send_run(&pair, 33, 700);
	must(end_is_readable(&pair.there, ADDRESS_IPV4, END_WAIT_MS), "receive");
	tap_is_int(udp_receive(pair.there.udp, ADDRESS_IPV4, &pair.there.pool, &list), 0,
		"nothing without a packet");
	tap_is_int(udp_counters(pair.there.udp)->receive_dropped, 33,
		"each datagram of a run is counted as dropped");
	packet_put_all(&pair.there.pool, &held);
	pair_close(&pair);
}

/* The kernel's own refusal: a link that is narrower than the datagrams. */
static void test_narrow_link(void)
{
	struct pair pair;

	must(run("ip link set lo mtu 1300"), "make lo narrow");
	pair_open(&pair, "127.0.0.1");
	send_run(&pair, 30, 1400);
	tap_ok(asked.runs == 1 && asked.messages == 31, "a run too long for the link: refused");
	tap_is_int(receive_run(&pair, 30, 1400), 0, "it comes in fragments, one by one");
	send_run(&pair, 30, 1400);
	tap_is_int(asked.messages, 61, "and the next one, without asking again");
	tap_is_int(receive_run(&pair, 30, 1400), 0, "all as they were sent");
	send_run(&pair, 30, 1200);
	tap_is_int(asked.messages, 62, "what fits goes as one");
	tap_is_int(receive_run(&pair, 30, 1200), 0, "all as they were sent");
	tap_is_int(udp_counters(pair.here.udp)->send_failed, 0, "nothing has failed");
	pair_close(&pair);
	must(run("ip link set lo mtu 65536"), "make lo wide");
}

int main(void)
{
	if (!namespace_enter()) {
		tap_skip("udp runs", "no network namespace can be made here");
		return tap_done();
	}
	test_one_message("127.0.0.1");
	test_one_message("[::1]");
	test_pieces();
	test_mixtures();
	test_empty_datagrams();
	test_random();
	for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++)
		test_refusal(&refusals[i]);
	test_lost_source("127.0.0.1", "192.0.2.77");
	test_lost_source("[::1]", "2001:db8::77");
	test_old_kernel();
	test_oddities();
	test_too_many_slices();
	test_empty_pool();
	test_narrow_link();
	return tap_done();
}
