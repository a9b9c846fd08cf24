/* SPDX-License-Identifier: ISC */
/* Frames against Scapy's, and what holds of every stimulus of the catalogue. */
#include "prover/craft.h"

#include "../../vectors/stimuli.h"
#include "a_scene.h"
#include "base/number.h"
#include "prover/catalogue.h"
#include "prover/scene.h"
#include "tap.h"

static const struct craft usual = {.tag = 20004, .port = 40004, .serial = 1};

static void test_vectors(void)
{
	struct scene scene = a_scene();
	uint8_t wanted[PACKET_SIZE_MAX];
	struct packet packet;

	for (size_t i = 0; i < ARRAY_LENGTH(stimuli); i++) {
		const struct stimulus *stimulus = catalogue_find(stimuli[i].name);
		size_t size = strlen(stimuli[i].frame) / 2;
		if (!tap_ok(stimulus && hex_parse(stimuli[i].frame, 2 * size, wanted, size) == 0,
			    stimuli[i].name))
			continue;
		craft_frame(&scene, stimulus, &usual, &packet);
		if (tap_is_int((intmax_t)packet.size, (intmax_t)size, "size"))
			tap_is_bytes(packet.bytes, wanted, size, "bytes");
	}
}

/* Names differ, each is sent somewhere, and none says nothing. */
static void test_catalogue(void)
{
	size_t count = catalogue_count();
	bool are_good = true, are_unique = true;

	for (size_t i = 0; i < count; i++) {
		const struct stimulus *stimulus = catalogue_at(i);
		are_good = are_good && stimulus->name && *stimulus->what &&
			   lesson_text(stimulus->lesson)->group;
		are_unique = are_unique && catalogue_find(stimulus->name) == stimulus;
	}
	tap_ok(count >= 121 && count <= CATALOGUE_MAX, "as many as the silence page and more");
	tap_ok(are_good, "each says what it is");
	tap_ok(are_unique, "no name twice");
	tap_ok(!catalogue_find("no.such"), "a name that is none");
}

/* Each frame goes to the target's link address, or asks the link for the target. */
static void test_one_host(void)
{
	struct scene scene = a_scene();
	uint8_t record[148] = {1};
	struct craft craft = usual;
	struct packet packet;
	bool are_to_host = true, are_from_us = true;

	craft.record = record;
	craft.record_size = sizeof record;
	for (size_t i = 0; i < catalogue_count(); i++) {
		const struct stimulus *stimulus = catalogue_at(i);
		craft_frame(&scene, stimulus, &craft, &packet);
		bool asks = stimulus->to == STIMULUS_TO_ANYBODY ||
			    stimulus->to == STIMULUS_TO_SOLICITED;
		are_to_host = are_to_host && (asks || memcmp(packet.bytes, scene.ipv4.hop, 6) == 0);
		are_from_us = are_from_us && memcmp(packet.bytes + 6, scene.ipv4.own, 6) == 0;
	}
	tap_ok(are_to_host, "frames go to the one host");
	tap_ok(are_from_us, "from our link address");
}

/* Behind a router nothing is sent that a third host would get or be named in. */
static void test_routed(void)
{
	struct scene scene = a_scene();
	struct packet packet;
	bool are_to_target = true;
	size_t sent = 0;

	scene.ipv4.is_on_link = scene.ipv6.is_on_link = false;
	for (size_t i = 0; i < catalogue_count(); i++) {
		const struct stimulus *stimulus = catalogue_at(i);
		if (craft_check(&scene, stimulus) != CRAFT_OK)
			continue;
		craft_frame(&scene, stimulus, &usual, &packet);
		const struct scene_path *path = scene_path(&scene, stimulus->family);
		bool is_ipv6 = stimulus->family == ADDRESS_IPV6;
		size_t size = is_ipv6 ? 16 : 4, at = PACKET_LINK_SIZE + (is_ipv6 ? 8 : 12);
		are_to_target = are_to_target &&
				memcmp(packet.bytes + at, path->source.bytes, size) == 0 &&
				memcmp(packet.bytes + at + size, path->target.bytes, size) == 0;
		sent++;
	}
	tap_ok(are_to_target, "routed: from us, to the target");
	tap_ok(sent > 300, "routed: most of them");
}

static void test_checks(void)
{
	static const struct {
		const char *name;
		enum craft_result result;
	} rows[] = {
		{"ipv4.icmp.echo", CRAFT_NO_FAMILY},
		{"arp.request", CRAFT_NO_FAMILY},
		{"ipv6.icmp.echo", CRAFT_OK},
		{"ipv6.neighbour.solicit", CRAFT_NOT_ON_LINK},
		{"ipv6.overlay.echo", CRAFT_NOT_ON_LINK},
		{"ipv6.forged.target.echo", CRAFT_NOT_ON_LINK},
		{"ipv6.port.mac1.burst", CRAFT_NO_KEY},
	};
	struct scene scene = a_scene();

	scene.overlay_count = 0;
	tap_is_int(craft_check(&scene, catalogue_find("arp.overlay")), CRAFT_NO_OVERLAY,
		"no overlay address");
	scene.ipv4.is_there = scene.ipv6.is_on_link = scene.has_key = false;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		tap_is_int(craft_check(&scene, catalogue_find(rows[i].name)), rows[i].result,
			rows[i].name);
}

/* A valid mac1, and bursts of which no two are the same. */
static void test_mac1(void)
{
	struct scene scene = a_scene();
	const struct stimulus *stimulus = catalogue_find("ipv4.port.mac1.burst");
	struct packet packet, other;
	struct craft craft = usual;
	uint8_t mac[16];

	craft_frame(&scene, stimulus, &craft, &packet);
	const uint8_t *message = packet.bytes + PACKET_LINK_SIZE + PACKET_IPV4_SIZE + 8;
	blake2s_mac(scene.mac1_key, sizeof scene.mac1_key, (struct bytes){message, 116}, mac);
	tap_is_bytes(message + 116, mac, sizeof mac, "mac1");
	tap_is_int(message[0], 1, "an initiation");
	craft.serial = 2;
	craft_frame(&scene, stimulus, &craft, &other);
	tap_ok(packet.size == other.size && memcmp(packet.bytes, other.bytes, packet.size) != 0,
		"the next is another");
}

int main(void)
{
	test_vectors();
	test_catalogue();
	test_one_host();
	test_routed();
	test_checks();
	test_mac1();
	return tap_done();
}
