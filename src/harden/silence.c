/* SPDX-License-Identifier: ISC */
#include "harden/silence.h"

#include <stdio.h>

static const char *const hardening[] = {
	[RULES_STANDARD] = "host hardened (standard)",
	[RULES_SEALED] = "host hardened (sealed)",
};

static const char *const knocks[] = {
	[SILENCE_KNOCK_OFF] = "no knock asked for",
	[SILENCE_KNOCK_PREFERRED] = "knock preferred",
	[SILENCE_KNOCK_REQUIRED] = "knock required",
};

static const char *const doors[] = {
	[SILENCE_DOOR_ENGINE] = "door in the engine (no BPF)",
	[SILENCE_DOOR_KERNEL] = "door in the kernel",
};

static const char *const receptions[] = {
	[SILENCE_RECEPTION_NORMAL] = "reception normal",
	[SILENCE_RECEPTION_HIDDEN] = "reception hidden",
};

static const char *guard_of(const struct silence_facts *facts)
{
	if (!facts->is_hardened)
		return "no guard on the way out";
	if (!facts->guards_link)
		return "NO GUARD ON THE LINK: neighbours are answered";
	return facts->has_mark ? "guard on the way out knows the daemon by its mark"
			       : "guard on the way out knows the daemon by its port only";
}

struct silence silence_judge(const struct silence_facts *facts)
{
	return (struct silence){
		.level = facts->is_hardened ? rules_level_word(facts->level) : "open",
		.reasons =
			{
				facts->is_hardened ? hardening[facts->level]
						   : "host NOT HARDENED: tacet harden",
				guard_of(facts),
				knocks[facts->knock],
				doors[facts->door],
				receptions[facts->reception],
			},
	};
}

char *silence_format(const struct silence *silence, char ret_text[static SILENCE_TEXT_SIZE])
{
	int size = snprintf(ret_text, SILENCE_TEXT_SIZE, "%s:", silence->level); /* it fits */

	for (size_t i = 0; i < SILENCE_REASONS; i++)
		size += snprintf(ret_text + size, SILENCE_TEXT_SIZE - (size_t)size, "%s %s",
			i ? "," : "", silence->reasons[i]); /* it fits */
	return ret_text;
}
