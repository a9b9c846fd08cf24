/* SPDX-License-Identifier: ISC */
#include "wireguard/drop.h"

#include "tap.h"

#include <ctype.h>
#include <string.h>

/* Small letters, digits and single hyphens between them. */
static bool is_word(const char *word)
{
	if (!islower((unsigned char)word[0]) || strstr(word, "--"))
		return false;
	for (const char *at = word; *at; at++) {
		if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '-')
			return false;
	}
	return word[strlen(word) - 1] != '-';
}

/* One line for people, without a full stop, as log lines and tables want it. */
static bool is_meaning(const char *meaning)
{
	size_t length = strlen(meaning);

	return length > 0 && length <= 80 && meaning[length - 1] != '.' && !strchr(meaning, '\n') &&
	       !isspace((unsigned char)meaning[length - 1]);
}

/* Whether no reason before this one has its word or its meaning. */
static bool is_unique(enum drop drop)
{
	for (unsigned i = 0; i < drop; i++) {
		if (strcmp(drop_word(i), drop_word(drop)) == 0 ||
			strcmp(drop_meaning(i), drop_meaning(drop)) == 0)
			return false;
	}
	return true;
}

int main(void)
{
	char name[160];

	for (unsigned drop = 0; drop < DROP_COUNT; drop++) {
		(void)snprintf(
			name, sizeof name, "%s: a word, a meaning, both its own", drop_word(drop));
		tap_ok(is_word(drop_word(drop)) && is_meaning(drop_meaning(drop)) &&
				is_unique(drop),
			name);
	}
	tap_ok(strcmp(drop_word(DROP_NONE), "none") == 0, "nothing dropped is called none");
	tap_ok(DROP_NONE == 0, "zero is alive");
	return tap_done();
}
