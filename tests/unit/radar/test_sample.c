/* SPDX-License-Identifier: ISC */
#include "radar/sample.h"

#include "base/error.h"
#include "hex.h"
#include "tap.h"

/* nmap -sS, as captured: 10.77.1.10 to 10.77.0.2, port 5353 to 21. */
#define SYN                                                                                        \
	"4500002cb09400002706cd720a4d010a0a4d000285a200154f291cbf00000000600204008ce10000020405b4"
#define ECHO6                                                                                      \
	"6000000000083affFD770000000000000000000000000001FD770000000000000000000000000002"         \
	"8000abcd00070001"

static int read_hex(const char *hex, enum sample_ethertype type, struct sample *sample)
{
	uint8_t bytes[512];

	return sample_read(type, bytes, from_hex(hex, bytes), sample);
}

static void test_tcp(void)
{
	struct sample sample;

	if (!tap_is_int(read_hex(SYN, SAMPLE_ETHERTYPE_IPV4, &sample), 0, "a SYN is read"))
		return;
	tap_is_int(sample.source.family, ADDRESS_IPV4, "its family");
	tap_is_int(sample.source.bytes[2], 1, "its source");
	tap_is_int(sample.target.bytes[3], 2, "its target");
	tap_is_int(sample.hops, 39, "its hops");
	tap_is_int(sample.number, 0xb094, "its number");
	tap_is_int(sample.source_port, 0x85a2, "its source port");
	tap_is_int(sample.target_port, 21, "its target port");
	tap_is_int(sample.sequence, 0x4f291cbf, "its sequence number");
	tap_is_int(sample.flags, SAMPLE_SYN, "its flags");
	tap_is_int(sample.window, 1024, "its window");
	tap_is_int(sample.options_size, 4, "its options");
	tap_is_int(sample.payload_length, 0, "it carries nothing");
	tap_ok(sample.has_transport && !sample.is_whole && !sample.is_fragment, "it is whole");
}

/* However much of it is there, it is read or refused, and nothing behind the end is looked at. */
static void test_cut(void)
{
	uint8_t bytes[64];
	const size_t size = from_hex(SYN, bytes);
	bool refused = true, read = true, is_bare = true;

	for (size_t n = 0; n < size; n++) {
		struct sample sample;
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, bytes, n);
		int result = sample_read(SAMPLE_ETHERTYPE_IPV4, exact, n, &sample);
		free(exact);
		if (n < 20)
			refused = refused && result == ERR_TRUNCATED;
		else
			read = read && result == 0;
		if (n >= 20 && n < 40)
			is_bare = is_bare && !sample.has_transport;
	}
	tap_ok(refused, "without addresses it is refused");
	tap_ok(read, "with addresses it is read");
	tap_ok(is_bare, "a cut TCP header is none");
}

static void test_others(void)
{
	struct sample sample;

	tap_is_int(read_hex(ECHO6, SAMPLE_ETHERTYPE_IPV6, &sample), 0, "an IPv6 echo");
	tap_is_int(sample.type, 128, "its type");
	tap_is_int(sample.protocol, 58, "its protocol");
	tap_is_int(read_hex("0001080006040001769e8911d8600a0700010000000000000a070002",
			   SAMPLE_ETHERTYPE_ARP, &sample),
		0, "an ARP request");
	tap_ok(sample.is_arp && sample.source.bytes[3] == 1 && sample.target.bytes[3] == 2,
		"who asks for whom");
	tap_is_int(read_hex(SYN, SAMPLE_ETHERTYPE_IPV6, &sample), ERR_UNKNOWN_WORD,
		"IPv4 that says it is IPv6");
	tap_is_int(read_hex("450000", (enum sample_ethertype)0x1234, &sample), ERR_UNKNOWN_WORD,
		"another protocol");
}

/* Hop-by-hop options, then destination options, then UDP to port 9. */
static void test_extensions(void)
{
	static const char hex[] =
		"60000000001c0040FD770000000000000000000000000001FD770000000000000000000000000002"
		"3c000104000000001100010400000000"
		"30390009000c0000deadbeef";
	uint8_t bytes[512];
	struct sample sample;

	tap_is_int(read_hex(hex, SAMPLE_ETHERTYPE_IPV6, &sample), 0, "two extension headers");
	tap_is_int(sample.protocol, 17, "UDP is found behind them");
	tap_is_int(sample.target_port, 9, "and its port");
	/* one more than are followed */
	(void)from_hex(hex, bytes); /* its head is changed below */
	memset(bytes + 40, 0, sizeof bytes - 40);
	bytes[5] = 8 * (SAMPLE_EXTENSIONS_MAX + 1);
	const size_t size = 40 + 8 * (SAMPLE_EXTENSIONS_MAX + 1);
	for (size_t at = 40; at < size; at += 8)
		bytes[at] = at + 8 < size ? 60 : 17;
	tap_is_int(sample_read(SAMPLE_ETHERTYPE_IPV6, bytes, size, &sample), 0, "too many of them");
	tap_ok(sample.protocol != 17, "the last is not followed");
}

int main(void)
{
	test_tcp();
	test_cut();
	test_others();
	test_extensions();
	return tap_done();
}
