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

/* ---- pcapng ---- */

static bool is_swapped;

static void put32(uint32_t value)
{
	store_le32(file.bytes + file.size, is_swapped ? __builtin_bswap32(value) : value);
	file.size += 4;
}

/* A block whose body is so long; the body is zeros, to be filled. Returns where it begins. */
static uint8_t *block(uint32_t type, size_t size)
{
	put32(type);
	put32((uint32_t)size + 12);
	uint8_t *body = file.bytes + file.size;
	file.size += size;
	put32((uint32_t)size + 12);
	return body;
}

static void fill32(uint8_t *at, uint32_t value)
{
	store_le32(at, is_swapped ? __builtin_bswap32(value) : value);
}

static void section(bool swapped)
{
	is_swapped = swapped;
	fill32(block(0x0a0d0d0a, 16), 0x1a2b3c4d);
}

static void interface(uint16_t link, uint32_t snap)
{
	uint8_t *body = block(1, 8);

	fill32(body, is_swapped ? (uint32_t)link << 16 : link);
	fill32(body + 4, snap);
}

/* A packet with an initiation, behind so much header of a block and of a link. */
static void packet(uint32_t type, size_t head, size_t link_size, uint32_t captured)
{
	size_t size = link_size + 28 + 148;
	uint8_t *body = block(type, head + (size + 3) / 4 * 4), *ip = body + head + link_size;

	fill32(body + head - (head == 4 ? 4 : 8), captured ? captured : (uint32_t)size);
	ip[0] = 0x45;
	ip[9] = 17;
	store_be16(ip + 22, PORT);
	store_be16(ip + 24, 8 + 148);
	ip[28] = 1;
}

static void test_ng(bool swapped)
{
	static struct recorded recorded;

	memset(&file, 0, sizeof file);
	section(swapped);
	interface(1, 0);
	interface(276, 0);
	block(5, 12); /* statistics: nothing for us */
	packet(6, 20, 14, 0);
	uint8_t *second = file.bytes + file.size + 8;
	packet(6, 20, 20, 0);
	fill32(second, 1); /* the other interface */
	packet(3, 4, 14, 0);
	uint8_t *third = file.bytes + file.size + 8;
	packet(2, 20, 20, 0);
	fill32(third, swapped ? 1U << 16 : 1);
	uint8_t *stray = file.bytes + file.size + 8;
	packet(6, 20, 14, 0);
	fill32(stray, 9);	       /* no such interface */
	packet(6, 20, 14, 0xffffffff); /* longer than the block */
	section(!swapped);
	interface(101, 100);
	packet(3, 4, 0, 0); /* cut by its interface's limit */
	packet(6, 20, 0, 0);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), 0, "pcapng is read");
	tap_is_int((intmax_t)recorded.counts[0], 5, "packets of all kinds of blocks");
	tap_is_int(recorded_read(file.bytes, file.size - 1, PORT, &recorded), 0, "cut");
	tap_is_int((intmax_t)recorded.counts[0], 4, "what is whole in it");
}

static void test_ng_refusals(void)
{
	static struct recorded recorded;

	memset(&file, 0, sizeof file);
	section(false);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), 0, "no packets");
	store_le32(file.bytes + 8, 0x12345678);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), ERR_SYNTAX, "no order");
	memset(&file, 0, sizeof file);
	section(false);
	interface(195, 0);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), ERR_UNKNOWN_WORD,
		"no link that is known");
	memset(&file, 0, sizeof file);
	section(false);
	block(6, 0);
	store_le32(file.bytes + 28 + 4, 8);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), ERR_SYNTAX,
		"a block shorter than its own frame");
	store_le32(file.bytes + 28 + 4, 13);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), ERR_SYNTAX,
		"a block that is not aligned");
	memset(&file, 0, sizeof file);
	section(false);
	for (unsigned i = 0; i <= RECORDED_INTERFACES_MAX; i++)
		interface(1, 0);
	uint8_t *last = file.bytes + file.size + 8;
	packet(6, 20, 14, 0);
	fill32(last, RECORDED_INTERFACES_MAX);
	packet(6, 20, 14, 0);
	tap_is_int(recorded_read(file.bytes, file.size, PORT, &recorded), 0, "too many interfaces");
	tap_is_int((intmax_t)recorded.counts[0], 1, "those behind the greatest are left out");
}

int main(void)
{
	test_shapes();
	test_many();
	test_refused();
	test_ng(false);
	test_ng(true);
	test_ng_refusals();
	return tap_done();
}
