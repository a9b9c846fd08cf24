/* SPDX-License-Identifier: ISC */
#include "policy/name.h"

#include <string.h>

/* Not isalnum(): names do not depend on a locale. */
static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Whether it is of letters, digits and `others`, and begins with one of the former. */
static bool is_word(const char *text, size_t size, const char *others, size_t other_count)
{
	if (size == 0 || size > POLICY_NAME_MAX || !is_letter_or_digit(text[0]))
		return false;
	for (size_t i = 1; i < size; i++) {
		if (!is_letter_or_digit(text[i]) && !memchr(others, text[i], other_count))
			return false;
	}
	return true;
}

bool policy_name_is_valid(const char *text, size_t size)
{
	return is_word(text, size, "-._@", 4);
}

bool policy_label_is_valid(const char *text, size_t size)
{
	return is_word(text, size, "-", 1) && text[size - 1] != '-';
}
