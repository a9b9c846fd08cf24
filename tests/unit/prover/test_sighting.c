/* SPDX-License-Identifier: ISC */
#include "prover/sighting.h"

#include "a_scene.h"
#include "prover/companion.h"
#include "prover/packet.h"
#include "tap.h"

#include <netinet/in.h>

enum {
	PORT = 40004,
	LINK = 14,
	SERIAL = 0x1234,
};

/* A frame under construction. */
static struct packet frame;

static void begin4(uint8_t protocol, const char *from, const char *to)
{
	struct address source = an_address(from), destination = an_address(to);

	frame.size = 0;
	packet_add_zeros(&frame, 12);
	packet_add_be16(&frame, 0x0800);
	uint8_t *header = packet_add_zeros(&frame, PACKET_IPV4_SIZE);
	header[0] = 0x45;
	store_be16(header + 4, 0xbeef);
	header[9] = protocol;
	memcpy(header + 12, source.bytes, 4);
	memcpy(header + 16, destination.bytes, 4);
}

static void begin6(uint8_t protocol, const char *from, const char *to)
{
	struct address source = an_address(from), destination = an_address(to);

	frame.size = 0;
	packet_add_zeros(&frame, 12);
	packet_add_be16(&frame, 0x86dd);
	packet_add_be32(&frame, 6U << 28);
	packet_add_be16(&frame, 0);
	packet_add_u8(&frame, protocol);
	packet_add_u8(&frame, 64);
	packet_add(&frame, source.bytes, 16);
	packet_add(&frame, destination.bytes, 16);
}

static void add_udp(uint16_t from, uint16_t to, uint16_t size, uint16_t word)
{
	packet_add_be16(&frame, from);
	packet_add_be16(&frame, to);
	packet_add_be16(&frame, (uint16_t)(8 + size));
	packet_add_be16(&frame, 0);
	store_be16(packet_add_zeros(&frame, size), word);
}

static void add_echo(uint8_t type, uint16_t id, uint16_t sequence)
{
	packet_add_u8(&frame, type);
	packet_add_zeros(&frame, 3);
	packet_add_be16(&frame, id);
	packet_add_be16(&frame, sequence);
}

static struct sighting sight(void)
{
	struct sighting sighting;

	sighting_read(frame.bytes, frame.size, &sighting);
	return sighting;
}

static void test_udp(void)
{
	begin4(IPPROTO_UDP, "192.0.2.10", "192.0.2.66");
	add_udp(53, 33333, 32, SERIAL);
	struct sighting sighting = sight();
	tap_ok(sighting.family == ADDRESS_IPV4 && sighting.protocol == IPPROTO_UDP, "UDP");
	tap_ok(sighting.from == 53 && sighting.to == 33333, "ports");
	tap_ok(sighting.size == 32 && sighting.word == SERIAL, "size and first word");
	tap_ok(sighting.identification == 0xbeef, "identification");
	frame.bytes[LINK + 7] = 1; /* a later fragment: what follows are no ports */
	tap_ok(sight().from == 0 && sight().family == ADDRESS_IPV4, "a fragment");
	frame.bytes[LINK + 7] = 0;
	frame.bytes[LINK] = 0x44;
	tap_ok(sight().from == 0, "a header too short");
	frame.size = LINK + 10;
	tap_ok(sight().family == ADDRESS_NONE, "cut in the header");
	begin6(IPPROTO_UDP, "2001:db8:1::10", "2001:db8:1::66");
	add_udp(53, 33333, 2, SERIAL);
	tap_ok(sight().word == SERIAL && sight().source.family == ADDRESS_IPV6, "IPv6");
	frame.bytes[LINK] = 0x30;
	tap_ok(sight().family == ADDRESS_NONE, "no version that there is");
	frame.bytes[LINK] = 0x40;
	tap_ok(sight().family == ADDRESS_NONE, "another than the link header says");
	frame.bytes[13] = 0x06;
	tap_ok(sight().family == ADDRESS_NONE, "ARP");
}

