/* SPDX-License-Identifier: ISC */
/* The layout is docs/token.md, byte by byte. */
#include "control/token.h"

#include "base/cursor.h"
#include "base/error.h"
#include "control/base32.h"
#include "control/hostport.h"
#include "crypto/blake2s.h"
#include "policy/name.h"

#include <assert.h>
#include <string.h>

enum {
	VERSION = 2,
	VERSION_WITHOUT_KNOCK = 1, /* still read: no epoch behind the knock key */
	EPOCH_SIZE = 2,
	CHECKSUM_SIZE = 4,
	GROUP_SIZE = 8, /* characters between two hyphens */
	IPV4_SIZE = 4,
	IPV6_SIZE = 16,
	HEAD_SIZE = 6,	/* version, kind, size, sizes of network and endpoint */
	HEAD_TEXT = 16, /* characters that surely hold them, and end where a byte does */
	KEYS_SIZE = 4 * TOKEN_KEY_SIZE,
	FIXED_SIZE = HEAD_SIZE + KEYS_SIZE + EPOCH_SIZE + 2 * (IPV4_SIZE + IPV6_SIZE) + 2 + 8 +
		     CHECKSUM_SIZE,
	SIZE_MAX_ = FIXED_SIZE + TOKEN_NAME_SIZE - 1 + TOKEN_HOST_SIZE - 1,
	TEXT_MAX = BASE32_TEXT_SIZE(SIZE_MAX_),
};

static const char name[] = "tacet";
static const char prefix[] = "tacet1-";
static const char prefix_version = '1';

_Static_assert(sizeof prefix + TEXT_MAX + TEXT_MAX / GROUP_SIZE <= TOKEN_TEXT_SIZE, "it fits");

/* Bytes that are wiped when they go. */
struct buffer {
	uint8_t bytes[SIZE_MAX_];
	size_t size;
};

static void buffer_wipe(struct buffer *buffer)
{
	bytes_wipe(buffer, sizeof *buffer);
}

/* Characters of a token without the prefix and what stands between them. */
struct characters {
	char at[TEXT_MAX + 1]; /* one more shows that it is too long */
	size_t size;
};

static void characters_wipe(struct characters *characters)
{
	bytes_wipe(characters, sizeof *characters);
}

/* The first bytes of a hash over all before them, and over the prefix. */
static void checksum(const uint8_t *bytes, size_t size, uint8_t ret_checksum[static CHECKSUM_SIZE])
{
	uint8_t hash[BLAKE2S_HASH_SIZE];

	blake2s_hash((struct bytes){(const uint8_t *)prefix, sizeof prefix - 1},
		(struct bytes){bytes, size}, hash);
	memcpy(ret_checksum, hash, CHECKSUM_SIZE);
	bytes_wipe(hash, sizeof hash);
}

/* ---- writing ---- */

static void put(struct buffer *buffer, const void *bytes, size_t size)
{
	assert(size <= sizeof buffer->bytes - buffer->size);
	memcpy(buffer->bytes + buffer->size, bytes, size);
	buffer->size += size;
}

static void put_u8(struct buffer *buffer, size_t value)
{
	uint8_t byte = (uint8_t)value;

	assert(value <= UINT8_MAX);
	put(buffer, &byte, sizeof byte);
}

static void put_u16(struct buffer *buffer, size_t value)
{
	uint8_t bytes[2];

	assert(value <= UINT16_MAX);
	store_be16(bytes, (uint16_t)value);
	put(buffer, bytes, sizeof bytes);
}

static void put_address(
	struct buffer *buffer, const struct address *address, enum address_family family)
{
	assert(address->family == family);
	put(buffer, address->bytes, address_bits(family) / 8);
}

static void put_token(struct buffer *buffer, const struct token *token)
{
	size_t network = strnlen(token->network, TOKEN_NAME_SIZE);
	size_t endpoint = strnlen(token->endpoint, TOKEN_HOST_SIZE);
	uint8_t expires[8];

	assert(network < TOKEN_NAME_SIZE && endpoint < TOKEN_HOST_SIZE);
	put_u8(buffer, VERSION);
	put_u8(buffer, token->kind);
	put_u16(buffer, FIXED_SIZE + network + endpoint);
	put_u8(buffer, network);
	put_u8(buffer, endpoint);
	put(buffer, token->network, network);
	put(buffer, token->endpoint, endpoint);
	put(buffer, token->server_key, TOKEN_KEY_SIZE);
	put(buffer, token->one_time_key, TOKEN_KEY_SIZE);
	put(buffer, token->preshared_key, TOKEN_KEY_SIZE);
	put(buffer, token->knock_key, TOKEN_KEY_SIZE);
	put_u16(buffer, token->knock_epoch);
	put_address(buffer, &token->ipv4, ADDRESS_IPV4);
	put_address(buffer, &token->ipv6, ADDRESS_IPV6);
	put_address(buffer, &token->server_ipv4, ADDRESS_IPV4);
	put_address(buffer, &token->server_ipv6, ADDRESS_IPV6);
	put_u16(buffer, token->enrol_port);
	store_be64(expires, token->expires_s);
	put(buffer, expires, sizeof expires);
}

