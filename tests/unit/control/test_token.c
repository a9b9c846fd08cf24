/* SPDX-License-Identifier: ISC */
/* Tokens: the vector of docs/token.md, and every way to damage one. */
#include "base/bytes.h"
#include "base/error.h"
#include "control/base32.h"
#include "control/token.h"
#include "crypto/blake2s.h"
#include "tap.h"

#include <stdlib.h>

enum {
	PREFIX_SIZE = 7, /* "tacet1-" */
	PAYLOAD_MAX = 600,
};

static const struct token vector = {
	.kind = TOKEN_DEVICE,
	.network = "tacet",
	.endpoint = "gw.example.net:51820",
	.server_key = {0x11, 0x12},
	.one_time_key = {0x21, 0x22},
	.preshared_key = {0x31, 0x32},
	.knock_key = {0x41, 0x42},
	.knock_epoch = 0x5152,
	.ipv4 = {ADDRESS_IPV4, {100, 80, 32, 1}},
	.ipv6 = {ADDRESS_IPV6, {0xfd, 0x12, 0x34, 0x56, 0x78, 0x9a, [14] = 0x20, [15] = 0x01}},
	.server_ipv4 = {ADDRESS_IPV4, {100, 80, 0, 1}},
	.server_ipv6 = {ADDRESS_IPV6, {0xfd, 0x12, 0x34, 0x56, 0x78, 0x9a, [15] = 0x01}},
	.enrol_port = 7412,
	.expires_s = 1800000000,
};

/* docs/token.md */
static const char vector_text[] =
	"tacet1-aiaqbvyf-cr2gcy3f-ortxoltf-pbqw24dm-muxg4zlu-hi2tcobs-gaireaaa-aa"
	"aaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaijc-aaaaaaaa-aaaaaaaa-aa"
	"aaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-gezaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aa"
	"aaaaaa-aaaaaaaa-aaaecqqa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aa"
	"aaaacr-kjsfaiab-7ujdivty-tiaaaaaa-aaaaaaba-afsfaaab-7ujdivty-tiaaaaaa-aa"
	"aaaaaa-aeopiaaa-aaagwsos-aaivsien";

/* The vector of version 1, whose knock key was never one. */
static const char first_text[] =
	"tacet1-aeaqbvif-cr2gcy3f-ortxoltf-pbqw24dm-muxg4zlu-hi2tcobs-gaireaaa-aa"
	"aaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaijc-aaaaaaaa-aaaaaaaa-aa"
	"aaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-gezaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aa"
	"aaaaaa-aaaaaaaa-aaaecqqa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aa"
	"aaaade-kaqad7is-grlhrgqa-aaaaaaaa-aaacaale-kaaad7is-grlhrgqa-aaaaaaaa-aa"
	"aaaai4-6qaaaaaa-nne5eag2-hcjoe";

static bool is_same(const struct token *a, const struct token *b)
{
	return a->kind == b->kind && strcmp(a->network, b->network) == 0 &&
	       strcmp(a->endpoint, b->endpoint) == 0 &&
	       memcmp(a->server_key, b->server_key, 4 * TOKEN_KEY_SIZE) == 0 &&
	       address_equal(&a->ipv4, &b->ipv4) && address_equal(&a->ipv6, &b->ipv6) &&
	       address_equal(&a->server_ipv4, &b->server_ipv4) &&
	       address_equal(&a->server_ipv6, &b->server_ipv6) && a->enrol_port == b->enrol_port &&
	       a->expires_s == b->expires_s && a->knock_epoch == b->knock_epoch;
}

static int parse(const char *text)
{
	struct token token;

	return token_parse(text, strlen(text), &token);
}

static void test_round(void)
{
	struct token token = {0};
	char text[TOKEN_TEXT_SIZE];

	token_format(&vector, text);
	if (!tap_ok(strcmp(text, vector_text) == 0, "the vector is written"))
		printf("# %s\n", text);
	tap_is_int(token_parse(vector_text, strlen(vector_text), &token), 0, "the vector is read");
	tap_ok(is_same(&token, &vector), "as it was");
}

