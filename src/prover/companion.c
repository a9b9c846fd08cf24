/* SPDX-License-Identifier: ISC */
#include "prover/companion.h"

#include "base/error.h"
#include "base/number.h"
#include "prover/packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ECHO_ID = 0x7ace,
	ECHO_SIZE = 56, /* bytes behind the header, as ping(8) sends them */
	UDP_PAYLOAD = 32,
	OWN_PORT_FIRST = 30000, /* frames of TCP and to a closed port: the serial makes it */
	OWN_PORTS = 16384,
	HOPS = 64,
	TCP_SYN = 2,
	TCP_WORDS = 5,
	TCP_WINDOW = 64240,
	DATA_LEAST = 100, /* WireGuard's datagram with an echo in it; keepalives are smaller */
	MESSAGE_DATA = 0x0400,
};

/* ---- its name ---- */

static const struct {
	const char *word;
	enum companion_kind kind;
} words[] = {
	{"none", COMPANION_NONE},
	{"icmp", COMPANION_ICMP},
	{"udp", COMPANION_UDP},
	{"tcp", COMPANION_TCP},
	{"closed", COMPANION_CLOSED},
	{"member", COMPANION_MEMBER},
};

static int parse_rest(struct companion *companion, const char *rest)
{
	uint64_t port;

	switch (companion->kind) {
	case COMPANION_NONE:
	case COMPANION_ICMP:
		return rest ? ERR_SYNTAX : 0;
	case COMPANION_MEMBER:
		if (!rest || address_parse(rest, strlen(rest), &companion->inside) < 0)
			return ERR_SYNTAX;
		return 0;
	case COMPANION_UDP:
	case COMPANION_TCP:
	case COMPANION_CLOSED:
		break;
	}
	if (!rest || number_parse(rest, strlen(rest), UINT16_MAX, &port) < 0 || port == 0)
		return ERR_SYNTAX;
	companion->port = (uint16_t)port;
	return 0;
}

int companion_parse(const char *text, struct companion *ret_companion)
{
	size_t size = strcspn(text, ":");

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		struct companion companion = {.kind = words[i].kind};
		if (strlen(words[i].word) != size || memcmp(words[i].word, text, size) != 0)
			continue;
		int err = parse_rest(&companion, text[size] ? text + size + 1 : NULL);
		if (err == 0)
			*ret_companion = companion;
		return err;
	}
	return ERR_SYNTAX;
}

char *companion_format(const struct companion *companion, char ret_text[static COMPANION_TEXT_SIZE])
{
	const char *word = words[companion->kind].word;
	char address[ADDRESS_TEXT_SIZE];

	if (companion->kind == COMPANION_MEMBER)
		(void)snprintf(ret_text, COMPANION_TEXT_SIZE, "%s:%s", word,
			address_format(&companion->inside, address));
	else if (companion->port != 0)
		(void)snprintf(ret_text, COMPANION_TEXT_SIZE, "%s:%u", word, companion->port);
	else
		(void)snprintf(ret_text, COMPANION_TEXT_SIZE, "%s", word);
	return ret_text;
}

/* ---- sockets, for what the kernel sends for us ---- */

static socklen_t make_name(
	const struct address *address, uint16_t port, struct sockaddr_storage *ret_name)
{
	memset(ret_name, 0, sizeof *ret_name);
	if (address->family == ADDRESS_IPV6) {
		struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htobe16(port)};
		memcpy(&name.sin6_addr, address->bytes, 16);
		memcpy(ret_name, &name, sizeof name);
		return sizeof name;
	}
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htobe16(port)};
	memcpy(&name.sin_addr, address->bytes, 4);
	memcpy(ret_name, &name, sizeof name);
	return sizeof name;
}

/* Our port of it. */
static uint16_t own_port(int fd)
{
	struct sockaddr_storage name = {0};
	socklen_t size = sizeof name;
	uint8_t port[2];

	if (getsockname(fd, (struct sockaddr *)&name, &size) < 0)
		return 0;
	memcpy(port, (const uint8_t *)&name + 2, sizeof port); /* of either family */
	return load_be16(port);
}

