/* SPDX-License-Identifier: ISC */
#include "adversary.h"

#include "forge.h"
#include "network.h"

#include <assert.h>

enum {
	RECENT = 40, /* letters that are more likely to be chosen */
	JUNK_MAX = 200,
	FLOOD_WAVES = 4,
	FLOOD_WAVE = 530, /* handshakes; above LOAD_BURST */
	FLOOD_RETRIES = 20,
};

/*
 * The second wave comes just before handshakes that the first has stopped are begun again (after
 * REKEY_TIMEOUT); the others follow faster than the load is forgotten.
 */
#define FLOOD_PAUSE_NS (4600 * MS)
#define FLOOD_GAP_NS (900 * MS)

void adversary_init(struct world *world)
{
	struct adversary *adversary = &world->adversary;
	uint8_t private_key[NOISE_KEY_SIZE];

	*adversary = (struct adversary){0};
	dice_fill(&world->dice, private_key, sizeof private_key);
	int err = noise_identity_set(&adversary->identity, private_key);
	assert(err == 0);
	adversary->addresses[OUTER_IPV4] = (struct endpoint){
		.remote = {.family = ADDRESS_IPV4, .bytes = {203, 0, 113, 66}}, .port = 666};
	adversary->addresses[OUTER_IPV6] = (struct endpoint){
		.remote = {.family = ADDRESS_IPV6, .bytes = {0x20, 0x01, 0x0d, 0xb8, 66, 6}},
		.port = 666};
}

void adversary_done(struct adversary *adversary)
{
	noise_identity_done(&adversary->identity);
}

static struct node *draw_node(struct world *world)
{
	return &world->nodes[dice_below(&world->dice, world->node_count)];
}

/* A letter of some node, the newer the likelier; NULL: luck had none. */
static struct letter *draw_letter(struct world *world)
{
	size_t count = world->letters.count;

	for (int tries = 0; count > 0 && tries < FLOOD_RETRIES; tries++) {
		size_t back = count > RECENT && dice_permille(&world->dice, 700) ? RECENT : count;
		struct letter *letter =
			world->letters.list[count - 1 - dice_below(&world->dice, back)];
		if (letter->author != NOBODY && letter->addressee != NOBODY)
			return letter;
	}
	return NULL;
}

/* An index that is on some wire, or was. */
static const struct announced_index *draw_index(struct world *world)
{
	size_t count = world->oracle.count;
	size_t back = count > 4 ? 4 : count;

	return count > 0 ? &world->oracle.indices[count - 1 - dice_below(&world->dice, back)]
			 : NULL;
}

/* Her own address, one that is somebody's, or any. */
static struct endpoint draw_address(struct world *world)
{
	int family = dice_permille(&world->dice, 700) ? OUTER_IPV4 : OUTER_IPV6;
	struct endpoint from = world->adversary.addresses[family];
	uint64_t kind = dice_below(&world->dice, 10);

	if (kind < 3)
		return draw_node(world)->outer[family];
	if (kind < 6)
		from.port = (uint16_t)dice_between(&world->dice, 1, UINT16_MAX);
	if (kind < 4)
		from.remote.bytes[3] = (uint8_t)dice_u64(&world->dice);
	return from;
}

/* Puts a datagram into a node's socket. */
static void inject_from(struct world *world, struct node *victim, struct letter *letter,
	const struct endpoint *from)
{
	if (!node_is_awake(victim) || world->has_failed)
		return;
	world->statistics->adversary++;
	node_receive(world, victim, letter, from);
}

static void inject(struct world *world, struct node *victim, struct letter *letter)
{
	const struct endpoint from = draw_address(world);
	inject_from(world, victim, letter, &from);
}

/* A copy that she may damage; of nobody from then on. */
static struct letter *copy(struct world *world, const struct letter *letter, size_t size)
{
	static uint8_t bytes[MESSAGE_MAX_SIZE];

	size_t kept = size < letter->size ? size : letter->size;
	memcpy(bytes, letter->bytes, kept);
	if (size > kept)
		dice_fill(&world->dice, bytes + kept, size - kept);
	return letters_write(&world->letters, bytes, size);
}

/* ---- mischief with a letter ---- */

