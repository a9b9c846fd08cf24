/* SPDX-License-Identifier: ISC */
#include "wireguard/messages.h"

#include "base/cursor.h"

enum {
	TYPE_SIZE = 4, /* one byte of type and three that are reserved and zero */
};

/* Lengths that a datagram of each type may have. Data has no modulus: senders whose MTU is not a
 * multiple of MESSAGE_PADDING leave the longest packets unpadded. */
static const struct shape {
	size_t least;	 /* bytes */
	size_t greatest; /* bytes */
} shapes[] = {
	[MESSAGE_INITIATION] = {MESSAGE_INITIATION_SIZE, MESSAGE_INITIATION_SIZE},
	[MESSAGE_RESPONSE] = {MESSAGE_RESPONSE_SIZE, MESSAGE_RESPONSE_SIZE},
	[MESSAGE_COOKIE_REPLY] = {MESSAGE_COOKIE_REPLY_SIZE, MESSAGE_COOKIE_REPLY_SIZE},
	[MESSAGE_DATA] = {MESSAGE_DATA_MIN_SIZE, MESSAGE_MAX_SIZE},
};

#define FIELD_SIZE(type, field) sizeof(((struct type *)NULL)->field)

_Static_assert(TYPE_SIZE + FIELD_SIZE(message_initiation, sender_index) +
			       FIELD_SIZE(message_initiation, ephemeral) +
			       FIELD_SIZE(message_initiation, encrypted_static) +
			       FIELD_SIZE(message_initiation, encrypted_timestamp) +
			       MESSAGE_MACS_SIZE ==
		       MESSAGE_INITIATION_SIZE,
	"the fields of an initiation fill it");
_Static_assert(TYPE_SIZE + FIELD_SIZE(message_response, sender_index) +
			       FIELD_SIZE(message_response, receiver_index) +
			       FIELD_SIZE(message_response, ephemeral) +
			       FIELD_SIZE(message_response, encrypted_nothing) +
			       MESSAGE_MACS_SIZE ==
		       MESSAGE_RESPONSE_SIZE,
	"the fields of a response fill it");
_Static_assert(TYPE_SIZE + FIELD_SIZE(message_cookie_reply, receiver_index) +
			       FIELD_SIZE(message_cookie_reply, nonce) +
			       FIELD_SIZE(message_cookie_reply, encrypted_cookie) ==
		       MESSAGE_COOKIE_REPLY_SIZE,
	"the fields of a cookie reply fill it");
_Static_assert(TYPE_SIZE + FIELD_SIZE(message_data_header, receiver_index) +
			       FIELD_SIZE(message_data_header, counter) ==
		       MESSAGE_DATA_HEADER_SIZE,
	"the fields of a data header fill it");

enum message_type message_classify(const uint8_t *datagram, size_t size)
{
	struct cursor cursor = cursor_over(datagram, size);
	uint32_t type = cursor_le32(&cursor); /* 0 where there are fewer bytes */

	if (type == MESSAGE_INVALID || type >= ARRAY_LENGTH(shapes))
		return MESSAGE_INVALID;
	if (size < shapes[type].least || size > shapes[type].greatest)
		return MESSAGE_INVALID;
	return (enum message_type)type;
}

/* A cursor behind the type word of a message that has been classified. */
static struct cursor fields_of(const uint8_t *datagram, size_t size)
{
	return cursor_over(datagram + TYPE_SIZE, size - TYPE_SIZE);
}

void message_initiation_decode(
	const uint8_t datagram[static MESSAGE_INITIATION_SIZE], struct message_initiation *ret)
{
	struct cursor cursor = fields_of(datagram, MESSAGE_INITIATION_SIZE);

	ret->sender_index = cursor_le32(&cursor);
	cursor_copy(&cursor, ret->ephemeral, sizeof ret->ephemeral);
	cursor_copy(&cursor, ret->encrypted_static, sizeof ret->encrypted_static);
	cursor_copy(&cursor, ret->encrypted_timestamp, sizeof ret->encrypted_timestamp);
}

void message_response_decode(
	const uint8_t datagram[static MESSAGE_RESPONSE_SIZE], struct message_response *ret)
{
	struct cursor cursor = fields_of(datagram, MESSAGE_RESPONSE_SIZE);

	ret->sender_index = cursor_le32(&cursor);
	ret->receiver_index = cursor_le32(&cursor);
	cursor_copy(&cursor, ret->ephemeral, sizeof ret->ephemeral);
	cursor_copy(&cursor, ret->encrypted_nothing, sizeof ret->encrypted_nothing);
}

void message_cookie_reply_decode(
	const uint8_t datagram[static MESSAGE_COOKIE_REPLY_SIZE], struct message_cookie_reply *ret)
{
	struct cursor cursor = fields_of(datagram, MESSAGE_COOKIE_REPLY_SIZE);

	ret->receiver_index = cursor_le32(&cursor);
	cursor_copy(&cursor, ret->nonce, sizeof ret->nonce);
	cursor_copy(&cursor, ret->encrypted_cookie, sizeof ret->encrypted_cookie);
}

void message_data_header_decode(
	const uint8_t datagram[static MESSAGE_DATA_HEADER_SIZE], struct message_data_header *ret)
{
	struct cursor cursor = fields_of(datagram, MESSAGE_DATA_HEADER_SIZE);

	ret->receiver_index = cursor_le32(&cursor);
	ret->counter = cursor_le64(&cursor);
}

/* Writes a number; returns the place behind it. */
static uint8_t *put_le32(uint8_t *at, uint32_t value)
{
	store_le32(at, value);
	return at + sizeof value;
}

/* Writes bytes; returns the place behind them. */
static uint8_t *put(uint8_t *at, const uint8_t *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

void message_initiation_encode(const struct message_initiation *message,
	uint8_t ret_datagram[static MESSAGE_INITIATION_SIZE])
{
	uint8_t *at = put_le32(ret_datagram, MESSAGE_INITIATION);

	at = put_le32(at, message->sender_index);
	at = put(at, message->ephemeral, sizeof message->ephemeral);
	at = put(at, message->encrypted_static, sizeof message->encrypted_static);
	put(at, message->encrypted_timestamp, sizeof message->encrypted_timestamp);
}

void message_response_encode(
	const struct message_response *message, uint8_t ret_datagram[static MESSAGE_RESPONSE_SIZE])
{
	uint8_t *at = put_le32(ret_datagram, MESSAGE_RESPONSE);

	at = put_le32(at, message->sender_index);
	at = put_le32(at, message->receiver_index);
	at = put(at, message->ephemeral, sizeof message->ephemeral);
	put(at, message->encrypted_nothing, sizeof message->encrypted_nothing);
}

void message_cookie_reply_encode(const struct message_cookie_reply *message,
	uint8_t ret_datagram[static MESSAGE_COOKIE_REPLY_SIZE])
{
	uint8_t *at = put_le32(ret_datagram, MESSAGE_COOKIE_REPLY);

	at = put_le32(at, message->receiver_index);
	at = put(at, message->nonce, sizeof message->nonce);
	put(at, message->encrypted_cookie, sizeof message->encrypted_cookie);
}

void message_data_header_encode(const struct message_data_header *header,
	uint8_t ret_datagram[static MESSAGE_DATA_HEADER_SIZE])
{
	uint8_t *at = put_le32(ret_datagram, MESSAGE_DATA);

	at = put_le32(at, header->receiver_index);
	store_le64(at, header->counter);
}
