/* SPDX-License-Identifier: ISC */
/* The table, each fault of a message, holes and texts. */
#include "tap.h"

#include "base/error.h"
#include "priv/message_table.h"

enum {
	ALL = MESSAGE_FROM_C | MESSAGE_FROM_P | MESSAGE_FROM_E | MESSAGE_FROM_R,
	RECORDS_SIZE = 1024, /* of one record */
};

static struct message_head untouched = {.type = 77, .count = 78, .size = 79};

/* A message of `size` bytes behind its head, from a head. */
static int check(struct message_head head, size_t size, unsigned sender, struct message_head *ret)
{
	static uint8_t bytes[sizeof head + MESSAGE_SIZE_MAX];

	memcpy(bytes, &head, sizeof head);
	*ret = untouched;
	return message_check(bytes, sizeof head + size, (enum message_sender)sender, ret);
}

/* Each type with its fewest records, from each sender. */
static void test_table(void)
{
	for (unsigned type = 0; type < MESSAGE_TYPES; type++) {
		const struct message_row *row = message_row((enum message_kind)type);
		const size_t size = row->least * row->record_size;
		const struct message_head head = {(uint16_t)type, row->least, (uint32_t)size};
		struct message_head got;

		for (unsigned sender = 1; sender <= MESSAGE_FROM_R; sender *= 2) {
			int want = row->sender & sender ? 0 : ERR_UNKNOWN_WORD;
			tap_is_int(check(head, size, sender, &got), want, row->name);
		}
		tap_ok(check(head, size, row->sender, &got) == 0 && got.type == type &&
				got.count == row->least && got.size == size,
			"its head is handed out");
		tap_is_int(check(head, size - 1, ALL, &got), ERR_TRUNCATED, "a byte less");
		tap_is_int(check(head, size + 1, ALL, &got), ERR_TRAILING, "a byte more");
	}
}

static void test_faults(void)
{
	enum { PREFIX = sizeof(struct message_prefix), ASK = sizeof(struct message_ask) };
	static const struct {
		const char *name;
		struct message_head head;
		size_t size;
		unsigned sender;
		int want;
	} rows[] = {
		{"two records", {MESSAGE_PREFIXES, 2, 2 * PREFIX}, 2 * PREFIX, MESSAGE_FROM_P, 0},
		{"no type", {MESSAGE_TYPES, 1, 8}, 8, ALL, ERR_RANGE},
		{"the greatest type", {UINT16_MAX, 1, 8}, 8, ALL, ERR_RANGE},
		{"not the sender's", {MESSAGE_PREFIXES, 1, PREFIX}, PREFIX, MESSAGE_FROM_C,
			ERR_UNKNOWN_WORD},
		{"nobody's", {MESSAGE_PREFIXES, 1, PREFIX}, PREFIX, 0, ERR_UNKNOWN_WORD},
		{"no record", {MESSAGE_PREFIXES, 0, 0}, 0, MESSAGE_FROM_P, ERR_RANGE},
		{"one more than there may be", {MESSAGE_STATUS_ASK, 2, 2 * ASK}, 2 * ASK,
			MESSAGE_FROM_C, ERR_RANGE},
		{"a size that is less", {MESSAGE_PREFIXES, 2, PREFIX}, PREFIX, MESSAGE_FROM_P,
			ERR_RANGE},
		{"a size that is more", {MESSAGE_PREFIXES, 1, 2 * PREFIX}, 2 * PREFIX,
			MESSAGE_FROM_P, ERR_RANGE},
		{"the greatest size", {MESSAGE_PREFIXES, 1, UINT32_MAX}, PREFIX, MESSAGE_FROM_P,
			ERR_RANGE},
		{"records that are not there", {MESSAGE_PREFIXES, UINT16_MAX, UINT16_MAX * PREFIX},
			PREFIX, MESSAGE_FROM_P, ERR_TRUNCATED},
		{"a record that is not whole", {MESSAGE_PREFIXES, 2, 2 * PREFIX}, 2 * PREFIX - 1,
			MESSAGE_FROM_P, ERR_TRUNCATED},
		{"a record too many", {MESSAGE_PREFIXES, 2, 2 * PREFIX}, 3 * PREFIX, MESSAGE_FROM_P,
			ERR_TRAILING},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct message_head got;
		int result = check(rows[i].head, rows[i].size, rows[i].sender, &got);

		tap_is_int(result, rows[i].want, rows[i].name);
		if (result < 0)
			tap_is_bytes(&got, &untouched, sizeof got, "nothing is handed out");
	}
}

