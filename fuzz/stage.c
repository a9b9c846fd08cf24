/* SPDX-License-Identifier: ISC */
#include "stage.h"

#include "base/bytes.h"

#include <stdlib.h>

enum {
	POOL_CAPACITY = 64,
	AGE_MAX = 256,	 /* datagrams; so that the session does not get old */
	STEP_MS = 20,	 /* between datagrams; so that they are no load */
	INNER_SIZE = 44, /* of the packets that the peers send */
	OURS = 0,	 /* who has which keys and addresses */
	BOB = 1,
	CAROL = 2,
};

void demand(bool holds)
{
	if (!holds)
		abort();
}

static struct stage stage;

/* ---- who is who ---- */

static void private_key_of(int who, uint8_t ret_key[static NOISE_KEY_SIZE])
{
	memset(ret_key, 0x10 + who, NOISE_KEY_SIZE);
}

static void public_key_of(int who, uint8_t ret_key[static NOISE_KEY_SIZE])
{
	static uint8_t known[3][NOISE_KEY_SIZE];
	struct noise_identity identity = {0};
	uint8_t private_key[NOISE_KEY_SIZE];

	if (bytes_are_zero(known[who], NOISE_KEY_SIZE)) {
		private_key_of(who, private_key);
		demand(noise_identity_set(&identity, private_key) == 0);
		memcpy(known[who], identity.public_key, NOISE_KEY_SIZE);
		noise_identity_done(&identity);
	}
	memcpy(ret_key, known[who], NOISE_KEY_SIZE);
}

static struct endpoint endpoint_of(int who)
{
	return (struct endpoint){
		.remote = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, (uint8_t)(who + 1)}},
		.port = 51820,
	};
}

static struct interface *make_interface(int who)
{
	const struct interface_config config = {
		.entropy = dice_entropy(&stage.dice),
		.pool = &stage.pool,
		.mtu_bytes = 1420,
	};
	uint8_t private_key[NOISE_KEY_SIZE];
	struct interface *interface;

	demand(interface_new(&config, &interface) == 0);
	private_key_of(who, private_key);
	demand(interface_set_private_key(interface, private_key) == 0);
	interface_start(interface, stage.now.monotonic_ns);
	return interface;
}

static struct peer *add_peer(struct interface *interface, int who)
{
	static const uint8_t preshared_key[NOISE_KEY_SIZE] = {0x77};
	const struct endpoint endpoint = endpoint_of(who);
	const struct prefix prefixes[] = {
		{.address = {.family = ADDRESS_IPV4, .bytes = {10, 77, (uint8_t)who}},
			.length = 24},
		{.address = {.family = ADDRESS_IPV6, .bytes = {0xfd, 0x77, (uint8_t)who}},
			.length = 64},
	};
	uint8_t public_key[NOISE_KEY_SIZE];
	struct peer *peer;

	public_key_of(who, public_key);
	demand(interface_peer_add(interface, public_key, &peer) == 0);
	interface_peer_set_preshared_key(peer, preshared_key);
	interface_peer_set_endpoint(peer, &endpoint);
	for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++)
		demand(interface_peer_allow(interface, peer, &prefixes[i]) == 0);
	return peer;
}

/* ---- what happens before the fuzzed datagram ---- */

/* A packet from the pool with these bytes. */
static struct packet *packet_with(const uint8_t *bytes, size_t size)
{
	struct packet *packet = packet_get(&stage.pool);

	demand(packet && size <= PACKET_DATA_MAX);
	if (size > 0)
		memcpy(packet->data, bytes, size);
	packet->length = size;
	return packet;
}

/* An IPv4 packet from one to another; what the interface emits, which is one datagram. */
static struct packet *send_inner(struct interface *interface, int from, int to)
{
	uint8_t inner[INNER_SIZE] = {0x45, 0, 0, INNER_SIZE};
	struct packet_list list = {0};
	struct outbox out = {0};

	memcpy(inner + 12, (uint8_t[8]){10, 77, (uint8_t)from, 1, 10, 77, (uint8_t)to, 1}, 8);
	packet_list_push(&list, packet_with(inner, sizeof inner));
	interface_send(interface, stage.now, &list, &out);
	demand(out.datagrams.count == 1);
	return packet_list_pop(&out.datagrams);
}

/* Brings a datagram to an interface; the first that it emits in answer, or NULL. */
static struct packet *pass(struct interface *to, int from, struct packet *packet)
{
	struct packet_list list = {0};
	struct outbox out = {0};

	packet->endpoint = endpoint_of(from);
	packet_list_push(&list, packet);
	interface_receive(to, stage.now, &list, &out);
	struct packet *answer = packet_list_pop(&out.datagrams);
	stage_clear(&stage, &out);
	return answer;
}

/* Consumes packet. */
static void keep(enum genuine which, struct packet *packet)
{
	demand(packet && packet->length <= STAGE_DATAGRAM_MAX);
	memcpy(stage.genuine[which], packet->data, packet->length);
	stage.genuine_size[which] = packet->length;
	packet_put(&stage.pool, packet);
}

/* Bob calls us; afterwards his next packet is under way. */
static void play_bob(void)
{
	struct packet *initiation = send_inner(stage.bobs, BOB, OURS);
	struct packet *response = pass(stage.ours, BOB, initiation);
	struct packet *data = pass(stage.bobs, OURS, response);

	demand(pass(stage.ours, BOB, data) == NULL);
	demand(stage.bob->keypairs.current != NULL);
	keep(GENUINE_DATA, send_inner(stage.bobs, BOB, OURS));
}