static void test_first_version(void)
{
	struct token expected = vector, token = {0};

	memset(expected.knock_key, 0, sizeof expected.knock_key);
	expected.knock_epoch = 0;
	tap_is_int(token_parse(first_text, strlen(first_text), &token), 0, "version 1 is read");
	tap_ok(is_same(&token, &expected), "and has no knock");
	tap_is_int(token_parse(first_text, strlen(first_text) - 9, &token), ERR_TRUNCATED,
		"or is cut");
}

static void test_longest(void)
{
	static const char end[] = ".example.net:51820";
	struct token longest = vector, token = {0};
	char text[TOKEN_TEXT_SIZE];

	longest.kind = TOKEN_GATEWAY;
	memset(longest.network, 'n', TOKEN_NAME_SIZE - 1);
	memset(longest.endpoint, 'e', TOKEN_HOST_SIZE - 1);
	for (size_t i = 60; i < TOKEN_HOST_SIZE - 1; i += 60)
		longest.endpoint[i] = '.';
	memcpy(longest.endpoint + TOKEN_HOST_SIZE - sizeof end, end, sizeof end);
	memset(longest.server_key, 0xff, 4 * TOKEN_KEY_SIZE);
	longest.expires_s = UINT64_MAX;
	size_t size = strlen(token_format(&longest, text));
	tap_ok(size < TOKEN_TEXT_SIZE, "the longest token fits");
	tap_is_int(token_parse(text, size, &token), 0, "and is read");
	tap_ok(is_same(&token, &longest), "as it was");
}

/* What people and their programs do to a text on its way. */
static void test_forgiven(void)
{
	char text[TOKEN_INPUT_MAX + 2];
	struct token token = {0};
	size_t size = 0;

	for (size_t i = 0; i < strlen(vector_text); i++)
		text[size++] = (char)(vector_text[i] >= 'a' && vector_text[i] <= 'z'
					      ? vector_text[i] - 'a' + 'A'
					      : vector_text[i]);
	tap_is_int(token_parse(text, size, &token), 0, "upper case");
	tap_ok(is_same(&token, &vector), "is the same");
	size = 0;
	for (size_t i = 0; i < strlen(vector_text); i++) {
		text[size++] = vector_text[i];
		text[size++] = " \t\r\n"[i % 4];
	}
	tap_is_int(token_parse(text, size, &token), 0, "space anywhere");
	size = PREFIX_SIZE;
	memcpy(text, vector_text, size);
	for (size_t i = size; i < strlen(vector_text); i++) {
		if (vector_text[i] != '-')
			text[size++] = vector_text[i];
	}
	tap_is_int(token_parse(text, size, &token), 0, "no groups");
	size = strlen(vector_text);
	memset(text, ' ', sizeof text);
	memcpy(text, vector_text, size);
	tap_is_int(token_parse(text, TOKEN_INPUT_MAX, &token), 0, "as much as may be pasted");
	tap_is_int(
		token_parse(text, TOKEN_INPUT_MAX + 1, &token), ERR_UNKNOWN_WORD, "and one more");
}

