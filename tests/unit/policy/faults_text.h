/* SPDX-License-Identifier: ISC */
/* Faults as a test writes them: "2:3 name, 4:1 type". Included by test programs only. */
#pragma once

#include "policy/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	FAULTS_TEXT_SIZE = 4096,
};

/* Classes that any case of the test program has come upon. */
static bool faults_met[POLICY_FAULT_CLASSES];

/* Whether a text is one line that can be printed anywhere. */
static inline bool faults_line_is_clean(const char *text)
{
	if (!*text || !memchr(text, '\0', POLICY_FAULT_TEXT_SIZE))
		return false;
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			return false;
	}
	return true;
}

/* Whether each says what was found and what was expected, all of it. */
static inline bool faults_are_clean(const struct policy_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		const char *text = faults->list[i].text;
		bool is_syntax = faults->list[i].class == POLICY_FAULT_SYNTAX;

		if (!faults_line_is_clean(text) || strncmp(text, "found ", 6) != 0 ||
			!(is_syntax || strstr(text, "expected")) ||
			strlen(text) == POLICY_FAULT_TEXT_SIZE - 1)
			return false;
	}
	return true;
}

/* Writes the faults' places and classes. */
static inline void faults_write(const struct policy_faults *faults, char *ret_text)
{
	size_t used = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < faults->count; i++) {
		const struct policy_fault *fault = &faults->list[i];

		used += (size_t)snprintf(ret_text + used, FAULTS_TEXT_SIZE - used,
			"%s%" PRIu32 ":%" PRIu32 " %s", i ? ", " : "", fault->at.line,
			fault->at.column, policy_fault_word(fault->class));
		if (used >= FAULTS_TEXT_SIZE)
			return;
	}
}

/* Whether the faults are those, and clean; says what they are where not. */
static inline bool faults_are(const struct policy_faults *faults, const char *want)
{
	char got[FAULTS_TEXT_SIZE];

	faults_write(faults, got);
	for (size_t i = 0; i < faults->count; i++)
		faults_met[faults->list[i].class] = true;
	if (strcmp(got, want) == 0 && faults_are_clean(faults))
		return true;
	printf("#  got %s\n# want %s\n", got, want);
	for (size_t i = 0; i < faults->count; i++)
		printf("# %s\n", faults->list[i].text);
	return false;
}
