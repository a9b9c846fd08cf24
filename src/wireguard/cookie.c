/* SPDX-License-Identifier: ISC */
#include "wireguard/cookie.h"

#include "base/cursor.h"
#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/blake2s.h"

#define LABEL_SIZE 8

/* A handshake message, apart: what each mac is over, and the macs. */
struct authenticated {
	uint32_t sender_index;
	struct bytes before_mac1;
	struct bytes before_mac2;
	const uint8_t *mac1;
	const uint8_t *mac2;
};

/* A cookie that does not outlive its function. */
struct cookie {
	uint8_t bytes[COOKIE_SIZE];
};

static void cookie_wipe(struct cookie *cookie)
{
	bytes_wipe(cookie, sizeof *cookie);
}

#define WIPED_COOKIE __attribute__((cleanup(cookie_wipe))) struct cookie

/* Takes a datagram apart; false where it is too short to have macs. */
static bool authenticated_read(
	const uint8_t *datagram, size_t size, struct authenticated *ret_message)
{
	struct cursor cursor = cursor_over(datagram, size);
	struct authenticated message = {0};

	(void)cursor_le32(&cursor); /* the type has been looked at */
	message.sender_index = cursor_le32(&cursor);
	if (cursor_left(&cursor) < MESSAGE_MACS_SIZE)
		return false;
	(void)cursor_take(&cursor, cursor_left(&cursor) - MESSAGE_MACS_SIZE);
	message.mac1 = cursor_take(&cursor, MAC_SIZE);
	message.mac2 = cursor_take(&cursor, MAC_SIZE);
	message.before_mac1 = (struct bytes){datagram, size - MESSAGE_MACS_SIZE};
	message.before_mac2 = (struct bytes){datagram, size - MAC_SIZE};
	*ret_message = message;
	return true;
}

/* HASH(label || public key). */
static void labelled_key(const char label[static LABEL_SIZE],
	const uint8_t public_key[static NOISE_KEY_SIZE], uint8_t ret_key[static NOISE_HASH_SIZE])
{
	blake2s_hash((struct bytes){(const uint8_t *)label, LABEL_SIZE},
		(struct bytes){public_key, NOISE_KEY_SIZE}, ret_key);
}

static bool has_expired(uint64_t born_ns, uint64_t lifetime_ns, uint64_t now_ns)
{
	return now_ns >= born_ns + lifetime_ns;
}

/* ---- the checker: what comes in ---- */

void cookie_checker_set_key(
	struct cookie_checker *checker, const uint8_t public_key[static NOISE_KEY_SIZE])
{
	labelled_key("mac1----", public_key, checker->mac1_key);
	labelled_key("cookie--", public_key, checker->cookie_key);
}

bool cookie_mac1_is_valid(
	const struct cookie_checker *checker, const uint8_t *datagram, size_t size)
{
	struct authenticated message;
	uint8_t mac1[MAC_SIZE];

	if (!authenticated_read(datagram, size, &message))
		return false;
	blake2s_mac(checker->mac1_key, sizeof checker->mac1_key, message.before_mac1, mac1);
	return bytes_equal(mac1, message.mac1, MAC_SIZE);
}

static bool secret_is_usable(const struct cookie_checker *checker, uint64_t now_ns)
{
	return checker->has_secret &&
	       !has_expired(checker->secret_born_ns, COOKIE_SECRET_MAX_AGE_NS, now_ns);
}

/* The cookie of a remote address and port, in network order (kernel make_cookie). */
static struct cookie cookie_for(const struct cookie_checker *checker, const struct endpoint *from)
{
	uint8_t source[sizeof from->remote.bytes + sizeof from->port];
	size_t address_size = address_bits((enum address_family)from->remote.family) / 8;
	struct cookie cookie;

	memcpy(source, from->remote.bytes, address_size);
	store_be16(source + address_size, from->port);
	blake2s_mac(checker->secret, sizeof checker->secret,
		(struct bytes){source, address_size + sizeof from->port}, cookie.bytes);
	return cookie;
}

