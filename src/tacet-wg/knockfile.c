/* SPDX-License-Identifier: ISC */
#include "tacet-wg/knockfile.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	LINE_SIZE = 256,
	WORDS_MAX = 4,
};

/* A line in words. */
struct words {
	char *word[WORDS_MAX];
	size_t count;
};

static int split(char *line, struct words *ret_words)
{
	char *rest = line;
	char *word;

	*ret_words = (struct words){0};
	while ((word = strsep(&rest, " \t\r\n"))) {
		if (!*word)
			continue;
		if (*word == '#')
			break;
		if (ret_words->count == WORDS_MAX)
			return ERR_TRAILING;
		ret_words->word[ret_words->count++] = word;
	}
	return 0;
}

static int read_mode(const char *word, enum knock_mode *ret_mode)
{
	static const char *const words[] = {[KNOCK_OFF] = "off",
		[KNOCK_PREFERRED] = "preferred",
		[KNOCK_REQUIRED] = "required"};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret_mode = (enum knock_mode)i;
			return 0;
		}
	}
	return ERR_UNKNOWN_WORD;
}

/* EPOCH KEY */
static int read_key(char *const words[static 2], struct knock_key *ret_key)
{
	uint64_t epoch;

	int err = number_parse(words[0], strlen(words[0]), UINT16_MAX, &epoch);
	if (err < 0)
		return err;
	ret_key->epoch = (uint16_t)epoch;
	ret_key->class = KNOCK_FULL;
	return base64_key_parse(words[1], strlen(words[1]), ret_key->key);
}

static int accept_key(const struct words *words, struct engine_change *change)
{
	struct knock_key key;

	int err = read_key(&words->word[1], &key);
	if (err < 0)
		return err;
	if (words->count == 4 && strcmp(words->word[3], "budgeted") != 0)
		return ERR_UNKNOWN_WORD;
	if (words->count == 4)
		key.class = KNOCK_BUDGETED;
	if (change->knock_key_count == KNOCK_KEYS_MAX)
		return -ENOSPC;
	change->knock_keys = memory_grow(
		change->knock_keys, change->knock_key_count + 1, sizeof *change->knock_keys);
	change->knock_keys[change->knock_key_count++] = key;
	return 0;
}

static int read_line(char *line, struct engine_change *change)
{
	struct words words;

	int err = split(line, &words);
	if (err < 0 || words.count == 0)
		return err;
	if (strcmp(words.word[0], "mode") == 0 && words.count == 2)
		return read_mode(words.word[1], &change->knock_mode);
	if (strcmp(words.word[0], "accept") == 0 && words.count >= 3)
		return accept_key(&words, change);
	if (strcmp(words.word[0], "send") != 0 || words.count != 3)
		return ERR_SYNTAX;
	change->sets_knock = true;
	return read_key(&words.word[1], &change->knock);
}

int knockfile_read(const char *path, struct engine_change *change, unsigned *ret_line)
{
	char line[LINE_SIZE];
	unsigned number = 0;
	int err = 0;
	FILE *file = fopen(path, "re");

	*ret_line = 0;
	if (!file)
		return -errno;
	change->sets_knock_gate = true;
	while (err == 0 && fgets(line, sizeof line, file)) {
		number++;
		err = read_line(line, change);
	}
	bytes_wipe(line, sizeof line);
	if (ferror(file))
		err = -EIO;
	else if (err < 0)
		*ret_line = number;
	(void)fclose(file); /* read only */
	return err;
}