static void test_errors(void)
{
	begin4(IPPROTO_ICMP, "192.0.2.10", "192.0.2.66");
	packet_add_be16(&frame, 0x0303);
	packet_add_zeros(&frame, 6);
	uint8_t *quoted = packet_add_zeros(&frame, PACKET_IPV4_SIZE);
	quoted[0] = 0x45;
	quoted[9] = IPPROTO_UDP;
	packet_add_be16(&frame, 20001);
	packet_add_be16(&frame, 9);
	struct sighting sighting = sight();
	tap_ok(sighting.is_error && sighting.type == 3 && sighting.code == 3, "port unreachable");
	tap_ok(sighting.quoted_protocol == IPPROTO_UDP && sighting.quoted_from == 20001 &&
			sighting.quoted_to == 9,
		"what it is about");
	frame.size -= 3;
	tap_ok(sight().is_error && sight().quoted_to == 0, "cut");
	begin6(IPPROTO_ICMPV6, "2001:db8:1::10", "2001:db8:1::66");
	add_echo(129, 7, 8);
	tap_ok(!sight().is_error && sight().id == 7 && sight().sequence == 8, "an echo's reply");
}

static void test_names(void)
{
	static const char *const good[] = {"none", "icmp", "udp:53", "tcp:22", "closed:9",
		"member:10.9.0.1", "member:fd09::1"};
	static const char *const bad[] = {"", "icm", "icmp:", "icmp:1", "udp", "udp:", "udp:0",
		"udp:65536", "udp:x", "member", "member:", "member:x", "sctp:1", "udp:1 "};
	struct companion companion;
	char text[COMPANION_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		bool is_good = companion_parse(good[i], &companion) == 0 &&
			       strcmp(companion_format(&companion, text), good[i]) == 0;
		tap_ok(is_good, good[i]);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		tap_ok(companion_parse(bad[i], &companion) < 0, "refused");
}

/* An asker without sockets. */
static struct companion_asker an_asker(const struct scene *scene, const struct companion *companion)
{
	return (struct companion_asker){.companion = companion,
		.scene = scene,
		.path = &scene->ipv4,
		.socket = -1,
		.own = 33333};
}

static void test_answers(void)
{
	struct scene scene = a_scene();
	const struct companion udp = {.kind = COMPANION_UDP, .port = 53},
			       icmp = {.kind = COMPANION_ICMP}, member = {.kind = COMPANION_MEMBER};
	struct companion_asker asker = an_asker(&scene, &udp);

	begin4(IPPROTO_UDP, "192.0.2.10", "192.0.2.66");
	add_udp(53, 33333, 32, SERIAL);
	struct sighting sighting = sight();
	tap_ok(companion_is_answer(&asker, &sighting, SERIAL), "a service's answer");
	tap_ok(!companion_is_answer(&asker, &sighting, SERIAL + 1) &&
			companion_is_ours(&asker, &sighting),
		"to an earlier probe");
	sighting.source = an_address("192.0.2.11");
	tap_ok(!companion_is_ours(&asker, &sighting), "of somebody else");
	asker = an_asker(&scene, &icmp);
	begin4(IPPROTO_ICMP, "192.0.2.10", "192.0.2.66");
	add_echo(0, 0x7ace, SERIAL);
	sighting = sight();
	tap_ok(companion_is_answer(&asker, &sighting, SERIAL), "an echo's reply");
	asker = an_asker(&scene, &member);
	begin4(IPPROTO_UDP, "192.0.2.10", "192.0.2.66");
	add_udp(PORT, 51820, 128, 0x0400);
	sighting = sight();
	tap_ok(companion_is_answer(&asker, &sighting, SERIAL), "a member's data");
	sighting.size = 32;
	tap_ok(!companion_is_answer(&asker, &sighting, SERIAL) &&
			companion_is_ours(&asker, &sighting),
		"a keepalive");
	sighting.to = COMPANION_OTHERS_FIRST;
	tap_ok(!companion_is_ours(&asker, &sighting), "what answers a stranger is no member's");
}

int main(void)
{
	test_udp();
	test_errors();
	test_names();
	test_answers();
	return tap_done();
}