bool cookie_mac2_is_valid(const struct cookie_checker *checker, uint64_t now_ns,
	const uint8_t *datagram, size_t size, const struct endpoint *from)
{
	struct authenticated message;
	uint8_t mac2[MAC_SIZE];

	if (!authenticated_read(datagram, size, &message) || !secret_is_usable(checker, now_ns))
		return false;
	WIPED_COOKIE cookie = cookie_for(checker, from);
	blake2s_mac(cookie.bytes, sizeof cookie.bytes, message.before_mac2, mac2);
	return bytes_equal(mac2, message.mac2, MAC_SIZE);
}

/* Sees to it that there is a secret, and that it is not too old. */
static void secret_renew(struct cookie_checker *checker, uint64_t now_ns, struct entropy entropy)
{
	if (secret_is_usable(checker, now_ns))
		return;
	entropy_fill(entropy, checker->secret, sizeof checker->secret);
	checker->secret_born_ns = now_ns;
	checker->has_secret = true;
}

int cookie_reply_create(struct cookie_checker *checker, uint64_t now_ns, struct entropy entropy,
	struct bytes datagram, const struct endpoint *from, struct message_cookie_reply *ret_reply)
{
	struct authenticated message;
	struct message_cookie_reply reply;

	if (!authenticated_read(datagram.at, datagram.size, &message))
		return ERR_TRUNCATED;
	secret_renew(checker, now_ns, entropy);
	WIPED_COOKIE cookie = cookie_for(checker, from);
	reply.receiver_index = message.sender_index;
	entropy_fill(entropy, reply.nonce, sizeof reply.nonce);
	int err = xaead_seal(checker->cookie_key, reply.nonce,
		(struct bytes){cookie.bytes, sizeof cookie.bytes},
		(struct bytes){message.mac1, MAC_SIZE}, reply.encrypted_cookie);
	if (err)
		return err;
	*ret_reply = reply;
	return 0;
}

/* ---- the maker: what goes out ---- */

void cookie_maker_set_key(
	struct cookie_maker *maker, const uint8_t public_key[static NOISE_KEY_SIZE])
{
	labelled_key("mac1----", public_key, maker->mac1_key);
	labelled_key("cookie--", public_key, maker->cookie_key);
}

/* Whether the checker still has the secret that the cookie was made from, latency allowed for. */
static bool cookie_is_usable(const struct cookie_maker *maker, uint64_t now_ns)
{
	return maker->has_cookie &&
	       !has_expired(maker->cookie_born_ns,
		       COOKIE_SECRET_MAX_AGE_NS - COOKIE_SECRET_LATENCY_NS, now_ns);
}

void cookie_macs_write(struct cookie_maker *maker, uint64_t now_ns, uint8_t *datagram, size_t size)
{
	uint8_t *mac1 = datagram + size - MESSAGE_MACS_SIZE;
	uint8_t *mac2 = datagram + size - MAC_SIZE;

	blake2s_mac(maker->mac1_key, sizeof maker->mac1_key,
		(struct bytes){datagram, size - MESSAGE_MACS_SIZE}, mac1);
	memcpy(maker->last_mac1, mac1, MAC_SIZE);
	maker->has_last_mac1 = true;
	memset(mac2, 0, MAC_SIZE);
	if (cookie_is_usable(maker, now_ns))
		blake2s_mac(maker->cookie, sizeof maker->cookie,
			(struct bytes){datagram, size - MAC_SIZE}, mac2);
}

enum drop cookie_reply_consume(
	struct cookie_maker *maker, uint64_t now_ns, const struct message_cookie_reply *reply)
{
	WIPED_COOKIE cookie;

	if (!maker->has_last_mac1)
		return DROP_COOKIE_UNEXPECTED;
	int err = xaead_open(maker->cookie_key, reply->nonce,
		(struct bytes){reply->encrypted_cookie, sizeof reply->encrypted_cookie},
		(struct bytes){maker->last_mac1, MAC_SIZE}, cookie.bytes);
	if (err)
		return err == ERR_AUTHENTICATION ? DROP_COOKIE_FORGED : DROP_CRYPTO_FAILED;
	memcpy(maker->cookie, cookie.bytes, sizeof cookie.bytes);
	maker->cookie_born_ns = now_ns;
	maker->has_cookie = true;
	maker->has_last_mac1 = false; /* one reply for one message (kernel: have_sent_mac1) */
	return DROP_NONE;
}