static void replay(struct world *world, struct letter *letter)
{
	inject(world, &world->nodes[letter->addressee], letter);
}

/* All recent initiations of a node to another, one right behind the other. */
static void replay_initiations(struct world *world, struct letter *letter)
{
	size_t count = world->letters.count;
	size_t first = count > RECENT ? count - RECENT : 0;
	const struct endpoint from = draw_address(world);

	for (size_t i = first; i < count; i++) {
		struct letter *other = world->letters.list[i];
		if (other->type == MESSAGE_INITIATION && other->author == letter->author &&
			other->addressee == letter->addressee && other->original == other)
			inject_from(world, &world->nodes[letter->addressee], other, &from);
	}
}

static void misdirect(struct world *world, struct letter *letter)
{
	inject(world, draw_node(world), letter);
}

/* One to three bits, anywhere but in mac2, which is not part of what authenticates. */
static void damage(struct world *world, struct letter *letter)
{
	bool has_macs = letter->type == MESSAGE_INITIATION || letter->type == MESSAGE_RESPONSE;
	size_t size = letter->size - (has_macs ? MAC_SIZE : 0);
	struct letter *damaged = copy(world, letter, letter->size);

	do {
		damaged->bytes[dice_below(&world->dice, size)] ^=
			(uint8_t)(1U << dice_below(&world->dice, 8));
	} while (dice_permille(&world->dice, 300) ||
		 memcmp(damaged->bytes, letter->bytes, size) == 0);
	damaged->type = message_classify(damaged->bytes, damaged->size);
	inject(world, &world->nodes[letter->addressee], damaged);
}

/* The same initiation or response with another mac2: still genuine. */
static void exchange_mac2(struct world *world, struct letter *letter)
{
	if (letter->type != MESSAGE_INITIATION && letter->type != MESSAGE_RESPONSE)
		return;
	struct letter *twin = copy(world, letter, letter->size);
	dice_fill(&world->dice, twin->bytes + twin->size - MAC_SIZE, MAC_SIZE);
	twin->original = letter->original;
	twin->author = letter->author;
	twin->addressee = letter->addressee;
	inject(world, &world->nodes[letter->addressee], twin);
}

static void resize(struct world *world, struct letter *letter)
{
	size_t size = dice_permille(&world->dice, 700)
			      ? dice_below(&world->dice, letter->size)
			      : letter->size + 16 * dice_between(&world->dice, 1, 3);

	if (size <= MESSAGE_MAX_SIZE)
		inject(world, &world->nodes[letter->addressee], copy(world, letter, size));
}

static void answer_with_cookie(struct world *world, struct letter *letter)
{
	uint8_t datagram[MESSAGE_COOKIE_REPLY_SIZE];

	if (letter->type != MESSAGE_INITIATION && letter->type != MESSAGE_RESPONSE)
		return;
	forge_cookie_reply(world, letter, datagram);
	inject(world, &world->nodes[letter->author],
		letters_write(&world->letters, datagram, sizeof datagram));
}

/* ---- mischief with an index ---- */

static void send_forged_data(struct world *world, const struct announced_index *index)
{
	uint8_t datagram[MESSAGE_DATA_OVERHEAD + 64];
	size_t size = MESSAGE_DATA_OVERHEAD + 16 * dice_below(&world->dice, 5);
	const struct message_data_header header = {
		.receiver_index = index->index,
		.counter = dice_u64(&world->dice) >> dice_below(&world->dice, 64),
	};

	dice_fill(&world->dice, datagram, size);
	message_data_header_encode(&header, datagram);
	inject(world, &world->nodes[index->owner], letters_write(&world->letters, datagram, size));
}

static void send_forged_response(struct world *world, const struct announced_index *index)
{
	uint8_t datagram[MESSAGE_RESPONSE_SIZE];
	struct node *victim = &world->nodes[index->owner];

	forge_response(world, victim, index->index, datagram);
	inject(world, victim, letters_write(&world->letters, datagram, sizeof datagram));
}

