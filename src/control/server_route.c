/* SPDX-License-Identifier: ISC */
#include "control/server_route.h"

#include "base/error.h"
#include "base/number.h"

#include <assert.h>
#include <string.h>

static const char word_mark[] = "{}";

/* Size of the part of a path that begins at `path`. */
static size_t part_size(const char *path)
{
	return strcspn(path, "/");
}

static bool is_word(const char *pattern, size_t size)
{
	return size == sizeof word_mark - 1 && memcmp(pattern, word_mark, size) == 0;
}

bool route_matches(const char *pattern, const char *path)
{
	while (*pattern == '/' && *path == '/') {
		size_t wanted = part_size(++pattern);
		size_t size = part_size(++path);
		if (is_word(pattern, wanted) ? size == 0
					     : size != wanted || memcmp(pattern, path, size) != 0)
			return false;
		pattern += wanted;
		path += size;
	}
	return *pattern == '\0' && *path == '\0';
}

int percent_decode(const char *text, size_t size, char *ret_text, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)text[i];
		if (byte == '%') {
			if (size - i < 3 || hex_parse(text + i + 1, 2, &byte, 1) < 0)
				return ERR_SYNTAX;
			i += 2;
		}
		if (byte < ' ' || byte == 0x7f)
			return ERR_SYNTAX;
		if (count + 1 >= room)
			return ERR_RANGE;
		ret_text[count++] = (char)byte;
	}
	ret_text[count] = '\0';
	return 0;
}

int route_decode(const char *pattern, const char *path, struct route_words *ret_words)
{
	struct route_words words = {0};

	while (*pattern == '/') {
		size_t wanted = part_size(++pattern);
		size_t size = part_size(++path);
		if (is_word(pattern, wanted)) {
			assert(words.count < SERVER_WORDS_MAX); /* a table of ours */
			char *word = words.text[words.count++];
			int result = percent_decode(path, size, word, SERVER_WORD_SIZE);
			if (result < 0)
				return result;
			if (strchr(word, '/'))
				return ERR_SYNTAX;
		}
		pattern += wanted;
		path += size;
	}
	*ret_words = words;
	return 0;
}

bool route_host_is_address(const char *host)
{
	const char *at = host[0] == '[' ? host + 1 : host;
	size_t size = strcspn(at, host[0] == '[' ? "]" : ":");
	struct address address;

	return address_parse(at, size, &address) == 0;
}
