/* SPDX-License-Identifier: ISC */
/*
 * Settings of the kernel (sysctl) that help silence and harm no connection of the host's own. The
 * rules do not rest on them: each is a second lock.
 */
#pragma once

#include "harden/rules.h"

enum {
	SETTING_PATH_SIZE = 80, /* below /proc/sys/net, with its zero */
	SETTINGS_OF_FACE = 9,
	SETTINGS_MAX = 8 + SETTINGS_OF_FACE * RULES_FACES_MAX,
};

/* A setting and a value of it. */
struct setting {
	char path[SETTING_PATH_SIZE];
	uint32_t value;
};

struct settings {
	struct setting *list; /* on the heap */
	size_t count;
};

/* What a level wants, of these interfaces too. Pure. Release by settings_done(). */
struct settings settings_wanted(enum rules_level level, const struct rules_faces *outer);

/* Whether it has a setting of that path. */
bool settings_has(const struct settings *settings, const char *path);

void settings_done(struct settings *settings);

/*
 * Adds to `before`, for each that is wanted and not yet there, what is so now; what this kernel
 * does not have is left out. -errno.
 */
int settings_remember(const struct settings *wanted, struct settings *before) must_check;

/* Makes it so; what is not there (any more) is passed over. -errno: the first that failed; all are
 * tried. */
int settings_write(const struct settings *settings) must_check;

/* Adds one. -EINVAL: no path of a setting; -E2BIG. */
int settings_add(struct settings *settings, const char *path, uint32_t value) must_check;