static void test_no_head(void)
{
	const struct message_head head = {MESSAGE_STATUS_ASK, 1, sizeof(struct message_ask)};
	struct message_head got;

	for (size_t size = 0; size < sizeof head; size++)
		tap_is_int(message_check(&head, size, MESSAGE_FROM_C, &got), ERR_TRUNCATED,
			"a head that is not whole");
}

/* Bytes that are no field's are zero, and no others. */
static void test_holes(void)
{
	struct message_peer peers[2];
	struct message_peer_status status;
	struct message_device device;
	struct message_service service;
	uint8_t *bytes = (uint8_t *)peers;

	memset(peers, 0xff, sizeof peers);
	message_clear_holes(MESSAGE_PEERS, peers, 2);
	for (size_t i = 0; i < 2; i++, bytes += sizeof *peers) {
		const size_t at = offsetof(struct message_peer, endpoint);
		size_t zeros = 0;
		for (size_t byte = 0; byte < sizeof *peers; byte++)
			zeros += bytes[byte] == 0;
		tap_ok(zeros == 4 && bytes[at + 17] == 0 && bytes[at + 41] == 0 &&
				bytes[at + 43] == 0,
			"holes of a peer");
		tap_ok(peers[i].endpoint.port == UINT16_MAX &&
				peers[i].endpoint.source_ifindex == UINT32_MAX,
			"but no field");
	}
	memset(&status, 0xff, sizeof status);
	message_clear_holes(MESSAGE_STATUS_PEERS, &status, 1);
	tap_is_int(((uint8_t *)&status.endpoint)[17], 0, "a hole of a peer's status");
	memset(&device, 0xff, sizeof device);
	message_clear_holes(MESSAGE_PLAN_DEVICES, &device, 1);
	tap_ok(((uint8_t *)&device)[34] == 0 && ((uint8_t *)&device)[35] == 0 &&
			device.role == UINT32_MAX && device.ipv6.bytes[15] == 0xff,
		"a hole of a device");
	memset(&service, 0xff, sizeof service);
	message_clear_holes(MESSAGE_PLAN_SERVICES, &service, 1);
	tap_ok(((uint8_t *)&service)[55] == 0 && service.port == UINT16_MAX &&
			service.target.bytes[15] == 0xff,
		"a hole of a service");
}

static void test_names(void)
{
	tap_ok(strcmp(message_name(MESSAGE_TUNNEL), "MESSAGE_TUNNEL") == 0, "the first name");
	tap_ok(strcmp(message_name(MESSAGE_STATUS_END), "MESSAGE_STATUS_END") == 0, "the last");
}

static void test_texts(void)
{
	static const struct {
		char text[8];
		bool is_fine;
	} rows[] = {
		{"", true},
		{"words", true},
		{" ~", true},
		{"sevench", true},
		{{'e', 'i', 'g', 'h', 't', 'c', 'h', 'a'}, false},
		{{'a', 0, 'b'}, false},
		{{'a', 0, 0, 0, 0, 0, 0, 'b'}, false},
		{{0, 'b'}, false},
		{"a\n", false},
		{"\x1f", false},
		{"\x7f", false},
		{"\xc3\xa4", false},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		if (!tap_is_int(message_text_is_fine(rows[i].text, sizeof rows[i].text),
			    rows[i].is_fine, "a text"))
			printf("# row %zu\n", i);
	}
	tap_ok(!message_text_is_fine("", 0), "a text without a byte has no zero");
}

int main(void)
{
	test_table();
	test_faults();
	test_no_head();
	test_holes();
	test_names();
	test_texts();
	return tap_done();
}
