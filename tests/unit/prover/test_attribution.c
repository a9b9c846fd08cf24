/* SPDX-License-Identifier: ISC */
/* What comes back, whose it is, what it answers, and what is made of that. */
#include "prover/attribution.h"

#include "a_scene.h"
#include "base/clock.h"
#include "base/number.h"
#include "prover/catalogue.h"
#include "prover/scan.h"
#include "tap.h"

#define AT (100 * (uint64_t)NS_PER_S)
#define LINK                                                                                       \
	"020000000066"                                                                             \
	"020000000010"
#define FROM                                                                                       \
	"c000020a"                                                                                 \
	"c0000242"

/* The row of a stimulus, as sent at a time to one arm. */
static struct proof_row *sent(
	struct proof *proof, const char *name, enum proof_arm arm, uint64_t at_ns)
{
	for (size_t i = 0; i < proof->row_count; i++) {
		struct proof_row *row = &proof->rows[i];
		if (strcmp(row->stimulus->name, name) != 0)
			continue;
		row->cells[arm].sent++;
		row->cells[arm].sent_ns = at_ns;
		return row;
	}
	abort();
}

static size_t number_of(const struct proof *proof, const struct proof_row *row)
{
	return (size_t)(row - proof->rows);
}

static size_t bytes_of(const char *hex, uint8_t *ret_bytes)
{
	size_t size = strlen(hex) / 2;

	if (hex_parse(hex, 2 * size, ret_bytes, size) < 0)
		abort();
	return size;
}

/* Frames, and what is read out of them. */
static const struct {
	const char *hex, *text;
	enum answer_kind kind;
	int tag;
} frames[] = {
	{LINK "0800"
	      "4500001c000000004001b63d" FROM "0000beef4e240001",
		"ICMP echo reply (0/0) from 192.0.2.10", ANSWER_ICMP, 20004},
	{LINK "0800"
	      "4500003800000000400100"
	      "00" FROM "0303000000000000"
	      "4500001c4e24000040110000c0000242c000020a",
		"ICMP port unreachable (3/3) from 192.0.2.10", ANSWER_ERROR, 20004},
	{LINK "0800"
	      "4500002800000000400600"
	      "00" FROM "9c414e24000000000000000050140000",
		"TCP [RA] port 40001 to 20004 from 192.0.2.10", ANSWER_TCP, 20004},
	{LINK "0800"
	      "4500005c00000000401100"
	      "00" FROM "9c444e2400480000",
		"UDP port 40004 to 20004, 64 bytes from 192.0.2.10", ANSWER_UDP, 20004},
	{LINK "0806"
	      "0001080006040002020000000010c000020a020000000066c0000242",
		"ARP reply from 192.0.2.10", ANSWER_ARP, 0},
	{LINK "0806"
	      "0001080006040001020000000010c000020a000000000000c0000242",
		"ARP request from 192.0.2.10", ANSWER_SEEKS, 0},
	{LINK "86dd"
	      "6000000000183aff"
	      "20010db8000100000000000000000010"
	      "20010db8000100000000000000000066"
	      "88006000000000000000000000000000",
		"ICMPv6 neighbour advertisement (136/0) from 2001:db8:1::10", ANSWER_NEIGHBOUR, 0},
	{LINK "86dd"
	      "6000000000383a40"
	      "20010db8000100000000000000000010"
	      "20010db8000100000000000000000066"
	      "0402000000000000"
	      "60004e2400143c40",
		"ICMPv6 parameter problem: unknown option (4/2) from 2001:db8:1::10", ANSWER_ERROR,
		20004},
	{LINK "86dd"
	      "6000000000240001"
	      "fe800000000000000000000000000010"
	      "ff020000000000000000000000000016"
	      "3a000502000001008f00000000000001",
		"ICMPv6 multicast listener report, version 2 (143/0) from fe80::10", ANSWER_GROUPS,
		0},
	{LINK "0800"
	      "4500001c",
		"frame of ethertype 0x0800", ANSWER_OTHER, 0},
	{"0200", "frame of ethertype 0x0000", ANSWER_OTHER, 0},
};

static void test_read(void)
{
	uint8_t frame[256];
	struct answer answer;

	for (size_t i = 0; i < ARRAY_LENGTH(frames); i++) {
		answer_read(frame, bytes_of(frames[i].hex, frame), &answer);
		if (!tap_ok(strcmp(answer.text, frames[i].text) == 0, frames[i].text))
			printf("# got %s\n", answer.text);
		tap_is_int(answer.kind, frames[i].kind, "kind");
		tap_is_int(answer.tag, frames[i].tag, "tag");
	}
}

