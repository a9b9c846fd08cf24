/* SPDX-License-Identifier: ISC */
/*
 * An invite token: all that a new device or gateway needs to find the network and to enrol once.
 * Text of one line without spaces, "tacet1-" and then letters and digits in groups, fit for a
 * terminal, a mail and a QR code; the last characters are a checksum, so that a token that was
 * damaged is not mistaken for one that was refused. It holds a secret: wipe it. Its layout, byte by
 * byte, is in docs/token.md. Pure; any thread.
 */
#pragma once

#include "base/address.h"
#include "base/attributes.h"

enum {
	TOKEN_KEY_SIZE = 32,
	TOKEN_HOST_SIZE = 256, /* host:port with its zero */
	TOKEN_NAME_SIZE = 64,
	TOKEN_TEXT_SIZE = 1024, /* of the longest token with its zero */
	TOKEN_INPUT_MAX = 4096, /* of what a person pasted */
};

enum token_kind {
	TOKEN_DEVICE = 1,
	TOKEN_GATEWAY = 2,
};

struct token {
	enum token_kind kind;
	char network[TOKEN_NAME_SIZE];	/* "tacet": services are <service>.<network> */
	char endpoint[TOKEN_HOST_SIZE]; /* host:port of the gateway, UDP */
	uint8_t server_key[TOKEN_KEY_SIZE];
	uint8_t one_time_key[TOKEN_KEY_SIZE]; /* private */
	uint8_t preshared_key[TOKEN_KEY_SIZE];
	uint8_t knock_key[TOKEN_KEY_SIZE]; /* zero: this network had none then */
	uint16_t knock_epoch;		   /* of that key */
	struct address ipv4, ipv6;	   /* of the one-time peer in the overlay */
	struct address server_ipv4, server_ipv6;
	uint16_t enrol_port; /* TCP, at the server's overlay addresses */
	uint64_t expires_s;  /* Unix time */
};

/* Writes the text, zero-terminated; returns ret_text. Texts of the token are checked: asserted. */
char *token_format(const struct token *token, char ret_text[static TOKEN_TEXT_SIZE]);

/*
 * Reads what a person pasted, `size` bytes: spaces and line ends anywhere and upper case are
 * forgiven. ERR_UNKNOWN_WORD: it is no token at all; ERR_TRUNCATED: it is cut short;
 * ERR_CHECKSUM: a character was changed; ERR_VERSION: of a newer program; ERR_SYNTAX: the checksum
 * is right and the content is not (not ours, or a bug).
 */
int token_parse(const char *text, size_t size, struct token *ret_token) must_check;
