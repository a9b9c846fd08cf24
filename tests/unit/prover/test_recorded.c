/* SPDX-License-Identifier: ISC */
#include "prover/recorded.h"

#include "base/error.h"
#include "tap.h"

enum {
	HEAD = 24,
	RECORD = 16,
	PORT = 40004,
};

/* A capture under construction. */
static struct {
	uint8_t bytes[1 << 16];
	size_t size;
} file;

static void begin(uint32_t magic, uint32_t link)
{
	memset(&file, 0, sizeof file);
	store_le32(file.bytes, magic);
	store_le32(file.bytes + 20, link);
	file.size = HEAD;
}

/* A datagram of raw IPv4 behind so much link header. */
static void add(size_t link_size, uint16_t port, uint8_t type, size_t size)
{
	uint8_t *record = file.bytes + file.size, *ip = record + RECORD + link_size;

	store_le32(record + 8, (uint32_t)(link_size + 28 + size));
	ip[0] = 0x45;
	ip[9] = 17;
	store_be16(ip + 22, port);
	store_be16(ip + 24, (uint16_t)(8 + size));
	ip[28] = type;
	file.size += RECORD + link_size + 28 + size;
}

static void test_shapes(void)
{
	static struct recorded recorded;

	begin(0xa1b2c3d4, 1);
	add(14, PORT, 1, 148);
	add(14, PORT, 4, 32);
	add(14, PORT, 1, 147);	   /* no shape of a message */
	add(14, PORT + 1, 1, 148); /* another port */
	add(14, PORT, 4, 1424);	   /* longer than what is kept */
	add(14, PORT, 1, 148);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), 0, "it is read");
	tap_is_int((intmax_t)recorded.counts[0], 2, "two initiations");
	tap_is_int((intmax_t)recorded.counts[3], 1, "one of data");
	tap_ok(recorded_at(&recorded, 1, 3) == &recorded.messages[0][1], "over and over");
	tap_ok(!recorded_at(&recorded, 2, 0) && !recorded_at(NULL, 1, 0), "none");
	tap_is_int(recorded_read(file.bytes, file.size - 1, PORT, &recorded), 0, "cut");
	tap_is_int((intmax_t)recorded.counts[0], 1, "what is whole in it");
}

static void test_many(void)
{
	static struct recorded recorded;

	begin(0xa1b23c4d, 101);
	for (int i = 0; i < RECORDED_MAX + 1; i++)
		add(0, PORT, 2, 92);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), 0, "nanoseconds, raw");
	tap_is_int((intmax_t)recorded.counts[1], RECORDED_MAX, "no more than are kept");
}

static void test_refused(void)
{
	static struct recorded recorded;

	begin(0xa1b2c3d4, 105);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), ERR_UNKNOWN_WORD,
		"another link type");
	begin(0x0a0d0d0a, 1);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), ERR_SYNTAX, "pcapng");
	tap_is_int(recorded_read(file.bytes, 0, PORT, &recorded), ERR_SYNTAX, "nothing");
	begin(0xa1b2c3d4, 1);
	tap_is_int(
		recorded_read(file.bytes, HEAD - 1, PORT, &recorded), ERR_SYNTAX, "a short head");
	tap_is_int(recorded_read(file.bytes, HEAD, PORT, &recorded), 0, "an empty one");
}

int main(void)
{
	test_shapes();
	test_many();
	test_refused();
	return tap_done();
}
