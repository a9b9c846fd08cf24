/* SPDX-License-Identifier: ISC */
/*
 * The path of a request against routes, and its words; a value of a query; a Host. Zeros do not
 * come that far: libmicrohttpd hands over texts.
 */
#include "base/attributes.h"
#include "base/error.h"
#include "control/server_route.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const patterns[] = {
	"/v1/users",
	"/v1/users/{}",
	"/v1/groups/{}/members/{}",
	"/v1/devices/{}/{}",
	"/v1/devices/{}/{}/approve",
	"/{}/{}/{}/{}",
};

/* Ends the run where something is not as it must be, with or without assertions. */
static void demand(bool holds)
{
	if (!holds)
		abort();
}

static size_t count(const char *text, char wanted)
{
	size_t found = 0;

	for (; *text; text++)
		found += *text == wanted;
	return found;
}

static void check_words(const char *pattern, const struct route_words *words)
{
	demand(words->count == count(pattern, '{'));
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->text[i];
		demand(memchr(word, '\0', SERVER_WORD_SIZE) && *word);
		for (; *word; word++)
			demand(*word != '/' && *word != 0x7f && (uint8_t)*word >= ' ');
	}
}

static void match(const char *pattern, const char *path)
{
	struct route_words words;

	if (!route_matches(pattern, path))
		return;
	demand(count(pattern, '/') == count(path, '/'));
	int result = route_decode(pattern, path, &words);
	demand(result == 0 || result == ERR_SYNTAX || result == ERR_RANGE);
	if (result == 0)
		check_words(pattern, &words);
}

static void decode(const char *text, size_t size, size_t room)
{
	char *decoded = malloc(room);

	demand(decoded != NULL);
	if (percent_decode(text, size, decoded, room) == 0)
		demand(memchr(decoded, '\0', room) != NULL && strlen(decoded) <= size);
	free(decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	demand(text != NULL);
	for (size_t i = 0; i < ARRAY_LENGTH(patterns); i++)
		match(patterns[i], text);
	decode(text, strlen(text), strlen(text) + 1);
	decode(text, strlen(text), 4);
	(void)route_host_is_address(text);
	free(text);
	return 0;
}
