/* SPDX-License-Identifier: ISC */
#include "policy/fault.h"

#include "base/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ESCAPE_SIZE = 4, /* \xNN */
};

static const struct {
	const char *word, *meaning;
} classes[] = {
#define X(name, word, meaning) {word, meaning},
	POLICY_FAULT_LIST(X)
#undef X
};
_Static_assert(ARRAY_LENGTH(classes) == POLICY_FAULT_CLASSES, "a row for each class");

const char *policy_fault_word(enum policy_fault_class class)
{
	assert(class < POLICY_FAULT_CLASSES);
	return classes[class].word;
}

const char *policy_fault_meaning(enum policy_fault_class class)
{
	assert(class < POLICY_FAULT_CLASSES);
	return classes[class].meaning;
}

void policy_faults_add(struct policy_faults *faults, enum policy_fault_class class,
	struct policy_place at, const char *format, ...)
{
	if (policy_faults_are_full(faults)) {
		faults->more++;
		return;
	}
	if (!faults->list)
		faults->list = memory_new(POLICY_FAULTS_MAX, sizeof *faults->list);
	struct policy_fault *fault = &faults->list[faults->count++];
	va_list values;

	fault->at = at;
	fault->class = class;
	va_start(values, format);
	/* What does not fit is cut off: the values are of bounded size, so it all fits. */
	(void)vsnprintf(fault->text, sizeof fault->text, format, values);
	va_end(values);
}

bool policy_faults_are_full(const struct policy_faults *faults)
{
	return faults->count == POLICY_FAULTS_MAX;
}

bool policy_faults_exist(const struct policy_faults *faults)
{
	return faults->count > 0;
}

static bool is_before(struct policy_place a, struct policy_place b)
{
	return a.line < b.line || (a.line == b.line && a.column < b.column);
}

void policy_faults_sort(struct policy_faults *faults)
{
	for (size_t i = 1; i < faults->count; i++) {
		struct policy_fault fault = faults->list[i];
		size_t to = i;

		for (; to > 0 && is_before(fault.at, faults->list[to - 1].at); to--)
			faults->list[to] = faults->list[to - 1];
		faults->list[to] = fault;
	}
}

void policy_faults_done(struct policy_faults *faults)
{
	free(faults->list);
	*faults = (struct policy_faults){0};
}

/* Writes one byte as it is, or escaped; returns how many characters that took. */
static size_t escape(char byte, char ret_text[static ESCAPE_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	if (byte == '"' || byte == '\\') {
		memcpy(ret_text, (char[]){'\\', byte}, 2);
		return 2;
	}
	if (byte >= ' ' && byte <= '~') {
		ret_text[0] = byte;
		return 1;
	}
	const uint8_t value = (uint8_t)byte;
	memcpy(ret_text, (char[]){'\\', 'x', digits[value >> 4], digits[value & 15]}, ESCAPE_SIZE);
	return ESCAPE_SIZE;
}

struct policy_shown policy_show(const char *bytes, size_t size)
{
	struct policy_shown shown = {.text = "\""};
	size_t used = 1;

	for (size_t i = 0; i < size; i++) {
		char escaped[ESCAPE_SIZE];
		size_t length = escape(bytes[i], escaped);

		if (used + length > 1 + POLICY_SHOWN_MAX) {
			memcpy(shown.text + used, "...", 3);
			used += 3;
			break;
		}
		memcpy(shown.text + used, escaped, length);
		used += length;
	}
	shown.text[used] = '"';
	return shown;
}
