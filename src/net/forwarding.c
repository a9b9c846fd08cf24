/* SPDX-License-Identifier: ISC */
#include "net/forwarding.h"

#include "net/sysctl.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
	RA_UNLESS_ROUTER = 1, /* accept_ra: router advertisements are heard by hosts only */
	RA_ALWAYS = 2,
};

int forwarding_enable_ipv4(void)
{
	return sysctl_write("ipv4/ip_forward", 1);
}

/* Lets one interface go on hearing routers. -errno. */
static int keep_hearing(const char *interface)
{
	char path[NAME_MAX + 32];
	uint32_t accepts;

	int size = snprintf(path, sizeof path, "ipv6/conf/%s/accept_ra", interface);
	if (size < 0 || (size_t)size >= sizeof path)
		return -ENAMETOOLONG;
	int result = sysctl_read(path, &accepts);
	if (result == 0 && accepts == RA_UNLESS_ROUTER)
		result = sysctl_write(path, RA_ALWAYS);
	return result == -ENOENT ? 0 : result; /* an interface that has just gone */
}

/* All interfaces, those to come included. -errno. */
static int keep_all_hearing(void)
{
	DIR *folder = opendir("/proc/sys/net/ipv6/conf");
	const struct dirent *entry;
	int result = 0;

	if (!folder)
		return -errno;
	while (result >= 0 && (entry = readdir(folder))) {
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "all") != 0)
			result = keep_hearing(entry->d_name);
	}
	(void)closedir(folder); /* nothing was written */
	return result;
}

int forwarding_enable_ipv6(void)
{
	uint32_t forwards;

	int result = sysctl_read("ipv6/conf/all/forwarding", &forwards);
	if (result < 0 || forwards != 0)
		return result;
	result = keep_all_hearing();
	return result < 0 ? result : sysctl_write("ipv6/conf/all/forwarding", 1);
}