static void send_junk_cookie(struct world *world, const struct announced_index *index)
{
	uint8_t datagram[MESSAGE_COOKIE_REPLY_SIZE];
	struct message_cookie_reply reply = {.receiver_index = index->index};

	dice_fill(&world->dice, reply.nonce, sizeof reply.nonce);
	dice_fill(&world->dice, reply.encrypted_cookie, sizeof reply.encrypted_cookie);
	message_cookie_reply_encode(&reply, datagram);
	inject(world, &world->nodes[index->owner],
		letters_write(&world->letters, datagram, sizeof datagram));
}

/* ---- mischief out of nothing ---- */

static void send_junk(struct world *world)
{
	uint8_t junk[JUNK_MAX];
	size_t size = dice_below(&world->dice, JUNK_MAX + 1);

	dice_fill(&world->dice, junk, size);
	if (size >= 4 && dice_permille(&world->dice, 500))
		store_le32(junk, (uint32_t)dice_between(&world->dice, 1, 4));
	inject(world, draw_node(world), letters_write(&world->letters, junk, size));
}

static void send_forged_initiation(struct world *world)
{
	uint8_t datagram[MESSAGE_INITIATION_SIZE];
	struct node *victim = draw_node(world);
	const struct node *claimed = draw_node(world);

	forge_initiation(
		world, victim, claimed, (enum forgery)dice_below(&world->dice, 4), datagram);
	inject(world, victim, letters_write(&world->letters, datagram, sizeof datagram));
}

/* ---- floods ---- */

/* More handshakes at once than a node wants to compute. */
static void flood(struct world *world)
{
	struct node *victim = &world->nodes[world->adversary.flood_victim];
	uint8_t datagram[MESSAGE_INITIATION_SIZE];

	world->adversary.flood_left--;
	for (int i = 0; i < FLOOD_WAVE; i++) {
		struct endpoint from = world->adversary.addresses[i % OUTER_FAMILIES];
		from.port = (uint16_t)(1 + i);
		forge_initiation(world, victim, NULL, FORGE_WEAK_EPHEMERAL, datagram);
		inject_from(world, victim,
			letters_write(&world->letters, datagram, sizeof datagram), &from);
	}
}

/* A peer of the victim that has lost its sessions calls it in the middle of the flood. */
static void call_victim(struct world *world)
{
	int victim = world->adversary.flood_victim;

	for (int i = 0; i < (int)world->node_count; i++) {
		struct node *node = &world->nodes[i];
		if (!world->relations[i][victim].is_linked || !node_is_awake(node) || !node->is_up)
			continue;
		node_down(world, node);
		node_up(world, node);
		traffic_say(world, i, victim);
		return;
	}
}

static void begin_flood(struct world *world)
{
	world->adversary.flood_victim = draw_node(world)->number;
	world->adversary.flood_left = FLOOD_WAVES;
	world->adversary.has_flooded = true;
	flood(world);
	call_victim(world);
}

static void use_letter(struct world *world)
{
	static void (*const mischief[])(struct world *, struct letter *) = {replay, replay, replay,
		replay, replay_initiations, misdirect, damage, damage, resize, exchange_mac2,
		answer_with_cookie};
	struct letter *letter = draw_letter(world);

	if (letter)
		mischief[dice_below(&world->dice, ARRAY_LENGTH(mischief))](world, letter);
}

static void use_index(struct world *world)
{
	static void (*const mischief[])(struct world *, const struct announced_index *) = {
		send_forged_data, send_forged_data, send_forged_response, send_junk_cookie};
	const struct announced_index *index = draw_index(world);

	if (index)
		mischief[dice_below(&world->dice, ARRAY_LENGTH(mischief))](world, index);
}

uint64_t adversary_act(struct world *world)
{
	uint64_t kind = dice_below(&world->dice, 100);

	if (world->adversary.flood_left > 0) {
		flood(world);
		return FLOOD_GAP_NS;
	}
	if (world->kind == WORLD_FLOOD && kind < 50 && !world->adversary.has_flooded) {
		begin_flood(world);
		return FLOOD_PAUSE_NS;
	}
	if (kind < 60)
		use_letter(world);
	else if (kind < 80)
		use_index(world);
	else if (kind < 92)
		send_junk(world);
	else
		send_forged_initiation(world);
	return world_gap(world, world->adversary_gap_ns);
}