static const struct {
	const char *name;
	const char *text;
	int result;
} rows[] = {
	{"nothing", "", ERR_UNKNOWN_WORD},
	{"a word", "hello", ERR_UNKNOWN_WORD},
	{"a cut prefix", "tace", ERR_UNKNOWN_WORD},
	{"no version", "tacet", ERR_UNKNOWN_WORD},
	{"another prefix", "facet1-aaaaaaaa", ERR_UNKNOWN_WORD},
	{"no version but a hyphen", "tacet-aaaaaaaa", ERR_UNKNOWN_WORD},
	{"version zero", "tacet0-aaaaaaaa", ERR_UNKNOWN_WORD},
	{"no hyphen", "tacet1aaaaaaaa", ERR_UNKNOWN_WORD},
	{"something before it", "x tacet1-aaaaaaaa", ERR_UNKNOWN_WORD},
	{"an address of the web", "https://example.net/", ERR_UNKNOWN_WORD},
	{"the prefix without its hyphen", "tacet1", ERR_TRUNCATED},
	{"the prefix alone", "tacet1-", ERR_TRUNCATED},
	{"a first group", "tacet1-aeaqbvif", ERR_TRUNCATED},
	{"the next version", "tacet2-aaaaaaaa", ERR_VERSION},
	{"a far version", "tacet12-aaaaaaaa", ERR_VERSION},
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		tap_is_int(parse(rows[i].text), rows[i].result, rows[i].name);
}

static void test_cut(void)
{
	size_t size = strlen(vector_text);
	struct token token, untouched;
	size_t wrong = 0;

	memset(&token, 0xa5, sizeof token);
	untouched = token;
	for (size_t cut = PREFIX_SIZE; cut < size; cut++)
		wrong += token_parse(vector_text, cut, &token) != ERR_TRUNCATED;
	tap_is_int((intmax_t)wrong, 0, "cut anywhere: said so");
	tap_ok(memcmp(&token, &untouched, sizeof token) == 0, "the result is untouched");
}

/* Each character behind the prefix by each other one that could stand there, and by one that
 * cannot. */
static void test_changed(void)
{
	static const char others[] = "abcdefghijklmnopqrstuvwxyz234567018.";
	char text[sizeof vector_text];
	size_t wrong = 0;

	memcpy(text, vector_text, sizeof text);
	for (size_t at = PREFIX_SIZE; at < sizeof text - 1; at++) {
		char old = text[at];
		for (const char *other = others; *other && old != '-'; other++) {
			if (*other == old)
				continue;
			text[at] = *other;
			wrong += parse(text) != ERR_CHECKSUM;
		}
		text[at] = old;
	}
	tap_is_int((intmax_t)wrong, 0, "a changed character anywhere: said so");
}

/* Two that stand side by side, the other way round. */
static void test_swapped(void)
{
	char text[sizeof vector_text];
	size_t wrong = 0;

	memcpy(text, vector_text, sizeof text);
	for (size_t at = PREFIX_SIZE; at + 2 < sizeof text; at++) {
		char first = text[at], second = text[at + 1];
		if (first == second || first == '-' || second == '-')
			continue;
		text[at] = second;
		text[at + 1] = first;
		wrong += parse(text) == 0;
		text[at] = first;
		text[at + 1] = second;
	}
	tap_is_int((intmax_t)wrong, 0, "two that changed places: refused");
}

static void test_trailing(void)
{
	static const char *const more[] = {
		"a", "aa", "aaaaaaaa", "7", "!", "\"", ".", "=", "tacet1-"};
	char text[sizeof vector_text + 16];

	for (size_t i = 0; i < ARRAY_LENGTH(more); i++) {
		(void)snprintf(text, sizeof text, "%s%s", vector_text, more[i]);
		tap_is_int(parse(text), ERR_CHECKSUM, "something behind it");
	}
	(void)snprintf(text, sizeof text, "%s-", vector_text);
	tap_is_int(parse(text), 0, "but a hyphen is nothing");
}

/* ---- what the checksum covers, and is wrong all the same ---- */

/* The vector's bytes without checksum; how many. */
static size_t payload_of_vector(uint8_t ret_bytes[static PAYLOAD_MAX])
{
	char text[TOKEN_TEXT_SIZE];
	size_t size = 0, count = 0;

	for (const char *c = vector_text + PREFIX_SIZE; *c; c++) {
		if (*c != '-')
			text[size++] = *c;
	}
	if (base32_decode(text, size, ret_bytes, PAYLOAD_MAX, &count) < 0)
		abort();
	return count - 4;
}

