/* SPDX-License-Identifier: ISC */
#include "priv/message.h"

#include "base/cursor.h"
#include "base/error.h"
#include "priv/message_table.h"

#include <assert.h>

static const struct message_row rows[] = {
#define X(type, from, record, fewest, greatest)                                                    \
	[type] = {                                                                                 \
		.name = #type,                                                                     \
		.sender = MESSAGE_FROM_##from,                                                     \
		.least = (fewest),                                                                 \
		.most = (greatest),                                                                \
		.record_size = sizeof(record),                                                     \
		.takes_fds = (type) == MESSAGE_LISTENERS,                                          \
	},
	MESSAGE_LIST(X)
#undef X
};
_Static_assert(ARRAY_LENGTH(rows) == MESSAGE_TYPES, "a row for each type");

/* One record fits into a message, and lies in it as it should lie in memory. */
#define X(type, from, record, fewest, greatest)                                                    \
	_Static_assert(sizeof(struct message_head) + sizeof(record) <= MESSAGE_SIZE_MAX, #type);   \
	_Static_assert(sizeof(struct message_head) % _Alignof(record) == 0, #type);                \
	_Static_assert((fewest) >= 1 && (fewest) <= (greatest), #type);
MESSAGE_LIST(X)
#undef X

/*
 * Each record is the sum of its fields and of the holes that the table below names. A field more,
 * or one moved, fails here: then look where the compiler has put it.
 */
enum {
	ADDRESS_SIZE = 17,
	PREFIX_SIZE = ADDRESS_SIZE + 1,
	ENDPOINT_HOLE_1 = 1, /* between remote and port */
	ENDPOINT_HOLE_2 = 3, /* between source and source_ifindex */
	ENDPOINT_SIZE = ADDRESS_SIZE + ENDPOINT_HOLE_1 + 2 + 4 + ADDRESS_SIZE + ENDPOINT_HOLE_2 + 4,
	DEVICE_HOLE = 2,  /* between ipv6 and role */
	SERVICE_HOLE = 1, /* between target and port */
};

#define IS_SIZED(type, size) _Static_assert(sizeof(type) == (size), #type " has another hole")
IS_SIZED(struct address, ADDRESS_SIZE);
IS_SIZED(struct prefix, PREFIX_SIZE);
IS_SIZED(struct endpoint, ENDPOINT_SIZE);
IS_SIZED(struct message_head, 2 + 2 + 4);
IS_SIZED(struct message_tunnel, 2 * PREFIX_SIZE + 4 * ADDRESS_SIZE + 2 + 2 + 2);
IS_SIZED(struct message_listeners, 4);
IS_SIZED(struct message_plan, 8 + 7 * 4 + 4);
IS_SIZED(struct message_peer, 2 * MESSAGE_KEY_SIZE + ENDPOINT_SIZE + 4 + 2 + 2);
IS_SIZED(struct message_prefix, PREFIX_SIZE);
IS_SIZED(struct message_role, 4 + 4);
IS_SIZED(struct message_device, 2 * ADDRESS_SIZE + DEVICE_HOLE + 4);
IS_SIZED(struct message_service, 4 + 3 * ADDRESS_SIZE + SERVICE_HOLE + 2 + 2 + 1 + 3);
IS_SIZED(struct message_grant, 4 + 4);
IS_SIZED(struct message_name, MESSAGE_HOST_SIZE + ADDRESS_SIZE);
IS_SIZED(struct message_done, 8 + 4 + 3 * 4 + MESSAGE_TEXT_SIZE);
IS_SIZED(struct message_text, MESSAGE_TEXT_SIZE);
IS_SIZED(struct message_engine, MESSAGE_KEY_SIZE + 4 + 2 + 2);
IS_SIZED(struct message_ready, 2 + 2);
IS_SIZED(struct message_ask, 8);
IS_SIZED(struct message_peer_status, MESSAGE_KEY_SIZE + ENDPOINT_SIZE + 3 * 8);
IS_SIZED(struct message_silence, 8);
IS_SIZED(struct message_status, 5 * 8 + 4 + 2 + 1 + 1 + 8);

/* What lies between the end of one field and the next. */
#define HOLE(type, record, before, size, after)                                                    \
	{                                                                                          \
		(type), offsetof(record, after) - (size), (size)                                   \
	}
#define ENDPOINT_HOLES(type, record)                                                               \
	HOLE(type, record, endpoint.remote, ENDPOINT_HOLE_1, endpoint.port),                       \
		HOLE(type, record, endpoint.source, ENDPOINT_HOLE_2, endpoint.source_ifindex)

static const struct hole {
	enum message_kind type;
	size_t at, size;
} holes[] = {
	ENDPOINT_HOLES(MESSAGE_PLAN_PEERS, struct message_peer),
	ENDPOINT_HOLES(MESSAGE_PEERS, struct message_peer),
	ENDPOINT_HOLES(MESSAGE_STATUS_PEERS, struct message_peer_status),
	HOLE(MESSAGE_PLAN_DEVICES, struct message_device, ipv6, DEVICE_HOLE, role),
	HOLE(MESSAGE_PLAN_SERVICES, struct message_service, target, SERVICE_HOLE, port),
};

const struct message_row *message_row(enum message_kind type)
{
	assert(type < MESSAGE_TYPES);
	return &rows[type];
}

void message_clear_holes(enum message_kind type, void *records, size_t count)
{
	uint8_t *bytes = records;

	for (size_t i = 0; i < ARRAY_LENGTH(holes); i++) {
		if (holes[i].type != type)
			continue;
		for (size_t record = 0; record < count; record++)
			memset(bytes + record * rows[type].record_size + holes[i].at, 0,
				holes[i].size);
	}
}

int message_check(
	const void *bytes, size_t size, enum message_sender sender, struct message_head *ret_head)
{
	struct cursor cursor = cursor_over(bytes, size);
	struct message_head head = {0};

	cursor_copy(&cursor, (uint8_t *)&head, sizeof head);
	if (cursor.failed)
		return ERR_TRUNCATED;
	if (head.type >= MESSAGE_TYPES)
		return ERR_RANGE;
	const struct message_row *row = &rows[head.type];
	if (!(row->sender & sender))
		return ERR_UNKNOWN_WORD;
	if (head.count < row->least || head.count > row->most)
		return ERR_RANGE;
	if (head.size != head.count * row->record_size)
		return ERR_RANGE;
	if (cursor_left(&cursor) < head.size)
		return ERR_TRUNCATED;
	if (cursor_left(&cursor) > head.size)
		return ERR_TRAILING;
	*ret_head = head;
	return 0;
}

const char *message_name(enum message_kind type)
{
	return message_row(type)->name;
}

bool message_text_is_fine(const char *text, size_t size)
{
	const char *end = memchr(text, '\0', size);

	if (!end)
		return false;
	for (const char *at = text; at < end; at++) {
		if (*at < ' ' || *at > '~')
			return false;
	}
	return bytes_are_zero((const uint8_t *)end, size - (size_t)(end - text));
}
