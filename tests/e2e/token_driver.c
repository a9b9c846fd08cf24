/* SPDX-License-Identifier: ISC */
/*
 * Makes an invite's token of a network that a test stands in for:
 *
 *   token_driver KIND ENDPOINT EXPIRES SERVER-KEY ONE-TIME-KEY PRESHARED-KEY
 *
 * KIND is device or gateway, EXPIRES in Unix seconds, keys are base64. The network is "net", its
 * overlay 100.80.0.0/16 and fd00::/112, the one-time peer is 100.80.255.1, the server 100.80.0.1.
 */
#include "base/base64.h"
#include "base/number.h"
#include "control/token.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	WORDS = 7,
	ENROL_PORT = 7412,
};

static struct address address(const char *text)
{
	struct address address;

	if (address_parse(text, strlen(text), &address) < 0)
		abort();
	return address;
}

static void read_key(const char *text, uint8_t ret_key[static TOKEN_KEY_SIZE])
{
	if (base64_key_parse(text, strlen(text), ret_key) < 0)
		abort();
}

int main(int argc, char **argv)
{
	struct token token = {
		.kind = TOKEN_DEVICE,
		.network = "net",
		.ipv4 = address("100.80.255.1"),
		.ipv6 = address("fd00::ff01"),
		.server_ipv4 = address("100.80.0.1"),
		.server_ipv6 = address("fd00::1"),
		.enrol_port = ENROL_PORT,
	};
	char text[TOKEN_TEXT_SIZE];

	if (argc != WORDS ||
		number_parse(argv[3], strlen(argv[3]), UINT64_MAX, &token.expires_s) < 0)
		return EXIT_FAILURE;
	if (strcmp(argv[1], "gateway") == 0)
		token.kind = TOKEN_GATEWAY;
	(void)snprintf(token.endpoint, sizeof token.endpoint, "%s", argv[2]);
	read_key(argv[4], token.server_key);
	read_key(argv[5], token.one_time_key);
	read_key(argv[6], token.preshared_key);
	puts(token_format(&token, text));
	return EXIT_SUCCESS;
}
