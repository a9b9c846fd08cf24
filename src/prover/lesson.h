/* SPDX-License-Identifier: ISC */
/* What an answer tells an attacker, and how to stop it: one lesson for stimuli of one kind. */
#pragma once

enum lesson {
	LESSON_ARP,
	LESSON_NEIGHBOUR,
	LESSON_AUTOCONFIGURATION,
	LESSON_GROUPS,
	LESSON_ECHO,
	LESSON_ICMP,
	LESSON_CLOSED_UDP,
	LESSON_SERVICE,
	LESSON_TCP,
	LESSON_FINGERPRINT,
	LESSON_PROTOCOL,
	LESSON_OPTION,
	LESSON_HEADER,
	LESSON_FRAGMENT,
	LESSON_EXTENSION,
	LESSON_OVERLAY,
	LESSON_FORWARDING,
	LESSON_FORGED,
	LESSON_SHAPE,
	LESSON_MAC1,
	LESSON_REPLAY,
	LESSON_COUNT,
};

struct lesson_text {
	const char *group; /* as the summary names it */
	const char *tells; /* what an attacker learns */
	const char *stop;  /* how to stop it */
};

/* Never NULL. */
const struct lesson_text *lesson_text(enum lesson lesson);