/* "tacet1-" and the characters in groups. */
static void write_groups(const char *characters, size_t size, char *ret_text)
{
	memcpy(ret_text, prefix, sizeof prefix - 1);
	ret_text += sizeof prefix - 1;
	for (size_t i = 0; i < size; i++) {
		if (i > 0 && i % GROUP_SIZE == 0)
			*ret_text++ = '-';
		*ret_text++ = characters[i];
	}
	*ret_text = '\0';
}

char *token_format(const struct token *token, char ret_text[static TOKEN_TEXT_SIZE])
{
	__attribute__((cleanup(buffer_wipe))) struct buffer buffer = {0};
	__attribute__((cleanup(characters_wipe))) struct characters characters = {0};
	uint8_t sum[CHECKSUM_SIZE];

	put_token(&buffer, token);
	checksum(buffer.bytes, buffer.size, sum);
	put(&buffer, sum, sizeof sum);
	base32_encode(buffer.bytes, buffer.size, characters.at);
	write_groups(characters.at, BASE32_TEXT_SIZE(buffer.size), ret_text);
	return ret_text;
}

/* ---- reading ---- */

static bool is_between(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The next character that counts, in lower case; 0: there is none. */
static char next(struct cursor *cursor)
{
	while (cursor_left(cursor) > 0) {
		char c = (char)cursor_u8(cursor);
		if (!is_between(c))
			return lower(c);
	}
	return 0;
}

/* Reads "tacet1-". ERR_UNKNOWN_WORD, ERR_VERSION, ERR_TRUNCATED. */
static int read_prefix(struct cursor *cursor)
{
	for (const char *c = name; *c; c++) {
		if (next(cursor) != *c)
			return ERR_UNKNOWN_WORD;
	}
	char c = next(cursor);
	bool is_newer = c != prefix_version;
	if (c < '1' || c > '9')
		return ERR_UNKNOWN_WORD;
	for (c = next(cursor); c >= '0' && c <= '9'; c = next(cursor))
		is_newer = true;
	if (c != '-' && c != 0)
		return ERR_UNKNOWN_WORD;
	if (is_newer)
		return ERR_VERSION;
	return c == 0 ? ERR_TRUNCATED : 0;
}

/* Takes the characters; as many as fit, and one more. */
static void read_characters(struct cursor *cursor, struct characters *characters)
{
	for (char c = next(cursor); c && characters->size < sizeof characters->at;
		c = next(cursor)) {
		if (c != '-')
			characters->at[characters->size++] = c;
	}
}

/* Whether the bytes end in their checksum; it is taken off. */
static bool take_checksum(struct buffer *buffer)
{
	uint8_t sum[CHECKSUM_SIZE];

	if (buffer->size < HEAD_SIZE + CHECKSUM_SIZE)
		return false;
	buffer->size -= CHECKSUM_SIZE;
	checksum(buffer->bytes, buffer->size, sum);
	return bytes_equal(sum, buffer->bytes + buffer->size, CHECKSUM_SIZE);
}

/* Bytes of a token of that version besides its texts. */
static size_t fixed_size(unsigned version)
{
	return version == VERSION_WITHOUT_KNOCK ? FIXED_SIZE - EPOCH_SIZE : FIXED_SIZE;
}

/*
 * Why a token is not what its checksum says. Its size is in it twice, as a whole and by those of
 * its texts: where the two agree, characters are missing; else one was changed. A single character
 * lies in at most two bytes side by side, and cannot change both so that they still agree: what it
 * adds to the one is less than what it takes from the other.
 */
static int explain(const struct characters *characters)
{
	uint8_t head[HEAD_TEXT] = {0};
	size_t count = 0;

	if (characters->size < HEAD_TEXT)
		return ERR_TRUNCATED;
	if (base32_decode(characters->at, HEAD_TEXT, head, sizeof head, &count) < 0)
		return ERR_CHECKSUM;
	struct cursor cursor = cursor_over(head, count);
	unsigned version = cursor_u8(&cursor);
	(void)cursor_u8(&cursor); /* kind */
	size_t size = cursor_be16(&cursor);
	size_t network = cursor_u8(&cursor), endpoint = cursor_u8(&cursor);
	if (size != fixed_size(version) + network + endpoint)
		return ERR_CHECKSUM;
	return characters->size < BASE32_TEXT_SIZE(size) ? ERR_TRUNCATED : ERR_CHECKSUM;
}

/* A text of `size` bytes that fits. */
static bool take_text(struct cursor *cursor, size_t size, char *ret_text, size_t room)
{
	const uint8_t *bytes = cursor_take(cursor, size);

	if (!bytes || size >= room)
		return false;
	memcpy(ret_text, bytes, size);
	ret_text[size] = '\0';
	return true;
}

/* An address that is not all zero. */
static void take_address(
	struct cursor *cursor, enum address_family family, struct address *ret_address)
{
	ret_address->family = (uint8_t)family;
	cursor_copy(cursor, ret_address->bytes, address_bits(family) / 8U);
	if (bytes_are_zero(ret_address->bytes, sizeof ret_address->bytes))
		cursor->failed = true;
}

/* A key that is not all zero. */
static void take_key(struct cursor *cursor, uint8_t ret_key[static TOKEN_KEY_SIZE])
{
	cursor_copy(cursor, ret_key, TOKEN_KEY_SIZE);
	if (bytes_are_zero(ret_key, TOKEN_KEY_SIZE))
		cursor->failed = true;
}

/* A key without an epoch is of no use, and an epoch without a key is none. */
static void take_knock(struct cursor *cursor, unsigned version, struct token *token)
{
	cursor_copy(cursor, token->knock_key, TOKEN_KEY_SIZE);
	if (version == VERSION_WITHOUT_KNOCK) {
		bytes_wipe(token->knock_key, TOKEN_KEY_SIZE);
		return;
	}
	token->knock_epoch = cursor_be16(cursor);
	if (bytes_are_zero(token->knock_key, TOKEN_KEY_SIZE) && token->knock_epoch != 0)
		cursor->failed = true;
}

/* What follows the texts. */
static bool read_rest(struct cursor *cursor, unsigned version, struct token *token)
{
	take_key(cursor, token->server_key);
	take_key(cursor, token->one_time_key);
	cursor_copy(cursor, token->preshared_key, TOKEN_KEY_SIZE);
	take_knock(cursor, version, token);
	take_address(cursor, ADDRESS_IPV4, &token->ipv4);
	take_address(cursor, ADDRESS_IPV6, &token->ipv6);
	take_address(cursor, ADDRESS_IPV4, &token->server_ipv4);
	take_address(cursor, ADDRESS_IPV6, &token->server_ipv6);
	token->enrol_port = cursor_be16(cursor);
	const uint8_t *expires = cursor_take(cursor, 8);
	token->expires_s = expires ? load_be64(expires) : 0;
	return cursor_is_done(cursor) && token->enrol_port != 0;
}

/* Reads what the checksum covers. ERR_VERSION, ERR_SYNTAX. */
static int read_token(const struct buffer *buffer, struct token *token)
{
	struct cursor cursor = cursor_over(buffer->bytes, buffer->size);
	unsigned version = cursor_u8(&cursor), kind = cursor_u8(&cursor);
	size_t size = cursor_be16(&cursor);
	size_t network = cursor_u8(&cursor), endpoint = cursor_u8(&cursor);
	uint16_t port;

	if (version < VERSION_WITHOUT_KNOCK || version > VERSION)
		return version > VERSION ? ERR_VERSION : ERR_SYNTAX;
	if ((kind != TOKEN_DEVICE && kind != TOKEN_GATEWAY) || size != buffer->size + CHECKSUM_SIZE)
		return ERR_SYNTAX;
	token->kind = (enum token_kind)kind;
	if (!take_text(&cursor, network, token->network, sizeof token->network) ||
		!policy_name_is_valid(token->network, network) ||
		!take_text(&cursor, endpoint, token->endpoint, sizeof token->endpoint) ||
		hostport_parse(token->endpoint, endpoint, &port) < 0)
		return ERR_SYNTAX;
	return read_rest(&cursor, version, token) ? 0 : ERR_SYNTAX;
}

static void token_wipe(struct token *token)
{
	bytes_wipe(token, sizeof *token);
}

int token_parse(const char *text, size_t size, struct token *ret_token)
{
	__attribute__((cleanup(buffer_wipe))) struct buffer buffer = {0};
	__attribute__((cleanup(characters_wipe))) struct characters characters = {0};
	__attribute__((cleanup(token_wipe))) struct token token = {0};
	struct cursor cursor = cursor_over(text, size);

	if (size > TOKEN_INPUT_MAX)
		return ERR_UNKNOWN_WORD;
	int result = read_prefix(&cursor);
	if (result < 0)
		return result;
	read_characters(&cursor, &characters);
	if (base32_decode(characters.at, characters.size, buffer.bytes, sizeof buffer.bytes,
		    &buffer.size) < 0 ||
		!take_checksum(&buffer))
		return explain(&characters);
	result = read_token(&buffer, &token);
	if (result < 0)
		return result;
	*ret_token = token;
	return 0;
}
