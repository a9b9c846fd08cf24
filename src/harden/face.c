/* SPDX-License-Identifier: ISC */
#include "harden/face.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How the bridges of containers and virtual machines are called. */
static const struct {
	const char *start;
	size_t hex_digits; /* that follow, and nothing else; 0: anything may follow */
} bridge_names[] = {
	{"docker", 0}, /* docker0, docker_gwbridge */
	{"br-", 12},   /* Docker's further networks */
	{"podman", 0},
	{"cni", 0},
	{"virbr", 0}, /* libvirt */
	{"lxcbr", 0},
	{"lxdbr", 0},
	{"incusbr", 0},
};

bool face_is_bridge_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(bridge_names); i++) {
		size_t start = strlen(bridge_names[i].start), digits = bridge_names[i].hex_digits;
		if (strncmp(name, bridge_names[i].start, start) != 0)
			continue;
		if (digits == 0 || (strspn(name + start, "0123456789abcdef") == digits &&
					   name[start + digits] == '\0'))
			return true;
	}
	return false;
}

bool face_has(const struct rules_faces *faces, const char *name)
{
	for (size_t i = 0; i < faces->count; i++)
		if (strcmp(faces->names[i], name) == 0)
			return true;
	return false;
}

/* Adds a name, once; -E2BIG where there are more than anybody has. */
static int add(struct rules_faces *faces, const char *name)
{
	if (face_has(faces, name))
		return 0;
	if (faces->count == RULES_FACES_MAX)
		return -E2BIG;
	(void)snprintf(faces->names[faces->count++], IF_NAMESIZE, "%s", name); /* it fits */
	return 0;
}

/* Whether /sys/class/net/<name>/<what> is there. */
static bool has(const char *name, const char *what)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, what); /* it fits */
	return access(path, F_OK) == 0;
}

bool face_is_kernel_wireguard(const char *name)
{
	static const char wanted[] = "DEVTYPE=wireguard\n";
	char path[PATH_MAX], line[sizeof wanted + 1];
	bool is = false;

	(void)snprintf(path, sizeof path, "/sys/class/net/%s/uevent", name); /* it fits */
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	while (!is && fgets(line, sizeof line, file))
		is = strcmp(line, wanted) == 0;
	(void)fclose(file); /* it was only read */
	return is;
}

/* Whether no port of a bridge leads out of this host. */
static bool ports_are_virtual(const char *bridge)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "/sys/class/net/%s/brif", bridge); /* it fits */
	DIR *ports = opendir(path);
	if (!ports)
		return false;
	bool are = true;
	for (const struct dirent *port; are && (port = readdir(ports));)
		are = port->d_name[0] == '.' || !has(port->d_name, "device");
	(void)closedir(ports); /* it was only read */
	return are;
}

static bool is_inside(const char *name)
{
	return face_is_bridge_name(name) && has(name, "bridge") && ports_are_virtual(name);
}

/* Puts one interface where it belongs. */
static int sort(
	const char *name, const char *tunnel, struct rules_faces *inside, struct rules_faces *outer)
{
	if (strcmp(name, "lo") == 0 || strcmp(name, tunnel) == 0 || !rules_name_is_fine(name))
		return 0;
	if (is_inside(name))
		return add(inside, name);
	return has(name, "master") ? 0 : add(outer, name);
}

int face_read(const char *tunnel, const struct rules_faces *known, struct rules_faces *ret_inside,
	struct rules_faces *ret_outer)
{
	struct rules_faces inside = {0}, outer = {0};
	struct if_nameindex *all = if_nameindex();
	int result = 0;

	if (!all)
		return -errno;
	for (const struct if_nameindex *one = all; one->if_name && result == 0; one++)
		result = sort(one->if_name, tunnel, &inside, &outer);
	if_freenameindex(all);
	for (size_t i = 0; known && i < known->count && result == 0; i++)
		if (face_is_bridge_name(known->names[i]) && !face_has(&outer, known->names[i]) &&
			if_nametoindex(known->names[i]) == 0)
			result = add(&inside, known->names[i]);
	if (result < 0)
		return result;
	*ret_inside = inside;
	*ret_outer = outer;
	return 0;
}

/* Takes an address of the system's over; ADDRESS_NONE where it is of neither family. */
static struct address take(const struct sockaddr *from)
{
	struct address address = {0};

	if (from && from->sa_family == AF_INET) {
		struct sockaddr_in ipv4;
		memcpy(&ipv4, from, sizeof ipv4);
		address.family = ADDRESS_IPV4;
		memcpy(address.bytes, &ipv4.sin_addr, 4);
	} else if (from && from->sa_family == AF_INET6) {
		struct sockaddr_in6 ipv6;
		memcpy(&ipv6, from, sizeof ipv6);
		address.family = ADDRESS_IPV6;
		memcpy(address.bytes, &ipv6.sin6_addr, 16);
	}
	return address;
}

/* Bits that are set in a mask. */
static uint8_t length_of(const struct address *mask)
{
	uint8_t length = 0;

	for (size_t i = 0; i < sizeof mask->bytes; i++)
		length = (uint8_t)(length + __builtin_popcount(mask->bytes[i]));
	return length;
}

int face_read_addresses(struct face_addresses *ret_addresses)
{
	struct ifaddrs *all;
	size_t count = 0;

	if (getifaddrs(&all) < 0)
		return -errno;
	for (const struct ifaddrs *one = all; one; one = one->ifa_next)
		count++;
	struct face_addresses found = {.list = memory_new(count + 1, sizeof *found.list)};
	for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
		struct address address = take(one->ifa_addr), mask = take(one->ifa_netmask);
		if (address.family == ADDRESS_NONE)
			continue;
		struct face_address *next = &found.list[found.count++];
		next->address = address;
		next->network = (struct prefix){address, length_of(&mask)};
		prefix_normalize(&next->network);
		(void)snprintf(next->name, sizeof next->name, "%s", one->ifa_name); /* it fits */
	}
	freeifaddrs(all);
	*ret_addresses = found;
	return 0;
}

void face_addresses_done(struct face_addresses *addresses)
{
	free(addresses->list);
	*addresses = (struct face_addresses){0};
}

char *face_join(const struct rules_faces *faces)
{
	size_t size = sizeof "none" + faces->count * (IF_NAMESIZE + 2);
	char *text = memory_new(1, size);
	size_t used = 0;

	(void)snprintf(text, size, "none"); /* it fits */
	for (size_t i = 0; i < faces->count; i++)
		used += (size_t)snprintf(
			text + used, size - used, "%s%s", i ? ", " : "", faces->names[i]);
	return text;
}
