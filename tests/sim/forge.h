/* SPDX-License-Identifier: ISC */
/* Datagrams that were made with skill: right in all that can be known from outside. */
#pragma once

#include "world.h"

/* What is wrong with a forged initiation; mac1 is right in each. */
enum forgery {
	FORGE_UNKNOWN_KEY,    /* valid, of a key that nobody is configured with */
	FORGE_IMPERSONATION,  /* says to be `claimed`, whose private key she has not */
	FORGE_STATIC,	      /* the sealed static key is damaged */
	FORGE_WEAK_EPHEMERAL, /* of low order; the rest is nothing; cheap to make */
};

void forge_initiation(struct world *world, const struct node *victim, const struct node *claimed,
	enum forgery forgery, uint8_t ret_datagram[static MESSAGE_INITIATION_SIZE]);

/* A response with valid mac1 to the handshake that has this index. */
void forge_response(struct world *world, const struct node *victim, uint32_t index,
	uint8_t ret_datagram[static MESSAGE_RESPONSE_SIZE]);

/*
 * A cookie reply to a recorded handshake message, as its addressee could have made it: that takes
 * a public key and the message, no more. The cookie in it is worth nothing.
 */
void forge_cookie_reply(struct world *world, const struct letter *letter,
	uint8_t ret_datagram[static MESSAGE_COOKIE_REPLY_SIZE]);
