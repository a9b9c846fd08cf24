/* SPDX-License-Identifier: ISC */
/*
 * mac1, mac2 and cookie replies (paper, 5.3, 5.4.4, 5.4.7; kernel cookie.c). A checker belongs to
 * an interface and judges what comes in; a maker belongs to a peer and signs what goes out.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"
#include "base/random.h"
#include "crypto/blake2s.h"
#include "wireguard/drop.h"
#include "wireguard/messages.h"

#include <stdbool.h>

struct cookie_checker {
	uint8_t mac1_key[NOISE_HASH_SIZE];   /* HASH("mac1----" || our public key) */
	uint8_t cookie_key[NOISE_HASH_SIZE]; /* HASH("cookie--" || our public key) */
	uint8_t secret[NOISE_HASH_SIZE];     /* from which cookies are made; changes every 120 s */
	uint64_t secret_born_ns;
	bool has_secret;
};

struct cookie_maker {
	uint8_t mac1_key[NOISE_HASH_SIZE]; /* with the peer's public key */
	uint8_t cookie_key[NOISE_HASH_SIZE];
	uint8_t cookie[COOKIE_SIZE]; /* that the peer gave us */
	uint64_t cookie_born_ns;
	uint8_t last_mac1[MAC_SIZE]; /* of the last message sent; a reply refers to it */
	bool has_cookie;
	bool has_last_mac1;
};

void cookie_checker_set_key(
	struct cookie_checker *checker, const uint8_t public_key[static NOISE_KEY_SIZE]);

/* Whether the sender of an initiation or response knows our public key. */
bool cookie_mac1_is_valid(
	const struct cookie_checker *checker, const uint8_t *datagram, size_t size);

/* Whether mac2 proves that the sender gets what is sent to this endpoint. */
bool cookie_mac2_is_valid(const struct cookie_checker *checker, uint64_t now_ns,
	const uint8_t *datagram, size_t size, const struct endpoint *from);

/* A reply to a handshake message with valid mac1, for its sender's index. ERR_CRYPTO. */
int cookie_reply_create(struct cookie_checker *checker, uint64_t now_ns, struct entropy entropy,
	struct bytes datagram, const struct endpoint *from,
	struct message_cookie_reply *ret_reply) must_check;

/* For a fresh maker, all zero before. */
void cookie_maker_set_key(
	struct cookie_maker *maker, const uint8_t public_key[static NOISE_KEY_SIZE]);

/* Fills in mac1, and mac2 where there is a cookie that is not too old. */
void cookie_macs_write(struct cookie_maker *maker, uint64_t now_ns, uint8_t *datagram, size_t size);

/* Takes the cookie out of a reply to our last handshake message. */
enum drop cookie_reply_consume(struct cookie_maker *maker, uint64_t now_ns,
	const struct message_cookie_reply *reply) must_check;
