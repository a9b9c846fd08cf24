/* SPDX-License-Identifier: ISC */
/*
 * The four messages on the wire (paper, 5.4) and every constant of the protocol (6.1), once.
 * Both directions of a message are in messages.c. Pure; any thread.
 */
#pragma once

#include "base/bytes.h"

#include "base/attributes.h"

/* Sizes in bytes. */
enum {
	NOISE_KEY_SIZE = 32,	   /* public, private, pre-shared and symmetric keys */
	NOISE_HASH_SIZE = 32,	   /* BLAKE2s */
	NOISE_TAG_SIZE = 16,	   /* Poly1305 */
	NOISE_TIMESTAMP_SIZE = 12, /* TAI64N */
	COOKIE_SIZE = 16,
	COOKIE_NONCE_SIZE = 24,
	MAC_SIZE = 16,

	MESSAGE_INITIATION_SIZE = 148,
	MESSAGE_RESPONSE_SIZE = 92,
	MESSAGE_COOKIE_REPLY_SIZE = 64,
	MESSAGE_DATA_HEADER_SIZE = 16,
	MESSAGE_DATA_OVERHEAD = MESSAGE_DATA_HEADER_SIZE + NOISE_TAG_SIZE,
	MESSAGE_DATA_MIN_SIZE = MESSAGE_DATA_OVERHEAD, /* a keepalive */
	MESSAGE_MACS_SIZE = 2 * MAC_SIZE,	       /* at the end of initiation and response */
	MESSAGE_PADDING = 16,			       /* inner packets are padded to multiples */
	MESSAGE_MAX_SIZE = 65507,		       /* the longest UDP payload */
};

enum message_type {
	MESSAGE_INVALID = 0,
	MESSAGE_INITIATION = 1,
	MESSAGE_RESPONSE = 2,
	MESSAGE_COOKIE_REPLY = 3,
	MESSAGE_DATA = 4,
};

/* Limits and times of section 6.1, and the kernel's where the paper is silent (messages.h). */
#define REKEY_AFTER_MESSAGES (1ULL << 60)
#define REJECT_AFTER_MESSAGES (UINT64_MAX - (1ULL << 13))
#define SECONDS_NS 1000000000ULL
#define REKEY_AFTER_TIME_NS (120 * SECONDS_NS)
#define REJECT_AFTER_TIME_NS (180 * SECONDS_NS)
#define REKEY_ATTEMPT_TIME_NS (90 * SECONDS_NS)
#define REKEY_TIMEOUT_NS (5 * SECONDS_NS)
#define REKEY_TIMEOUT_JITTER_MAX_NS (SECONDS_NS / 3)
#define KEEPALIVE_TIMEOUT_NS (10 * SECONDS_NS)
#define COOKIE_SECRET_MAX_AGE_NS (120 * SECONDS_NS)
#define COOKIE_SECRET_LATENCY_NS (5 * SECONDS_NS)
#define INITIATIONS_PER_SECOND 50

enum {
	MAX_TIMER_HANDSHAKES = 18, /* REKEY_ATTEMPT_TIME / REKEY_TIMEOUT */
	MAX_STAGED_PACKETS = 128,  /* per peer, while there is no session (kernel) */
	MAX_PEERS = 1 << 20,	   /* per interface (kernel) */
};

/* Fields of a handshake initiation, in order, as on the wire. */
struct message_initiation {
	uint32_t sender_index;
	uint8_t ephemeral[NOISE_KEY_SIZE];
	uint8_t encrypted_static[NOISE_KEY_SIZE + NOISE_TAG_SIZE];
	uint8_t encrypted_timestamp[NOISE_TIMESTAMP_SIZE + NOISE_TAG_SIZE];
};

/* Fields of a handshake response. */
struct message_response {
	uint32_t sender_index;
	uint32_t receiver_index;
	uint8_t ephemeral[NOISE_KEY_SIZE];
	uint8_t encrypted_nothing[NOISE_TAG_SIZE];
};

/* Fields of a cookie reply. */
struct message_cookie_reply {
	uint32_t receiver_index;
	uint8_t nonce[COOKIE_NONCE_SIZE];
	uint8_t encrypted_cookie[COOKIE_SIZE + NOISE_TAG_SIZE];
};

/* Fields of the header of a transport data message; the sealed packet follows. */
struct message_data_header {
	uint32_t receiver_index;
	uint64_t counter;
};

/*
 * The type of a datagram of exact WireGuard shape: type word with three zero bytes, and the length
 * of that type; MESSAGE_INVALID for anything else. The first thing that happens to outside bytes.
 */
enum message_type message_classify(const uint8_t *datagram, size_t size);

/* Each decode takes a datagram that message_classify() gave this type. */
void message_initiation_decode(
	const uint8_t datagram[static MESSAGE_INITIATION_SIZE], struct message_initiation *ret);
void message_response_decode(
	const uint8_t datagram[static MESSAGE_RESPONSE_SIZE], struct message_response *ret);
void message_cookie_reply_decode(
	const uint8_t datagram[static MESSAGE_COOKIE_REPLY_SIZE], struct message_cookie_reply *ret);
void message_data_header_decode(
	const uint8_t datagram[static MESSAGE_DATA_HEADER_SIZE], struct message_data_header *ret);

/* Each encode writes type and fields; macs (cookie.h) and sealed packet are left to the caller. */
void message_initiation_encode(const struct message_initiation *message,
	uint8_t ret_datagram[static MESSAGE_INITIATION_SIZE]);
void message_response_encode(
	const struct message_response *message, uint8_t ret_datagram[static MESSAGE_RESPONSE_SIZE]);
void message_cookie_reply_encode(const struct message_cookie_reply *message,
	uint8_t ret_datagram[static MESSAGE_COOKIE_REPLY_SIZE]);
void message_data_header_encode(const struct message_data_header *header,
	uint8_t ret_datagram[static MESSAGE_DATA_HEADER_SIZE]);
