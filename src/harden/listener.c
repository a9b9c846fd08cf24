/* SPDX-License-Identifier: ISC */
#include "harden/listener.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FIELD_LOCAL = 1, /* of a line, from 0 */
	FIELD_REMOTE = 2,
	FIELD_STATE = 3,
	FIELD_INODE = 9,
	FIELDS = 10,
	IPV4_DIGITS = 8,
	IPV6_DIGITS = 32,
	PORT_DIGITS = 4,
};

/* The tables that the kernel has of its sockets. */
static const struct {
	const char *path;
	uint8_t protocol;
	uint8_t state; /* of those that take from anybody */
} tables[] = {
	{"/proc/thread-self/net/tcp", IPPROTO_TCP, TCP_LISTEN},
	{"/proc/thread-self/net/tcp6", IPPROTO_TCP, TCP_LISTEN},
	{"/proc/thread-self/net/udp", IPPROTO_UDP, TCP_CLOSE},
	{"/proc/thread-self/net/udp6", IPPROTO_UDP, TCP_CLOSE},
	{"/proc/thread-self/net/raw", IPPROTO_RAW, TCP_CLOSE},
	{"/proc/thread-self/net/raw6", IPPROTO_RAW, TCP_CLOSE},
};

/* A word of a line. */
struct field {
	const char *at;
	size_t size;
};

/* The first words of a line, parted by spaces. ERR_SYNTAX: there are fewer. */
static int split(const char *line, size_t size, struct field fields[static FIELDS])
{
	size_t at = 0;

	for (size_t i = 0; i < FIELDS; i++) {
		while (at < size && line[at] == ' ')
			at++;
		size_t start = at;
		while (at < size && line[at] != ' ' && line[at] != '\n')
			at++;
		if (at == start)
			return ERR_SYNTAX;
		fields[i] = (struct field){line + start, at - start};
	}
	return 0;
}

/* Reads "0100007F:0016": words of 32 bits as this machine has them, then the port. */
static int read_end(const struct field *field, struct address *ret_address, uint16_t *ret_port)
{
	struct address address = {0};
	uint8_t bytes[IPV6_DIGITS / 2], port[PORT_DIGITS / 2];

	const char *colon = memchr(field->at, ':', field->size);
	if (!colon || (size_t)(field->at + field->size - colon) != 1 + PORT_DIGITS)
		return ERR_SYNTAX;
	size_t digits = (size_t)(colon - field->at);
	if (digits != IPV4_DIGITS && digits != IPV6_DIGITS)
		return ERR_SYNTAX;
	if (hex_parse(field->at, digits, bytes, digits / 2) < 0 ||
		hex_parse(colon + 1, PORT_DIGITS, port, sizeof port) < 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < digits / 2; i += sizeof(uint32_t)) {
		uint32_t word;
		memcpy(&word, bytes + i, sizeof word);
		word = be32toh(word);
		memcpy(address.bytes + i, &word, sizeof word);
	}
	address.family = digits == IPV4_DIGITS ? ADDRESS_IPV4 : ADDRESS_IPV6;
	*ret_address = address;
	*ret_port = load_be16(port);
	return 0;
}

/* An IPv4 address within IPv6, as sockets for both have it, becomes what it is. */
static void unmap(struct address *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct address ipv4 = {.family = ADDRESS_IPV4};

	if (address->family != ADDRESS_IPV6 || memcmp(address->bytes, mapped, sizeof mapped) != 0)
		return;
	memcpy(ipv4.bytes, address->bytes + sizeof mapped, 4);
	*address = ipv4;
}

int listener_parse(const char *line, size_t size, struct listener_line *ret_line)
{
	struct field fields[FIELDS];
	struct listener_line found = {0};

	int result = split(line, size, fields);
	if (result < 0)
		return result;
	result = read_end(&fields[FIELD_LOCAL], &found.flow.here, &found.flow.port_here);
	if (result < 0)
		return result;
	result = read_end(&fields[FIELD_REMOTE], &found.flow.there, &found.flow.port_there);
	if (result < 0)
		return result;
	if (fields[FIELD_STATE].size != 2 ||
		hex_parse(fields[FIELD_STATE].at, 2, &found.state, 1) < 0 ||
		number_parse(fields[FIELD_INODE].at, fields[FIELD_INODE].size, UINT64_MAX,
			&found.inode) < 0)
		return ERR_SYNTAX;
	unmap(&found.flow.here);
	unmap(&found.flow.there);
	*ret_line = found;
	return 0;
}

