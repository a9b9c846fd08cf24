/* SPDX-License-Identifier: ISC */
#include "forge.h"

#include <assert.h>

/* Fills in what mac1 is for the victim; mac2 is chance. */
static void write_macs(
	struct world *world, const struct node *victim, uint8_t *datagram, size_t size)
{
	struct cookie_maker maker = {0};

	cookie_maker_set_key(&maker, victim->identity.public_key);
	cookie_macs_write(&maker, 0, datagram, size);
	if (dice_permille(&world->dice, 300))
		dice_fill(&world->dice, datagram + size - MAC_SIZE, MAC_SIZE);
}

/* A whole initiation by her own key, or under the public key of another. */
static void create(struct world *world, const struct node *victim, const struct node *claimed,
	struct message_initiation *ret_message)
{
	static const uint8_t timestamp[NOISE_TIMESTAMP_SIZE] = {0x40, 0, 0, 0xff};
	struct noise_identity identity = world->adversary.identity;
	struct noise_handshake handshake = {0};

	if (claimed)
		memcpy(identity.public_key, claimed->identity.public_key, NOISE_KEY_SIZE);
	noise_handshake_init(&handshake, &identity, victim->identity.public_key);
	int err = noise_initiation_create(
		&handshake, &identity, dice_entropy(&world->dice), timestamp, ret_message);
	assert(err == 0);
	noise_handshake_done(&handshake);
}

void forge_initiation(struct world *world, const struct node *victim, const struct node *claimed,
	enum forgery forgery, uint8_t ret_datagram[static MESSAGE_INITIATION_SIZE])
{
	struct message_initiation message = {0};

	if (forgery != FORGE_WEAK_EPHEMERAL)
		create(world, victim, forgery == FORGE_IMPERSONATION ? claimed : NULL, &message);
	if (forgery == FORGE_STATIC)
		message.encrypted_static[3] ^= 0x10;
	message.sender_index = (uint32_t)dice_u64(&world->dice);
	message_initiation_encode(&message, ret_datagram);
	write_macs(world, victim, ret_datagram, MESSAGE_INITIATION_SIZE);
}

void forge_response(struct world *world, const struct node *victim, uint32_t index,
	uint8_t ret_datagram[static MESSAGE_RESPONSE_SIZE])
{
	struct message_response message = {.receiver_index = index};

	message.sender_index = (uint32_t)dice_u64(&world->dice);
	dice_fill(&world->dice, message.ephemeral, sizeof message.ephemeral);
	dice_fill(&world->dice, message.encrypted_nothing, sizeof message.encrypted_nothing);
	message_response_encode(&message, ret_datagram);
	write_macs(world, victim, ret_datagram, MESSAGE_RESPONSE_SIZE);
}

void forge_cookie_reply(struct world *world, const struct letter *letter,
	uint8_t ret_datagram[static MESSAGE_COOKIE_REPLY_SIZE])
{
	struct cookie_checker checker = {0};
	struct message_cookie_reply reply;

	cookie_checker_set_key(&checker, world->nodes[letter->addressee].identity.public_key);
	int err = cookie_reply_create(&checker, SECOND, dice_entropy(&world->dice),
		(struct bytes){letter->bytes, letter->size}, &world->adversary.addresses[0],
		&reply);
	assert(err == 0);
	reply.receiver_index = load_le32(letter->bytes + 4);
	message_cookie_reply_encode(&reply, ret_datagram);
}