static int connect_to(struct companion_asker *asker, const struct address *to, uint16_t port,
	int kind, int protocol)
{
	struct sockaddr_storage name;

	socklen_t size = make_name(to, port, &name);
	asker->socket = socket(name.ss_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (asker->socket < 0)
		return -errno;
	if (connect(asker->socket, (const struct sockaddr *)&name, size) < 0)
		return -errno;
	asker->own = own_port(asker->socket);
	return 0;
}

int companion_open(struct companion_asker *ret_asker, const struct companion *companion,
	const struct scene *scene, struct wire *wire)
{
	int err = 0;

	*ret_asker = (struct companion_asker){.companion = companion,
		.scene = scene,
		.path = scene->ipv4.is_there ? &scene->ipv4 : &scene->ipv6,
		.wire = wire,
		.socket = -1};
	if (companion->kind == COMPANION_UDP)
		err = connect_to(
			ret_asker, &ret_asker->path->target, companion->port, SOCK_DGRAM, 0);
	if (companion->kind == COMPANION_MEMBER)
		err = connect_to(ret_asker, &companion->inside, 0, SOCK_RAW,
			companion->inside.family == ADDRESS_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (err < 0)
		companion_close(ret_asker);
	return err;
}

void companion_close(struct companion_asker *asker)
{
	if (asker->socket >= 0)
		(void)close(asker->socket); /* nothing was written that matters */
	asker->socket = -1;
}

/* ---- a probe ---- */

static uint16_t port_of(uint16_t serial)
{
	return (uint16_t)(OWN_PORT_FIRST + serial % OWN_PORTS);
}

/* Takes what came for the socket, so that it does not fill up, and sends one more. */
static int send_by_socket(const struct companion_asker *asker, const uint8_t *bytes, size_t size)
{
	uint8_t old[256];

	while (recv(asker->socket, old, sizeof old, 0) >= 0)
		;
	if (send(asker->socket, bytes, size, 0) >= 0)
		return 0;
	/* an error that an earlier one caused is told to the next: it was not sent */
	return send(asker->socket, bytes, size, 0) < 0 ? -errno : 0;
}

static int ask_udp(const struct companion_asker *asker, uint16_t serial)
{
	uint8_t payload[UDP_PAYLOAD] = {0};

	store_be16(payload, serial);
	return send_by_socket(asker, payload, sizeof payload);
}

static void make_echo(uint8_t family, uint16_t serial, uint8_t ret_bytes[static 8 + ECHO_SIZE])
{
	memset(ret_bytes, 0, 8 + ECHO_SIZE);
	ret_bytes[0] = family == ADDRESS_IPV6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	store_be16(ret_bytes + 4, ECHO_ID);
	store_be16(ret_bytes + 6, serial);
}

/* The kernel makes the sum of ICMPv6. */
static int ask_member(const struct companion_asker *asker, uint16_t serial)
{
	uint8_t echo[8 + ECHO_SIZE];

	make_echo(asker->companion->inside.family, serial, echo);
	if (asker->companion->inside.family == ADDRESS_IPV4)
		store_be16(echo + 2, packet_sum_end(packet_sum(0, echo, sizeof echo)));
	return send_by_socket(asker, echo, sizeof echo);
}

static void add_header(const struct companion_asker *asker, struct packet *packet, uint8_t protocol,
	uint16_t size, uint16_t serial)
{
	const struct scene_path *path = asker->path;

	packet->size = 0;
	packet_add(packet, path->hop, SCENE_MAC_SIZE);
	packet_add(packet, path->own, SCENE_MAC_SIZE);
	if (path->target.family == ADDRESS_IPV6) {
		packet_add_be16(packet, 0x86dd);
		packet_add_be32(packet, 6U << 28);
		packet_add_be16(packet, size);
		packet_add_u8(packet, protocol);
		packet_add_u8(packet, HOPS);
		packet_add(packet, path->source.bytes, 16);
		packet_add(packet, path->target.bytes, 16);
		return;
	}
	packet_add_be16(packet, 0x0800);
	uint8_t *header = packet_add_zeros(packet, PACKET_IPV4_SIZE);
	header[0] = 0x45;
	store_be16(header + 2, (uint16_t)(PACKET_IPV4_SIZE + size));
	store_be16(header + 4, serial);
	header[8] = HOPS;
	header[9] = protocol;
	memcpy(header + 12, path->source.bytes, 4);
	memcpy(header + 16, path->target.bytes, 4);
	store_be16(header + 10, packet_sum_end(packet_sum(0, header, PACKET_IPV4_SIZE)));
}

/* Over what is behind the header, and the addresses where the protocol wants these. */
static void set_sum(const struct companion_asker *asker, uint8_t *segment, size_t size, size_t at,
	uint8_t protocol)
{
	size_t address_size = asker->path->target.family == ADDRESS_IPV6 ? 16 : 4;
	uint32_t sum = packet_sum(0, segment, size);

	if (protocol != IPPROTO_ICMP) {
		sum = packet_sum(sum, asker->path->source.bytes, address_size);
		sum = packet_sum(sum, asker->path->target.bytes, address_size);
		sum += (uint32_t)size + protocol;
	}
	store_be16(segment + at, packet_sum_end(sum));
}

static int ask_icmp(const struct companion_asker *asker, uint16_t serial)
{
	bool is_ipv6 = asker->path->target.family == ADDRESS_IPV6;
	uint8_t protocol = is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	uint8_t echo[8 + ECHO_SIZE];
	struct packet packet;

	make_echo(asker->path->target.family, serial, echo);
	set_sum(asker, echo, sizeof echo, 2, protocol);
	add_header(asker, &packet, protocol, sizeof echo, serial);
	packet_add(&packet, echo, sizeof echo);
	return wire_send(asker->wire, &packet);
}

static int ask_tcp(const struct companion_asker *asker, uint16_t serial)
{
	uint8_t syn[4UL * TCP_WORDS] = {0};
	struct packet packet;

	store_be16(syn, port_of(serial));
	store_be16(syn + 2, asker->companion->port);
	store_be32(syn + 4, (uint32_t)serial << 16);
	syn[12] = TCP_WORDS << 4;
	syn[13] = TCP_SYN;
	store_be16(syn + 14, TCP_WINDOW);
	set_sum(asker, syn, sizeof syn, 16, IPPROTO_TCP);
	add_header(asker, &packet, IPPROTO_TCP, sizeof syn, serial);
	packet_add(&packet, syn, sizeof syn);
	return wire_send(asker->wire, &packet);
}

static int ask_closed(const struct companion_asker *asker, uint16_t serial)
{
	uint8_t datagram[8 + UDP_PAYLOAD] = {0};
	struct packet packet;

	store_be16(datagram, port_of(serial));
	store_be16(datagram + 2, asker->companion->port);
	store_be16(datagram + 4, sizeof datagram);
	set_sum(asker, datagram, sizeof datagram, 6, IPPROTO_UDP);
	add_header(asker, &packet, IPPROTO_UDP, sizeof datagram, serial);
	packet_add(&packet, datagram, sizeof datagram);
	return wire_send(asker->wire, &packet);
}

int companion_ask(struct companion_asker *asker, uint16_t serial)
{
	switch (asker->companion->kind) {
	case COMPANION_NONE:
		return 0;
	case COMPANION_ICMP:
		return ask_icmp(asker, serial);
	case COMPANION_UDP:
		return ask_udp(asker, serial);
	case COMPANION_TCP:
		return ask_tcp(asker, serial);
	case COMPANION_CLOSED:
		return ask_closed(asker, serial);
	case COMPANION_MEMBER:
		return ask_member(asker, serial);
	}
	return -EINVAL;
}

/* ---- its frames ---- */

static bool is_icmp(const struct sighting *sighting)
{
	return sighting->protocol == IPPROTO_ICMP || sighting->protocol == IPPROTO_ICMPV6;
}

static bool is_data(const struct sighting *sighting)
{
	return sighting->protocol == IPPROTO_UDP && sighting->size >= DATA_LEAST &&
	       sighting->word == MESSAGE_DATA;
}

bool companion_is_question(
	const struct companion_asker *asker, const struct sighting *sighting, uint16_t serial)
{
	const struct companion *companion = asker->companion;

	if (!address_equal(&sighting->destination, &asker->path->target))
		return false;
	switch (companion->kind) {
	case COMPANION_NONE:
		return false;
	case COMPANION_ICMP:
		return is_icmp(sighting) && sighting->id == ECHO_ID && sighting->sequence == serial;
	case COMPANION_UDP:
		return sighting->protocol == IPPROTO_UDP && sighting->to == companion->port &&
		       sighting->from == asker->own && sighting->word == serial;
	case COMPANION_TCP:
		return sighting->protocol == IPPROTO_TCP && sighting->to == companion->port &&
		       sighting->from == port_of(serial) && sighting->type == TCP_SYN;
	case COMPANION_CLOSED:
		return sighting->protocol == IPPROTO_UDP && sighting->to == companion->port &&
		       sighting->from == port_of(serial);
	case COMPANION_MEMBER:
		return sighting->to == asker->scene->port && is_data(sighting);
	}
	return false;
}

bool companion_is_ours(const struct companion_asker *asker, const struct sighting *sighting)
{
	const struct companion *companion = asker->companion;

	if (!address_equal(&sighting->source, &asker->path->target))
		return false;
	switch (companion->kind) {
	case COMPANION_NONE:
		return false;
	case COMPANION_ICMP:
		return is_icmp(sighting) && !sighting->is_error && sighting->id == ECHO_ID;
	case COMPANION_UDP:
		return sighting->protocol == IPPROTO_UDP && sighting->from == companion->port &&
		       sighting->to == asker->own;
	case COMPANION_TCP:
		return sighting->protocol == IPPROTO_TCP && sighting->from == companion->port;
	case COMPANION_CLOSED:
		return is_icmp(sighting) && sighting->is_error &&
		       sighting->quoted_protocol == IPPROTO_UDP &&
		       sighting->quoted_to == companion->port;
	case COMPANION_MEMBER: /* a handshake, and what is the tunnel's else, is a member's, too */
		return sighting->protocol == IPPROTO_UDP && sighting->from == asker->scene->port &&
		       !companion_is_other(sighting->to);
	}
	return false;
}

bool companion_is_answer(
	const struct companion_asker *asker, const struct sighting *sighting, uint16_t serial)
{
	if (!companion_is_ours(asker, sighting))
		return false;
	switch (asker->companion->kind) {
	case COMPANION_NONE:
		return false;
	case COMPANION_ICMP:
		return sighting->sequence == serial;
	case COMPANION_UDP:
		return sighting->word == serial;
	case COMPANION_TCP:
		return sighting->to == port_of(serial);
	case COMPANION_CLOSED:
		return sighting->quoted_from == port_of(serial);
	case COMPANION_MEMBER:
		return is_data(sighting);
	}
	return false;
}