/* Signs them and parses that. */
static int parse_payload(uint8_t bytes[static PAYLOAD_MAX], size_t size)
{
	uint8_t hash[BLAKE2S_HASH_SIZE];
	char text[2 * TOKEN_TEXT_SIZE] = "tacet1-";

	blake2s_hash((struct bytes){(const uint8_t *)text, PREFIX_SIZE},
		(struct bytes){bytes, size}, hash);
	memcpy(bytes + size, hash, 4);
	base32_encode(bytes, size + 4, text + PREFIX_SIZE);
	return parse(text);
}

static const struct {
	const char *name;
	size_t at, size; /* what is overwritten */
	uint8_t value;
	int result;
} contents[] = {
	{"a newer version inside", 0, 1, 3, ERR_VERSION},
	{"version zero inside", 0, 1, 0, ERR_SYNTAX},
	{"no kind", 1, 1, 0, ERR_SYNTAX},
	{"an unknown kind", 1, 1, 3, ERR_SYNTAX},
	{"another size", 3, 1, 1, ERR_SYNTAX},
	{"a network without a name", 4, 1, 0, ERR_SYNTAX},
	{"a network that takes all", 4, 1, 255, ERR_SYNTAX},
	{"an endpoint that is none", 5, 1, 0, ERR_SYNTAX},
	{"an endpoint that takes all", 5, 1, 255, ERR_SYNTAX},
	{"a zero in the network", 6, 1, 0, ERR_SYNTAX},
	{"a capital in the network", 6, 1, 'T', ERR_SYNTAX},
	{"a space in the endpoint", 12, 1, ' ', ERR_SYNTAX},
	{"a server key of zeros", 31, 32, 0, ERR_SYNTAX},
	{"a one-time key of zeros", 63, 32, 0, ERR_SYNTAX},
	{"no pre-shared key", 95, 32, 0, 0},
	{"no knock key", 127, 34, 0, 0},
	{"an epoch without a key", 127, 32, 0, ERR_SYNTAX},
	{"an epoch of zero", 159, 2, 0, 0},
	{"the former version with these bytes", 0, 1, 1, ERR_SYNTAX},
	{"no IPv4 address", 161, 4, 0, ERR_SYNTAX},
	{"no IPv6 address", 165, 16, 0, ERR_SYNTAX},
	{"no IPv4 address of the server", 181, 4, 0, ERR_SYNTAX},
	{"no IPv6 address of the server", 185, 16, 0, ERR_SYNTAX},
	{"no port", 201, 2, 0, ERR_SYNTAX},
	{"expired long ago", 203, 8, 0, 0},
};

static void test_contents(void)
{
	uint8_t bytes[PAYLOAD_MAX];

	for (size_t i = 0; i < ARRAY_LENGTH(contents); i++) {
		size_t size = payload_of_vector(bytes);
		memset(bytes + contents[i].at, contents[i].value, contents[i].size);
		tap_is_int(parse_payload(bytes, size), contents[i].result, contents[i].name);
	}
	size_t size = payload_of_vector(bytes);
	tap_is_int((intmax_t)size, 211, "the layout is as in docs/token.md");
	bytes[size] = 0;
	tap_is_int(parse_payload(bytes, size + 1), ERR_SYNTAX, "a byte behind the last");
	store_be16(bytes + 2, (uint16_t)(size + 5));
	tap_is_int(parse_payload(bytes, size + 1), ERR_SYNTAX, "also where the size says so");
	tap_is_int(parse_payload(bytes, 8), ERR_SYNTAX, "nothing but a head");
	tap_is_int(parse_payload(bytes, 2), ERR_TRUNCATED, "less than that");
}

int main(void)
{
	test_round();
	test_first_version();
	test_longest();
	test_forgiven();
	test_rows();
	test_cut();
	test_changed();
	test_swapped();
	test_trailing();
	test_contents();
	return tap_done();
}
