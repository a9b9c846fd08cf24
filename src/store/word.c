/* SPDX-License-Identifier: ISC */
#include "store/word.h"

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <string.h>

/* Not isalnum(): names do not depend on a locale. */
static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Whether the text is 1 to 63 of letters, digits and `others`, and begins with the former. */
static bool is_word(const char *text, const char *others)
{
	size_t size = strnlen(text, STORE_NAME_SIZE);

	if (size == 0 || size == STORE_NAME_SIZE || !is_letter_or_digit(text[0]))
		return false;
	for (size_t i = 1; i < size; i++) {
		if (!is_letter_or_digit(text[i]) && !strchr(others, text[i]))
			return false;
	}
	return true;
}

int word_check_name(const char *name)
{
	return is_word(name, "-._@") ? 0 : ERR_NAME;
}

int word_check_label(const char *label)
{
	if (!is_word(label, "-"))
		return ERR_LABEL;
	return label[strlen(label) - 1] == '-' ? ERR_LABEL : 0;
}

/* Printable ASCII from `first` on, 1 to size - 1 bytes. */
static int check_printable(const char *text, char first, size_t size)
{
	size_t length = strnlen(text, size);

	if (length == size)
		return ERR_RANGE;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < first || text[i] > '~')
			return ERR_SYNTAX;
	}
	return length ? 0 : ERR_SYNTAX;
}

int word_check_host(const char *host)
{
	return check_printable(host, '!', STORE_HOST_SIZE);
}

int word_check_actor(const char *actor)
{
	return check_printable(actor, ' ', STORE_ACTOR_SIZE);
}
