/* SPDX-License-Identifier: ISC */
/*
 * The coalescer against a model: what it makes is split again, in plain code, and must be the very
 * packets that went in, each flow's in order.
 */
#include "net/coalesce.h"

#include "inner_packet.h"
#include "tap.h"

enum {
	POOL_PACKETS = 300,
	PACKETS_MAX = 200, /* of a list */
	ROUNDS = 1500,
	ALL = COALESCE_TCP | COALESCE_UDP,
};

/* A packet's bytes, kept. */
struct copy {
	size_t size;
	uint8_t *bytes;
};

static struct {
	struct packet_pool pool;
	struct coalescer coalescer;
	struct copy in[PACKETS_MAX], out[PACKETS_MAX];
	size_t in_count, out_count;
	size_t bundles;		   /* written so far */
	size_t sizes[PACKETS_MAX]; /* packets of each */
} stage;

static void keep(struct copy *copy, const uint8_t *bytes, size_t size)
{
	copy->size = size;
	copy->bytes = malloc(size ? size : 1);
	if (!copy->bytes)
		abort();
	memcpy(copy->bytes, bytes, size);
}

static void forget(struct copy *copies, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		free(copies[i].bytes);
	*count = 0;
}

static void put_out(const uint8_t *bytes, size_t size)
{
	if (stage.out_count < PACKETS_MAX)
		keep(&stage.out[stage.out_count++], bytes, size);
}

/* What tun_write() would write, put together and split again. */
static void take_bundle(struct bundle *bundle)
{
	static uint8_t super[INNER_MAX + 1], segment[INNER_MAX];
	struct vnet vnet = coalesce_finish(bundle);
	size_t size = 0;

	if (stage.bundles < PACKETS_MAX)
		stage.sizes[stage.bundles] = bundle->packets.count;
	stage.bundles++;
	for (struct packet *p = bundle->packets.first; p; p = p->next) {
		size_t skip = p == bundle->packets.first ? 0 : bundle->payload_at;
		memcpy(super + size, p->data + skip, p->length - skip);
		size += p->length - skip;
	}
	if (size != bundle->size || size > INNER_MAX)
		abort();
	if (vnet.kind == VNET_SINGLE) {
		put_out(super, size);
	} else {
		size_t length;
		for (size_t i = 0; (length = plain_segment(&vnet, super, size, i, segment)); i++)
			put_out(segment, length);
	}
	packet_put_all(&stage.pool, &bundle->packets);
}

static void take_bundles(void)
{
	for (size_t i = 0; i < stage.coalescer.count; i++)
		take_bundle(&stage.coalescer.bundles[i]);
	coalesce_begin(&stage.coalescer, stage.coalescer.joins);
}

static void begin(unsigned joins)
{
	forget(stage.in, &stage.in_count);
	forget(stage.out, &stage.out_count);
	stage.bundles = 0;
	coalesce_begin(&stage.coalescer, joins);
}

/* Gives the coalescer some bytes. */
static void give(const uint8_t *bytes, size_t size)
{
	struct packet *packet = packet_get(&stage.pool);

	if (!packet)
		abort();
	memcpy(packet->data, bytes, size);
	packet->length = size;
	keep(&stage.in[stage.in_count++], bytes, size);
	if (coalesce_is_full(&stage.coalescer))
		take_bundles();
	coalesce_add(&stage.coalescer, packet);
}

static void give_recipe(const struct recipe *recipe)
{
	static uint8_t bytes[INNER_MAX];

	give(bytes, cook(recipe, bytes));
}

