/* SPDX-License-Identifier: ISC */
#include "harden/setting.h"

#include "base/memory.h"
#include "net/sysctl.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Of the host. */
static const struct setting of_host[] = {
	{"ipv4/icmp_echo_ignore_broadcasts", 1},
	{"ipv4/icmp_echo_enable_probe", 0},
	{"ipv4/conf/all/accept_redirects", 0},
	{"ipv4/conf/all/send_redirects", 0},
	{"ipv6/icmp/echo_ignore_multicast", 1},
	{"ipv6/icmp/echo_ignore_anycast", 1},
};

/*
 * Of each outer interface, from a level on. Not of "default": what is written there reaches
 * interfaces that are not ours to change.
 */
static const struct {
	enum rules_level least;
	const char *family, *name;
	uint32_t value;
} of_face[] = {
	{RULES_STANDARD, "ipv4", "accept_redirects", 0},
	{RULES_STANDARD, "ipv4", "send_redirects", 0},
	{RULES_STANDARD, "ipv6", "accept_redirects", 0},
	{RULES_SEALED, "ipv4", "arp_ignore", 1},   /* not for the overlay's addresses */
	{RULES_SEALED, "ipv4", "arp_announce", 2}, /* nor from them */
	{RULES_SEALED, "ipv6", "accept_ra", 0},
	{RULES_SEALED, "ipv6", "autoconf", 0},
	{RULES_SEALED, "ipv6", "dad_transmits", 0}, /* it would not leave: nothing to wait for */
	{RULES_SEALED, "ipv6", "ndisc_notify", 0},
};

_Static_assert(ARRAY_LENGTH(of_face) == SETTINGS_OF_FACE, "SETTINGS_OF_FACE is how many there are");

bool settings_has(const struct settings *settings, const char *path)
{
	for (size_t i = 0; i < settings->count; i++)
		if (strcmp(settings->list[i].path, path) == 0)
			return true;
	return false;
}

int settings_add(struct settings *settings, const char *path, uint32_t value)
{
	size_t size = strlen(path);

	if (size == 0 || size >= SETTING_PATH_SIZE || strstr(path, "..") ||
		(strncmp(path, "ipv4/", 5) != 0 && strncmp(path, "ipv6/", 5) != 0))
		return -EINVAL;
	if (settings_has(settings, path))
		return 0;
	if (settings->count == SETTINGS_MAX)
		return -E2BIG;
	if (!settings->list)
		settings->list = memory_new(SETTINGS_MAX, sizeof *settings->list);
	struct setting *next = &settings->list[settings->count++];
	memcpy(next->path, path, size + 1);
	next->value = value;
	return 0;
}

struct settings settings_wanted(enum rules_level level, const struct rules_faces *outer)
{
	struct settings wanted = {0};
	char path[SETTING_PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(of_host); i++)
		if (settings_add(&wanted, of_host[i].path, of_host[i].value) < 0)
			assert(false); /* they are ours, and there is room */
	for (size_t i = 0; i < outer->count; i++)
		for (size_t j = 0; j < ARRAY_LENGTH(of_face); j++) {
			if (of_face[j].least > level)
				continue;
			(void)snprintf(path, sizeof path, "%s/conf/%s/%s", of_face[j].family,
				outer->names[i], of_face[j].name); /* it fits */
			if (settings_add(&wanted, path, of_face[j].value) < 0)
				assert(false); /* rules_name_is_fine(), and there is room */
		}
	return wanted;
}

void settings_done(struct settings *settings)
{
	free(settings->list);
	*settings = (struct settings){0};
}

int settings_remember(const struct settings *wanted, struct settings *before)
{
	uint32_t value;

	for (size_t i = 0; i < wanted->count; i++) {
		const char *path = wanted->list[i].path;
		if (settings_has(before, path))
			continue;
		int result = sysctl_read(path, &value);
		if (result == -ENOENT)
			continue;
		if (result == 0)
			result = settings_add(before, path, value);
		if (result < 0)
			return result;
	}
	return 0;
}

int settings_write(const struct settings *settings)
{
	int first = 0;

	for (size_t i = 0; i < settings->count; i++) {
		int result = sysctl_write(settings->list[i].path, settings->list[i].value);
		if (result < 0 && result != -ENOENT && first == 0)
			first = result;
	}
	return first;
}