static void test_who(struct proof *proof)
{
	uint8_t frame[64];
	struct answer answer = {.kind = ANSWER_UDP, .source = an_address("192.0.2.10")};
	size_t size = bytes_of("020000000066"
			       "020000000099"
			       "0800",
		frame);

	tap_is_int(attribution_who(proof, frame, size, &answer), ATTRIBUTION_TARGET, "its address");
	answer.source = an_address("fd09::1");
	tap_is_int(attribution_who(proof, frame, size, &answer), ATTRIBUTION_TARGET, "its overlay");
	answer.source = an_address("192.0.2.99");
	tap_is_int(attribution_who(proof, frame, size, &answer), ATTRIBUTION_OTHER, "a stranger");
	answer.kind = ANSWER_ERROR;
	answer.tag = attribution_tag(0, PROOF_PORT);
	tap_is_int(attribution_who(proof, frame, size, &answer), ATTRIBUTION_ROUTER, "a router");
	answer.tag = attribution_tag(proof->row_count, PROOF_PORT);
	tap_is_int(attribution_who(proof, frame, size, &answer), ATTRIBUTION_OTHER, "not of ours");
	frame[11] = 0x10;
	tap_is_int(attribution_who(proof, frame, size, &answer), ATTRIBUTION_TARGET, "by its mac");
	tap_is_int(attribution_who(proof, frame, 8, &answer), ATTRIBUTION_OTHER, "a short frame");
}

static void test_find(struct proof *proof)
{
	struct proof_row *junk = sent(proof, "ipv4.port.junk.64", PROOF_CONTROL, AT);
	struct proof_row *arp = sent(proof, "arp.request", PROOF_PORT, AT + 1);
	struct proof_row *groups = sent(proof, "ipv6.groups.v2", PROOF_PORT, AT + 2);
	struct answer answer = {
		.kind = ANSWER_UDP, .tag = attribution_tag(number_of(proof, junk), PROOF_CONTROL)};

	struct attribution found = attribution_find(proof, &answer, AT + 60ULL * NS_PER_S);
	tap_ok(found.row == junk && found.arm == PROOF_CONTROL && !found.is_by_time, "by tag");
	answer.tag = attribution_tag(number_of(proof, junk), PROOF_PORT);
	found = attribution_find(proof, &answer, AT + 60ULL * NS_PER_S);
	tap_ok(!found.row, "a tag that was not sent");
	answer = (struct answer){.kind = ANSWER_ARP};
	found = attribution_find(proof, &answer, AT + 10);
	tap_ok(found.row == arp && found.is_by_time, "an ARP reply");
	found = attribution_find(proof, &answer, AT + 2ULL * NS_PER_S);
	tap_ok(!found.row, "an ARP reply too late");
	answer.kind = ANSWER_GROUPS;
	found = attribution_find(proof, &answer, AT + 10ULL * NS_PER_S);
	tap_ok(found.row == groups, "a report may take its time");
	answer.kind = ANSWER_SEEKS;
	tap_ok(!attribution_find(proof, &answer, AT + 10).row, "it looks for us: no answer");
	answer.kind = ANSWER_OTHER;
	tap_ok(attribution_find(proof, &answer, AT + 10).row == groups, "what was sent last");
}

static void test_verdicts(struct proof *proof)
{
	struct proof_row row = {.stimulus = catalogue_at(0)};

	tap_is_int(proof_verdict(&row), PROOF_SKIPPED, "not sent");
	row.cells[PROOF_PORT].sent = row.cells[PROOF_CONTROL].sent = 3;
	tap_is_int(proof_verdict(&row), PROOF_SILENT, "silent");
	row.cells[PROOF_PORT].answers = 1;
	tap_is_int(proof_verdict(&row), PROOF_ORACLE, "the port alone answers");
	row.cells[PROOF_CONTROL].answers = 2;
	tap_is_int(proof_verdict(&row), PROOF_ANSWERED, "both answer the same");
	row.cells[PROOF_CONTROL].first.answer.code = 1;
	tap_is_int(proof_verdict(&row), PROOF_ORACLE, "both answer, differently");
	row.cells[PROOF_PORT].answers = 0;
	tap_is_int(proof_verdict(&row), PROOF_ORACLE, "the control alone answers");
	tap_ok(!proof_could_see(proof), "nothing was sent: nothing was seen");
	proof->sent = proof->seen = 5;
	tap_ok(proof_could_see(proof) && !proof_has_findings(proof), "silence");
	proof->lost = 1;
	tap_ok(!proof_could_see(proof), "frames were missed");
	proof->stray_count = 1;
	tap_ok(proof_has_findings(proof), "a stray is a finding");
}

static void test_words(void)
{
	static const char output[] = "Host: 192.0.2.10 ()\tPorts: 40004/open|filtered/udp//x///, "
				     "40005/closed/udp//y///\n";
	char word[PROOF_WORD_SIZE];

	scan_find_word(output, 40004, word);
	tap_ok(strcmp(word, "open|filtered") == 0, "a word");
	scan_find_word(output, 40005, word);
	tap_ok(strcmp(word, "closed") == 0, "another");
	scan_find_word(output, 4000, word);
	tap_ok(*word == '\0', "no such port");
	scan_find_word("Ports: 1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", 1, word);
	tap_ok(*word == '\0', "too long a word");
}

int main(void)
{
	struct scene scene = a_scene();
	const struct proof_options options = {.rate = 1, .times = 1};
	struct proof *proof = proof_new(&scene, &options);

	test_read();
	test_who(proof);
	test_find(proof);
	proof_free(proof);
	proof = proof_new(&scene, &options);
	test_verdicts(proof);
	proof_free(proof);
	test_words();
	return tap_done();
}
