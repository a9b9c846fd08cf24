/* SPDX-License-Identifier: ISC */
/*
 * An invite token. The first byte of the input chooses: the rest is what a person pasted, or the
 * bytes in a token whose checksum is right. What is read must be written and read again the same.
 */
#include "base/bytes.h"
#include "base/error.h"
#include "control/base32.h"
#include "control/token.h"
#include "crypto/blake2s.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	CONTENT_MAX = 600, /* some more than fits */
	CHECKSUM_SIZE = 4,
};

static const char prefix[] = "tacet1-";

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_result(int result)
{
	demand(result == 0 || result == ERR_UNKNOWN_WORD || result == ERR_TRUNCATED ||
		result == ERR_CHECKSUM || result == ERR_VERSION || result == ERR_SYNTAX);
}

static void check_printable(const char *text, size_t size)
{
	demand(memchr(text, '\0', size) != NULL && *text);
	for (; *text; text++)
		demand(*text > ' ' && *text <= '~');
}

static void parse(const char *text, size_t size)
{
	char written[TOKEN_TEXT_SIZE], again[TOKEN_TEXT_SIZE];
	struct token token, other;

	memset(&token, 0xa5, sizeof token);
	other = token;
	int result = token_parse(text, size, &token);
	check_result(result);
	if (result < 0) {
		demand(memcmp(&token, &other, sizeof token) == 0);
		return;
	}
	check_printable(token.network, sizeof token.network);
	check_printable(token.endpoint, sizeof token.endpoint);
	demand(token.enrol_port != 0);
	token_format(&token, written);
	demand(token_parse(written, strlen(written), &other) == 0);
	demand(strcmp(written, token_format(&other, again)) == 0);
}

static void parse_content(const uint8_t *data, size_t size)
{
	char text[sizeof prefix + BASE32_TEXT_SIZE(CONTENT_MAX + CHECKSUM_SIZE)];
	uint8_t content[CONTENT_MAX + CHECKSUM_SIZE], hash[BLAKE2S_HASH_SIZE];

	if (size > CONTENT_MAX)
		return;
	memcpy(content, data, size);
	blake2s_hash((struct bytes){(const uint8_t *)prefix, sizeof prefix - 1},
		(struct bytes){content, size}, hash);
	memcpy(content + size, hash, CHECKSUM_SIZE);
	memcpy(text, prefix, sizeof prefix - 1);
	base32_encode(content, size + CHECKSUM_SIZE, text + sizeof prefix - 1);
	parse(text, sizeof prefix - 1 + BASE32_TEXT_SIZE(size + CHECKSUM_SIZE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		parse((const char *)data + 1, size - 1);
	else
		parse_content(data + 1, size - 1);
	return 0;
}