static void make_cookie_reply(const struct packet *initiation)
{
	struct cookie_checker checker = {0};
	struct message_cookie_reply reply;
	uint8_t public_key[NOISE_KEY_SIZE];
	const struct endpoint ours = endpoint_of(OURS);

	public_key_of(CAROL, public_key);
	cookie_checker_set_key(&checker, public_key);
	demand(cookie_reply_create(&checker, stage.now.monotonic_ns, dice_entropy(&stage.dice),
		       (struct bytes){initiation->data, initiation->length}, &ours, &reply) == 0);
	reply.receiver_index = load_le32(initiation->data + 4);
	message_cookie_reply_encode(&reply, stage.genuine[GENUINE_COOKIE_REPLY]);
	stage.genuine_size[GENUINE_COOKIE_REPLY] = MESSAGE_COOKIE_REPLY_SIZE;
}

/* Carol and we call each other at the same time; nothing of hers has arrived yet. */
static void play_carol(void)
{
	keep(GENUINE_INITIATION, send_inner(stage.carols, CAROL, OURS));
	struct packet *initiation = send_inner(stage.ours, OURS, CAROL);
	make_cookie_reply(initiation);
	keep(GENUINE_RESPONSE, pass(stage.carols, OURS, initiation));
}

static void make_stage(void)
{
	dice_seed(&stage.dice, 1, 1);
	stage.now = (struct moment){
		.monotonic_ns = 1000 * SECONDS_NS,
		.realtime_ns = 1700000000 * SECONDS_NS,
	};
	if (stage.pool.capacity == 0)
		demand(packet_pool_init(&stage.pool, POOL_CAPACITY) == 0);
	stage.ours = make_interface(OURS);
	stage.bobs = make_interface(BOB);
	stage.carols = make_interface(CAROL);
	stage.bob = add_peer(stage.ours, BOB);
	stage.carol = add_peer(stage.ours, CAROL);
	(void)add_peer(stage.bobs, OURS); /* not needed by name */
	(void)add_peer(stage.carols, OURS);
	stage.stranger = (struct endpoint){
		.remote = {.family = ADDRESS_IPV4, .bytes = {203, 0, 113, 66}},
		.port = 666,
	};
	play_bob();
	play_carol();
	stage.age = 0;
	stage.is_spent = false;
}

static void free_stage(void)
{
	interface_free(stage.ours);
	interface_free(stage.bobs);
	interface_free(stage.carols);
	demand(stage.pool.free.count == stage.pool.capacity);
}

struct stage *stage_fresh(void)
{
	if (stage.ours && !stage.is_spent && stage.age < AGE_MAX)
		return &stage;
	if (stage.ours)
		free_stage();
	make_stage();
	return &stage;
}

/* ---- the fuzzed datagram ---- */

/* Whether a handshake message is the same but for the sender's index and macs, and mac1 is right.
 */
static bool is_same_handshake(const uint8_t *a, const uint8_t *b, size_t size)
{
	uint8_t again[STAGE_DATAGRAM_MAX];
	size_t mac1_at = size - MESSAGE_MACS_SIZE;

	if (memcmp(a, b, 4) != 0 || memcmp(a + 8, b + 8, mac1_at - 8) != 0)
		return false;
	memcpy(again, a, size);
	stage_write_macs(again, size);
	return memcmp(a + mac1_at, again + mac1_at, MAC_SIZE) == 0;
}

enum genuine stage_genuine(const struct stage *on, const uint8_t *bytes, size_t size)
{
	for (int which = 0; which < GENUINES; which++) {
		const uint8_t *genuine = on->genuine[which];
		if (size != on->genuine_size[which])
			continue;
		bool is_handshake = which == GENUINE_INITIATION || which == GENUINE_RESPONSE;
		if (is_handshake ? is_same_handshake(bytes, genuine, size)
				 : memcmp(bytes, genuine, size) == 0)
			return (enum genuine)which;
	}
	return GENUINES;
}

struct stage_view stage_view(const struct stage *on)
{
	return (struct stage_view){
		.bob = on->bob->endpoint,
		.carol = on->carol->endpoint,
		.rx_bytes = on->bob->rx_bytes + on->carol->rx_bytes,
	};
}

void stage_receive(struct stage *on, const uint8_t *bytes, size_t size, struct outbox *ret_out)
{
	struct packet *packet = packet_with(bytes, size);
	struct packet_list list = {0};

	on->age++;
	on->now.monotonic_ns += STEP_MS * (uint64_t)NS_PER_MS;
	packet->endpoint = on->stranger;
	packet_list_push(&list, packet);
	*ret_out = (struct outbox){0};
	interface_receive(on->ours, on->now, &list, ret_out);
	demand(list.count == 0);
}

void stage_clear(struct stage *on, struct outbox *out)
{
	packet_put_all(&on->pool, &out->datagrams);
	packet_put_all(&on->pool, &out->inner);
	demand(out->held.count == 0);
}

void stage_demand_silence(
	const struct stage *on, const struct stage_view *before, const struct outbox *out)
{
	struct stage_view after = stage_view(on);

	demand(out->datagrams.count == 0);
	demand(out->inner.count == 0);
	demand(endpoint_equal_remote(&before->bob, &after.bob));
	demand(endpoint_equal_remote(&before->carol, &after.carol));
	demand(before->rx_bytes == after.rx_bytes);
}

void stage_write_macs(uint8_t *datagram, size_t size)
{
	struct cookie_maker maker = {0};
	uint8_t public_key[NOISE_KEY_SIZE];

	public_key_of(OURS, public_key);
	cookie_maker_set_key(&maker, public_key);
	cookie_macs_write(&maker, 0, datagram, size);
}