/* Whether both are of one flow: addresses, protocol, ports; all that is neither is one flow. */
static bool is_one_flow(const struct copy *a, const struct copy *b)
{
	uint8_t va = a->size ? a->bytes[0] >> 4 : 0, vb = b->size ? b->bytes[0] >> 4 : 0;
	size_t from = va == 4 ? 12 : 8, size = va == 4 ? 12 : 36;

	if (va != vb || (va != 4 && va != 6))
		return va == vb;
	if (a->size < from + size || b->size < from + size)
		return a->size == b->size;
	return a->bytes[va == 4 ? 9 : 6] == b->bytes[va == 4 ? 9 : 6] &&
	       memcmp(a->bytes + from, b->bytes + from, size) == 0;
}

/* Whether they are the same, but for an identification that means nothing. */
static bool is_equal(struct copy *a, struct copy *b)
{
	if (a->size != b->size)
		return false;
	if (a->size >= 20 && a->bytes[0] >> 4 == 4 && load_be16(a->bytes + 6) == 0x4000 &&
		memcmp(a->bytes, b->bytes, a->size) != 0) {
		memcpy(b->bytes + 4, a->bytes + 4, 2);
		memcpy(b->bytes + 10, a->bytes + 10, 2);
	}
	return memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Whether what came out is what went in, in the order of each flow. */
static bool holds(void)
{
	bool used[PACKETS_MAX] = {0};

	take_bundles();
	if (stage.out_count != stage.in_count)
		return false;
	for (size_t i = 0; i < stage.in_count; i++) {
		size_t next = 0; /* the first of the flow that is left */
		while (next < stage.out_count &&
			(used[next] || !is_one_flow(&stage.in[i], &stage.out[next])))
			next++;
		if (next == stage.out_count || !is_equal(&stage.in[i], &stage.out[next]))
			return false;
		used[next] = true;
	}
	return stage.pool.free.count == POOL_PACKETS;
}

static const struct recipe tcp = {.flags = TCP_ACK,
	.ttl = 64,
	.port = 1,
	.host = 1,
	.window = 500,
	.options = 12,
	.timestamp = 99,
	.fragment = 0x4000,
	.payload = 1000};

/* The packet that follows in the flow. */
static struct recipe after(const struct recipe *recipe)
{
	struct recipe next = *recipe;

	next.sequence += (uint32_t)recipe->payload;
	next.id++;
	next.pattern++;
	return next;
}

/* How many bundles `count` packets of a flow make. */
static size_t run_of(struct recipe recipe, size_t count)
{
	begin(ALL);
	for (size_t i = 0; i < count; i++, recipe = after(&recipe))
		give_recipe(&recipe);
	return holds() ? stage.bundles : SIZE_MAX;
}

static void test_runs(void)
{
	struct recipe recipe = tcp;

	tap_is_int(run_of(recipe, 40), 1, "40 TCP packets become one");
	tap_is_int(run_of(recipe, 1), 1, "one stays one");
	tap_is_int(run_of(recipe, 70), 2, "64 at most, and 64 KiB");
	recipe.is_ipv6 = true;
	tap_is_int(run_of(recipe, 40), 1, "IPv6");
	recipe.is_udp = true;
	tap_is_int(run_of(recipe, 40), 1, "UDP over IPv6");
	recipe.is_ipv6 = false;
	tap_is_int(run_of(recipe, 40), 1, "UDP over IPv4");
	recipe.payload = 100;
	tap_is_int(run_of(recipe, 65), 2, "64 datagrams at most");
	recipe = tcp;
	recipe.sequence = 0xfffffff0;
	recipe.id = 0xfff0;
	recipe.fragment = 0;
	tap_is_int(run_of(recipe, 40), 1, "sequence and identification wrap");
	recipe.flags |= TCP_PSH;
	tap_is_int(run_of(recipe, 4), 4, "PSH ends");
	recipe.flags = TCP_ACK | TCP_ECE;
	tap_is_int(run_of(recipe, 4), 1, "ECE on all");
	recipe.flags = TCP_ACK | TCP_CWR;
	tap_is_int(run_of(recipe, 4), 4, "CWR is never joined");
	recipe = tcp;
	recipe.payload = 0;
	tap_is_int(run_of(recipe, 4), 4, "nor are acknowledgements alone");
	recipe.is_udp = true;
	tap_is_int(run_of(recipe, 4), 4, "nor empty datagrams");
	recipe = tcp;
	recipe.payload = 65535 - 52;
	tap_is_int(run_of(recipe, 2), 2, "the longest packets");
	recipe.payload = (65535 - 52) / 2;
	tap_is_int(run_of(recipe, 2), 1, "two that just fit");
	recipe.payload = (65535 - 52) / 2 + 1;
	tap_is_int(run_of(recipe, 2), 2, "two that just do not");
	begin(0);
	give_recipe(&tcp);
	recipe = after(&tcp);
	give_recipe(&recipe);
	tap_ok(holds() && stage.bundles == 2, "nothing is joined where nothing may be");
	begin(COALESCE_TCP);
	recipe = tcp;
	recipe.is_udp = true;
	for (int i = 0; i < 3; i++, recipe = after(&recipe))
		give_recipe(&recipe);
	tap_ok(holds() && stage.bundles == 3, "nor UDP where only TCP may be");
}

/* Two packets of which the second departs from what would follow. */
static void test_departures(void)
{
	static const struct {
		const char *name;
		size_t at; /* of IPv4 and TCP with twelve bytes of options */
		uint8_t flip;
		bool may_join;
	} rows[] = {
		{"as it follows", 0, 0, true},
		{"TOS", 1, 4, false},
		{"ECN", 1, 1, false},
		{"identification", 5, 4, false},
		{"DF", 6, 0x40, false},
		{"TTL", 8, 1, false},
		{"source", 15, 1, false},
		{"destination", 19, 1, false},
		{"source port", 21, 1, false},
		{"destination port", 23, 1, false},
		{"sequence", 27, 4, false},
		{"acknowledgement", 31, 1, false},
		{"reserved bits", 32, 1, false},
		{"FIN", 33, 1, false},
		{"SYN", 33, 2, false},
		{"RST", 33, 4, false},
		{"PSH", 33, 8, true},
		{"no ACK", 33, 16, false},
		{"URG", 33, 32, false},
		{"ECE", 33, 64, false},
		{"CWR", 33, 128, false},
		{"window", 35, 1, false},
		{"urgent pointer", 39, 1, false},
		{"timestamp", 47, 1, false},
		{"kind of an option", 40, 2, false},
		{"payload", 100, 1, true},
	};
	static uint8_t bytes[INNER_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct recipe second = after(&tcp);
		begin(ALL);
		give_recipe(&tcp);
		size_t size = cook(&second, bytes);
		bytes[rows[i].at] ^= rows[i].flip;
		plain_finish(bytes, size, 20, false);
		give(bytes, size);
		take_bundles();
		tap_is_int(stage.bundles, rows[i].may_join ? 1 : 2, rows[i].name);
		tap_ok(holds(), "and what comes out went in");
	}
}

static void test_wrong_checksums(void)
{
	static const size_t wrong_at[] = {10, 36, 500};
	static uint8_t bytes[INNER_MAX];

	for (size_t which = 0; which < 3; which++) {
		for (size_t i = 0; i < sizeof wrong_at / sizeof wrong_at[0]; i++) {
			struct recipe recipe = tcp;
			begin(ALL);
			for (size_t n = 0; n < 3; n++, recipe = after(&recipe)) {
				size_t size = cook(&recipe, bytes);
				bytes[wrong_at[i]] ^= n == which ? 0x10 : 0;
				give(bytes, size);
			}
			tap_ok(holds(), "what is wrong stays as it is");
			tap_is_int(stage.bundles, which == 1 ? 3 : 2, "and alone");
		}
	}
	struct recipe recipe = tcp;
	recipe.is_udp = true;
	begin(ALL);
	for (size_t n = 0; n < 3; n++, recipe = after(&recipe)) {
		size_t size = cook(&recipe, bytes);
		store_be16(bytes + 26, 0);
		give(bytes, size);
	}
	tap_ok(holds() && stage.bundles == 3, "UDP without checksums is not joined");
}

/* Identifications that stand still mean nothing with DF, and forbid joining without it. */
static void test_ids(void)
{
	struct recipe recipe = tcp;

	begin(ALL);
	for (size_t i = 0; i < 4; i++, recipe = after(&recipe)) {
		recipe.id = 7;
		give_recipe(&recipe);
	}
	tap_ok(holds() && stage.bundles == 1, "one identification with DF");
	begin(ALL);
	recipe = tcp;
	for (size_t i = 0; i < 4; i++, recipe = after(&recipe)) {
		recipe.id = 7;
		recipe.fragment = 0;
		give_recipe(&recipe);
	}
	tap_ok(holds() && stage.bundles == 4, "one identification without");
	begin(ALL);
	recipe = tcp;
	for (size_t i = 0; i < 3; i++, recipe = after(&recipe)) {
		recipe.id = i == 2 ? 1 : 0;
		give_recipe(&recipe);
	}
	tap_ok(holds() && stage.bundles == 2, "it stands still, then it goes on");
	begin(ALL);
	recipe = tcp;
	for (size_t i = 0; i < 3; i++, recipe = after(&recipe)) {
		recipe.id = i == 0 ? 0 : 1;
		give_recipe(&recipe);
	}
	tap_ok(holds() && stage.bundles == 2, "it goes on, then it stands still");
}

static void test_lengths(void)
{
	struct recipe recipe = tcp;

	begin(ALL);
	for (size_t i = 0; i < 4; i++, recipe = after(&recipe)) {
		recipe.payload = i == 2 ? 999 : 1000;
		give_recipe(&recipe);
	}
	tap_ok(holds() && stage.bundles == 2, "a shorter one ends");
	begin(ALL);
	recipe = tcp;
	for (size_t i = 0; i < 3; i++, recipe = after(&recipe)) {
		recipe.payload = i == 1 ? 1001 : 1000;
		give_recipe(&recipe);
	}
	tap_ok(holds() && stage.bundles == 2 && stage.sizes[1] == 2, "a longer one begins anew");
}

/* Flows take turns; packets that may be of any flow keep their place. */
static void test_interleaved(void)
{
	struct recipe flows[5] = {tcp, tcp, tcp, tcp, tcp};
	static uint8_t bytes[INNER_MAX];

	begin(ALL);
	for (size_t i = 0; i < 5; i++)
		flows[i].port = (uint16_t)(i + 1);
	flows[3].is_udp = flows[4].is_ipv6 = true;
	for (size_t i = 0; i < 100; i++) {
		give_recipe(&flows[i % 5]);
		flows[i % 5] = after(&flows[i % 5]);
	}
	tap_ok(holds() && stage.bundles == 5, "flows take turns");
	begin(ALL);
	for (size_t i = 0; i < 4; i++) {
		if (i == 2) {
			struct recipe fragment = flows[3];
			fragment.fragment = 0x2000;
			give(bytes, cook(&fragment, bytes));
		}
		give_recipe(&flows[3]);
		flows[3] = after(&flows[3]);
	}
	take_bundles();
	tap_is_int(stage.bundles, 3, "a fragment keeps its place");
	tap_is_int(stage.sizes[1], 1, "in the middle");
	begin(ALL);
	for (size_t i = 0; i < 4; i++) {
		if (i == 2) {
			struct recipe alone = flows[0];
			alone.payload = 0;
			give_recipe(&alone);
		}
		give_recipe(&flows[0]);
		flows[0] = after(&flows[0]);
	}
	tap_ok(holds() && stage.bundles == 3, "so does an acknowledgement of the flow");
	begin(ALL);
	for (size_t i = 0; i < 4; i++) {
		memset(bytes, 0, 64);
		memcpy(bytes, (uint8_t[]){0x45, 0, 0, 64, 0, 0, 0, 0, 64, 1}, 10); /* ICMP */
		give(bytes, 64);
		give_recipe(&flows[0]);
		flows[0] = after(&flows[0]);
	}
	take_bundles();
	tap_is_int(stage.bundles, 5, "echoes keep nobody apart");
}

static void test_malformed(void)
{
	static uint8_t bytes[INNER_MAX];
	struct recipe recipe = tcp;
	size_t joined = 0;

	for (int v = 0; v < 4; v++) {
		recipe.is_ipv6 = v & 1;
		recipe.is_udp = v & 2;
		size_t size = cook(&recipe, bytes);
		for (size_t cut = 0; cut < size; cut += cut < 100 ? 1 : 97) {
			begin(ALL);
			give(bytes, cut);
			give(bytes, cut);
			joined += !holds() || stage.bundles != 2;
		}
	}
	tap_is_int(joined, 0, "what is cut is not joined");
}

/* Flows that are in disorder, lose packets, change their minds; and bytes that are wrong. */
static void random_packet(uint64_t *dice, struct recipe *flow)
{
	static uint8_t bytes[INNER_MAX];
	struct recipe now = *flow;
	size_t event = dice_below(dice, 30);

	if (event == 0)
		now.flags ^= (uint8_t)(1U << dice_below(dice, 8));
	if (event == 1)
		now.payload = dice_below(dice, now.payload + 1);
	if (event == 2)
		now.sequence += (uint32_t)dice_below(dice, 3);
	if (event == 3)
		now.flags |= TCP_PSH;
	if (event == 4)
		now.fragment ^= 0x4000;
	if (event == 5)
		flow->options = 4 * dice_below(dice, 4);
	if (event == 6)
		now.tos = (uint8_t)dice_below(dice, 4);
	size_t size = cook(&now, bytes);
	if (event == 7)
		bytes[dice_below(dice, size)] ^= (uint8_t)(1U << dice_below(dice, 8));
	give(bytes, size);
	flow->sequence = now.sequence + (uint32_t)now.payload;
	flow->id++;
	flow->pattern++;
	if (event == 8)
		flow->id--;
}

static void test_random(void)
{
	uint64_t dice = 11;
	size_t wrong = 0, packets = 0, bundles = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct recipe flows[8];
		size_t count = 1 + dice_below(&dice, 8), length = dice_below(&dice, PACKETS_MAX);
		for (size_t i = 0; i < count; i++) {
			flows[i] = tcp;
			flows[i].is_ipv6 = dice_below(&dice, 2);
			flows[i].is_udp = dice_below(&dice, 3) == 0;
			flows[i].port = (uint16_t)i;
			flows[i].host = (uint8_t)dice_below(&dice, 2);
			flows[i].sequence = (uint32_t)dice_roll(&dice);
			flows[i].id = (uint16_t)dice_roll(&dice);
			flows[i].payload = 1 + dice_below(&dice, 300);
		}
		begin(ALL);
		for (size_t i = 0; i < length; i++)
			random_packet(&dice, &flows[dice_below(&dice, count)]);
		wrong += !holds();
		packets += stage.in_count;
		bundles += stage.bundles;
	}
	tap_is_int(wrong, 0, "random lists come out as they went in");
	tap_ok(bundles * 3 < packets, "and most of it joined");
	printf("# %zu packets in %zu writes\n", packets, bundles);
}

int main(void)
{
	if (packet_pool_init(&stage.pool, POOL_PACKETS) < 0)
		return 1;
	test_runs();
	test_departures();
	test_wrong_checksums();
	test_ids();
	test_lengths();
	test_interleaved();
	test_malformed();
	test_random();
	begin(ALL);
	packet_pool_done(&stage.pool);
	return tap_done();
}
