/* SPDX-License-Identifier: ISC */
/*
 * Makes the seeds of the targets that play on the stage: fuzz/corpus/<target>/<name>. They are
 * kept in the repository; make them anew when the stage changes: make_corpus fuzz/corpus
 * With --check it says which of them are not what they should be.
 */
#include "stage.h"

#include "../tests/unit/net/inner_packet.h"

#include <stdio.h>

enum {
	PATH_SIZE_MAX = 4096,
};

static const char *root;
static bool is_check; /* compare instead of writing */
static int stale;

/* Whether the file has just these bytes. */
static bool is_current(const char *path, const uint8_t *bytes, size_t size)
{
	static uint8_t found[4096];
	FILE *file = fopen(path, "rb");

	if (!file)
		return false;
	size_t found_size = fread(found, 1, sizeof found, file);
	(void)fclose(file); /* read only */
	return found_size == size && (size == 0 || memcmp(found, bytes, size) == 0);
}

static void write_seed(const char *target, const char *name, const uint8_t *bytes, size_t size)
{
	char path[PATH_SIZE_MAX];

	(void)snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
	if (is_check) {
		if (!is_current(path, bytes, size))
			printf("%s is stale\n", path);
		stale += !is_current(path, bytes, size);
		return;
	}
	FILE *file = fopen(path, "wb");
	demand(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

/* A seed with a byte before it that says what the harness is to do. */
static void write_led(
	const char *target, const char *name, uint8_t mode, const uint8_t *bytes, size_t size)
{
	uint8_t led[1 + STAGE_DATAGRAM_MAX];

	led[0] = mode;
	memcpy(led + 1, bytes, size);
	write_seed(target, name, led, 1 + size);
}

/* The genuine datagrams, and each with its last bit before mac2 wrong, cut and extended. */
static void make_datagrams(const struct stage *stage)
{
	static const char *const names[GENUINES] = {"data", "initiation", "response", "cookie"};

	for (int which = 0; which < GENUINES; which++) {
		uint8_t bytes[STAGE_DATAGRAM_MAX + 1] = {0};
		size_t size = stage->genuine_size[which];
		char name[64];

		memcpy(bytes, stage->genuine[which], size);
		write_seed("receive", names[which], bytes, size);
		write_seed("messages", names[which], bytes, size);
		(void)snprintf(name, sizeof name, "%s-long", names[which]);
		write_seed("receive", name, bytes, size + 1);
		write_seed("messages", name, bytes, size + 1);
		(void)snprintf(name, sizeof name, "%s-short", names[which]);
		write_seed("receive", name, bytes, size - 1);
		write_seed("messages", name, bytes, size - 1);
		(void)snprintf(name, sizeof name, "%s-damaged", names[which]);
		bytes[size - MESSAGE_MACS_SIZE - 1] ^= 0x80;
		write_seed("receive", name, bytes, size);
	}
	write_seed("receive", "empty", NULL, 0);
	write_seed("messages", "empty", NULL, 0);
}

static void make_initiations(const struct stage *stage)
{
	const uint8_t *genuine = stage->genuine[GENUINE_INITIATION];
	uint8_t bytes[MESSAGE_INITIATION_SIZE - MESSAGE_MACS_SIZE];

	memcpy(bytes, genuine, sizeof bytes);
	write_led("initiation", "genuine", 0, bytes, sizeof bytes);
	bytes[4] ^= 1;
	write_led("initiation", "other-sender-index", 0, bytes, sizeof bytes);
	bytes[4] ^= 1;
	bytes[8 + NOISE_KEY_SIZE] ^= 1;
	write_led("initiation", "static-damaged", 0, bytes, sizeof bytes);
	memset(bytes + 8, 0, NOISE_KEY_SIZE);
	write_led("initiation", "ephemeral-zero", 0, bytes, sizeof bytes);
	memset(bytes, 0, sizeof bytes);
	write_led("initiation", "timestamp-zero", 1, bytes, sizeof bytes);
	memset(bytes, 0x40, NOISE_TIMESTAMP_SIZE);
	write_led("initiation", "timestamp", 1, bytes, sizeof bytes);
	memset(bytes, 0xff, NOISE_TIMESTAMP_SIZE);
	write_led("initiation", "timestamp-greatest", 1, bytes, sizeof bytes);
	bytes[17] = 1;
	write_led("initiation", "sealed-static-damaged", 1, bytes, sizeof bytes);
	bytes[17] = 0;
	bytes[19] = 1;
	write_led("initiation", "sealed-timestamp-damaged", 1, bytes, sizeof bytes);
}

/* Three bytes that say what the harness is to do, and a genuine initiation. */
static void make_knocks(const struct stage *stage)
{
	static const struct {
		const char *name;
		uint8_t head[3];
	} seeds[] = {{"none", {0, 0, 0}}, {"full", {2, 0, 0}}, {"budgeted", {1, 0, 0}},
		{"damaged-epoch", {1, 0, 1}}, {"damaged-tag", {1, 15, 0x80}}};
	uint8_t bytes[3 + MESSAGE_INITIATION_SIZE];

	memcpy(bytes + 3, stage->genuine[GENUINE_INITIATION], MESSAGE_INITIATION_SIZE);
	for (size_t i = 0; i < ARRAY_LENGTH(seeds); i++) {
		memcpy(bytes, seeds[i].head, sizeof seeds[i].head);
		write_seed("knock", seeds[i].name, bytes, sizeof bytes);
	}
}

static void make_responses(const struct stage *stage)
{
	uint8_t bytes[MESSAGE_RESPONSE_SIZE - MESSAGE_MACS_SIZE];

	memcpy(bytes, stage->genuine[GENUINE_RESPONSE], sizeof bytes);
	write_led("response", "genuine", 1, bytes, sizeof bytes);
	write_led("response", "genuine-index", 0, bytes, sizeof bytes);
	bytes[sizeof bytes - 1] ^= 1;
	write_led("response", "damaged", 1, bytes, sizeof bytes);
	memset(bytes + 12, 0, NOISE_KEY_SIZE);
	write_led("response", "ephemeral-zero", 1, bytes, sizeof bytes);
	memset(bytes, 0, sizeof bytes);
	write_led("response", "zero", 0, bytes, sizeof bytes);
}

static void make_cookie_replies(const struct stage *stage)
{
	uint8_t bytes[MESSAGE_COOKIE_REPLY_SIZE - 4];

	memcpy(bytes, stage->genuine[GENUINE_COOKIE_REPLY] + 4, sizeof bytes);
	write_led("cookie_reply", "genuine", 0, bytes, sizeof bytes);
	bytes[10] ^= 1;
	write_led("cookie_reply", "damaged", 1, bytes, sizeof bytes);
	write_led("cookie_reply", "sealed", 2, bytes, sizeof bytes);
	memset(bytes, 0, sizeof bytes);
	write_led("cookie_reply", "zero", 0, bytes, sizeof bytes);
}

/* Version and length, and whose address it comes from. */
static void make_inner(
	const char *name, uint8_t version, uint16_t length, uint8_t source, size_t size)
{
	uint8_t bytes[128] = {0};

	bytes[0] = (uint8_t)(version << 4 | 5);
	if (version == 4) {
		store_be16(bytes + 2, length);
		memcpy(bytes + 12, (uint8_t[8]){10, 77, source, 1, 10, 77, 0, 1}, 8);
	} else {
		store_be16(bytes + 4, length);
		memcpy(bytes + 8, (uint8_t[3]){0xfd, 0x77, source}, 3);
		memcpy(bytes + 24, (uint8_t[3]){0xfd, 0x77, 0}, 3);
	}
	write_seed("inner", name, bytes, size);
}

static void make_inners(void)
{
	make_inner("ipv4", 4, 64, 1, 64);
	make_inner("ipv4-padded", 4, 49, 1, 64);
	make_inner("ipv4-header-only", 4, 20, 1, 32);
	make_inner("ipv4-length-19", 4, 19, 1, 32);
	make_inner("ipv4-length-beyond", 4, 65, 1, 64);
	make_inner("ipv4-foreign", 4, 64, 2, 64);
	make_inner("ipv4-cut", 4, 20, 1, 19);
	make_inner("ipv6", 6, 24, 1, 64);
	make_inner("ipv6-padded", 6, 1, 1, 48);
	make_inner("ipv6-header-only", 6, 0, 1, 48);
	make_inner("ipv6-length-beyond", 6, 25, 1, 64);
	make_inner("ipv6-foreign", 6, 24, 2, 64);
	make_inner("ipv6-cut", 6, 0, 1, 39);
	make_inner("version-5", 5, 64, 1, 64);
	make_inner("keepalive", 4, 0, 1, 0);
	make_inner("one-byte", 4, 0, 1, 1);
}

/* What the seeds of super-packets and of lists of packets are made by. */
static const struct {
	const char *name;
	struct recipe recipe;
	uint16_t segment_size;
} supers[] = {
	{"tcp4", {.flags = 0x18, .options = 12, .payload = 400}, 100},
	{"tcp4-cwr", {.flags = 0x90, .payload = 333}, 100},
	{"tcp4-no-payload", {.flags = 0x10}, 100},
	{"tcp4-longest-options", {.flags = 0x11, .options = 40, .payload = 50}, 1},
	{"tcp6", {.is_ipv6 = true, .flags = 0x10, .payload = 301}, 100},
	{"udp4", {.is_udp = true, .payload = 299}, 100},
	{"udp6", {.is_ipv6 = true, .is_udp = true, .payload = 99}, 33},
};

static void make_segments(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(supers); i++) {
		const struct recipe *recipe = &supers[i].recipe;
		uint8_t bytes[VNET_HEADER_SIZE + 600];
		struct vnet vnet = {
			.flags = VNET_NEEDS_CHECKSUM,
			.kind = VNET_UDP,
			.header_size = (uint16_t)recipe_header_size(recipe),
			.segment_size = supers[i].segment_size,
			.checksum_start = (uint16_t)recipe_transport_at(recipe),
			.checksum_offset = recipe->is_udp ? UDP_CHECKSUM : TCP_CHECKSUM,
		};
		if (!recipe->is_udp)
			vnet.kind = recipe->is_ipv6 ? VNET_TCP6 : VNET_TCP4;
		vnet_encode(&vnet, bytes);
		size_t size = VNET_HEADER_SIZE + cook(recipe, bytes + VNET_HEADER_SIZE);
		write_seed("segment", supers[i].name, bytes, size);
		if (i == 0)
			write_seed("segment", "cut", bytes, VNET_HEADER_SIZE + 51);
	}
}

/* Each packet, and three that follow it; then all of them, taking turns with the first. */
static void make_lists(void)
{
	static uint8_t all[4000];
	size_t all_size = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(supers); i++) {
		uint8_t bytes[2 + 600 + 6];
		size_t size = cook(&supers[i].recipe, bytes + 2);
		store_be16(bytes, (uint16_t)size);
		memset(bytes + 2 + size, 0xff, 6);
		write_seed("coalesce", supers[i].name, bytes, 2 + size + 6);
		memcpy(all + all_size, bytes, 2 + size + 2);
		all_size += 2 + size + 2;
	}
	write_seed("coalesce", "all", all, all_size);
}

int main(int argc, char **argv)
{
	is_check = argc == 3 && strcmp(argv[1], "--check") == 0;
	if (argc != 2 && !is_check) {
		(void)fputs("usage: make_corpus [--check] FOLDER\n", stderr);
		return 2;
	}
	root = argv[argc - 1];
	const struct stage *stage = stage_fresh();
	make_datagrams(stage);
	make_initiations(stage);
	make_knocks(stage);
	make_responses(stage);
	make_cookie_replies(stage);
	make_inners();
	make_segments();
	make_lists();
	if (stale > 0)
		puts("the stage has changed: run make_corpus fuzz/corpus, commit what it makes");
	return stale > 0 ? 1 : 0;
}