typedef void visit_line(void *context, size_t table, const struct listener_line *line);

/* Visits all lines of a table; one that is not there (no IPv6) has none. -errno. */
static int read_table(size_t table, visit_line *visit, void *context)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	FILE *file = fopen(tables[table].path, "re");
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	while ((size = getline(&line, &room, file)) > 0) {
		struct listener_line found;
		if (listener_parse(line, (size_t)size, &found) == 0)
			visit(context, table, &found);
	}
	int result = ferror(file) ? -EIO : 0;
	free(line);
	(void)fclose(file); /* it was only read */
	return result;
}

/* What listener_list() goes by. */
struct search {
	struct listeners found;
	struct face_addresses addresses;
	const char *tunnel;
};

static bool is_loopback(const struct address *address)
{
	static const uint8_t ipv6[16] = {[15] = 1};

	if (address->family == ADDRESS_IPV4)
		return address->bytes[0] == IN_LOOPBACKNET;
	return memcmp(address->bytes, ipv6, sizeof ipv6) == 0;
}

static enum listener_reach reach_of(const struct search *search, const struct address *address)
{
	if (is_loopback(address))
		return LISTENER_LOOPBACK;
	for (size_t i = 0; i < search->addresses.count; i++) {
		const struct face_address *own = &search->addresses.list[i];
		if (strcmp(own->name, search->tunnel) == 0 && address_equal(&own->address, address))
			return LISTENER_TUNNEL;
	}
	return LISTENER_STRANGERS;
}

static void keep_listener(void *context, size_t table, const struct listener_line *line)
{
	struct search *search = context;
	struct listeners *found = &search->found;

	if (line->state != tables[table].state || line->flow.port_there != 0 ||
		found->count == LISTENERS_MAX)
		return;
	if ((found->count & (found->count - 1)) == 0)
		found->list = memory_grow(
			found->list, found->count ? found->count * 2 : 1, sizeof *found->list);
	found->list[found->count++] = (struct listener){
		.protocol = tables[table].protocol,
		.address = line->flow.here,
		.port = line->flow.port_here,
		.reach = reach_of(search, &line->flow.here),
		.owner = {.inode = line->inode},
	};
}

static int compare(const void *left, const void *right)
{
	const struct listener *a = left, *b = right;

	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return memcmp(&a->address, &b->address, sizeof a->address);
}

/* Names the holders of all. */
static int find_owners(struct listeners *listeners)
{
	struct owner *owners = memory_new(listeners->count + 1, sizeof *owners);

	for (size_t i = 0; i < listeners->count; i++)
		owners[i] = listeners->list[i].owner;
	int result = owner_find(owners, listeners->count);
	for (size_t i = 0; result == 0 && i < listeners->count; i++)
		listeners->list[i].owner = owners[i];
	free(owners);
	return result;
}

int listener_list(const char *tunnel, struct listeners *ret_listeners)
{
	struct search search = {.tunnel = tunnel};

	int result = face_read_addresses(&search.addresses);
	for (size_t i = 0; i < ARRAY_LENGTH(tables) && result == 0; i++)
		result = read_table(i, keep_listener, &search);
	face_addresses_done(&search.addresses);
	if (result == 0)
		result = find_owners(&search.found);
	if (result < 0) {
		listener_list_done(&search.found);
		return result;
	}
	if (search.found.count > 0)
		qsort(search.found.list, search.found.count, sizeof *search.found.list, compare);
	*ret_listeners = search.found;
	return 0;
}

void listener_list_done(struct listeners *listeners)
{
	free(listeners->list);
	*listeners = (struct listeners){0};
}

/* What listener_visit_own_flows() goes by. */
struct tour {
	const struct listeners *listeners;
	listener_visit *visit;
	void *context;
};

static void visit_own(void *context, size_t table, const struct listener_line *line)
{
	const struct tour *tour = context;

	if (line->state != TCP_ESTABLISHED || is_loopback(&line->flow.here))
		return;
	for (size_t i = 0; i < tour->listeners->count; i++)
		if (tour->listeners->list[i].protocol == tables[table].protocol &&
			tour->listeners->list[i].port == line->flow.port_here)
			return;
	tour->visit(tour->context, &line->flow);
}

int listener_visit_own_flows(
	const struct listeners *listeners, listener_visit *visit, void *context)
{
	struct tour tour = {listeners, visit, context};
	int result = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(tables) && result == 0; i++)
		if (tables[i].protocol == IPPROTO_TCP)
			result = read_table(i, visit_own, &tour);
	return result;
}
