/* SPDX-License-Identifier: ISC */
/* Names, one by one and in lists. */
#include "policy/reader.h"

#include <string.h>

/* The lists of names that there are. */
static const struct {
	bool takes_empty;
	bool takes_prefix; /* user: and group: */
	const char *expected;
} lists[READER_LISTS] = {
	[READER_MEMBERS] = {true, true, "a list of users, such as [alice, bob]"},
	[READER_WHO] = {false, true, "a list of users and groups, such as [engineers, alice]"},
	[READER_MAY] = {false, false, "a list of services, such as [intranet, db]"},
};

const char *reader_text(const struct reader *reader, const struct tree_node *node)
{
	return reader->tree->text + node->text;
}

struct policy_shown reader_show(const struct reader *reader, const struct tree_node *node)
{
	switch ((enum tree_kind)node->kind) {
	case TREE_TEXT:
		if (node->size == 0 && node->is_plain)
			return (struct policy_shown){"nothing"};
		return policy_show(reader_text(reader, node), node->size);
	case TREE_LIST:
		return (struct policy_shown){"a list"};
	case TREE_MAP:
		return (struct policy_shown){"a mapping (key: value)"};
	case TREE_REFUSED:
		break;
	}
	return (struct policy_shown){"an alias"};
}

bool reader_expect(struct reader *reader, const struct tree_node *node, enum tree_kind kind,
	const char *expected)
{
	if (node->kind == kind)
		return true;
	if (node->kind != TREE_REFUSED)
		policy_faults_add(reader->faults, POLICY_FAULT_TYPE, node->at,
			"found %s, expected %s", reader_show(reader, node).text, expected);
	return false;
}

uint32_t reader_new_list(struct reader *reader)
{
	return reader->list_count++;
}

bool reader_is_new(struct reader *reader, uint32_t list, const char *name, struct policy_place at)
{
	size_t size = strnlen(name, POLICY_NAME_SIZE);
	uint32_t hash = table_hash(list, name, size), index;
	struct table_search search = table_search(&reader->seen_table, hash);

	while ((index = table_next(&search)) != TABLE_NONE) {
		const struct reader_seen *seen = &reader->seen[index];
		if (seen->list != list || strcmp(seen->name, name) != 0)
			continue;
		policy_faults_add(reader->faults, POLICY_FAULT_DUPLICATE, at,
			"found %s a second time, expected it once: it is in line %u, column %u",
			policy_show(name, size).text, seen->at.line, seen->at.column);
		return false;
	}
	table_add(&reader->seen_table, hash, (uint32_t)reader->seen_count);
	reader->seen[reader->seen_count++] = (struct reader_seen){list, name, at};
	return true;
}

bool reader_expect_name(struct reader *reader, const struct tree_node *node, enum reader_name kind,
	const char *name, size_t size)
{
	bool is_label = kind == READER_LABEL;

	if (is_label ? policy_label_is_valid(name, size) : policy_name_is_valid(name, size))
		return true;
	if (size > POLICY_NAME_MAX)
		policy_faults_add(reader->faults, POLICY_FAULT_TOO_LONG, node->at,
			"found %s, which has %zu bytes, expected a name of at most %d",
			policy_show(name, size).text, size, POLICY_NAME_MAX);
	else
		policy_faults_add(reader->faults, POLICY_FAULT_NAME, node->at,
			"found %s, expected a name: %s", policy_show(name, size).text,
			is_label ? POLICY_LABEL_RULE : POLICY_NAME_RULE);
	return false;
}

/* Splits "user:alice"; the name is what follows. False: a fault was added. */
static bool take_prefix(struct reader *reader, const struct tree_node *node, enum reader_list kind,
	struct policy_mention *ret_mention)
{
	const char *text = reader_text(reader, node);
	const char *colon = lists[kind].takes_prefix ? memchr(text, ':', node->size) : NULL;

	*ret_mention = (struct policy_mention){.name = text, .at = node->at};
	if (!colon)
		return true;
	size_t size = (size_t)(colon - text);
	ret_mention->name = colon + 1;
	if (size == strlen("user") && memcmp(text, "user", size) == 0) {
		ret_mention->kind = POLICY_MENTION_USER;
		return true;
	}
	if (size != strlen("group") || memcmp(text, "group", size) != 0) {
		policy_faults_add(reader->faults, POLICY_FAULT_PREFIX, node->at,
			"found %s, expected a name, or user: or group: before it",
			policy_show(text, node->size).text);
		return false;
	}
	ret_mention->kind = POLICY_MENTION_GROUP;
	if (kind == READER_WHO)
		return true;
	policy_faults_add(reader->faults, POLICY_FAULT_NESTED_GROUP, node->at,
		"found the group %s, expected a user: groups in groups are not supported yet",
		policy_show(colon + 1, node->size - size - 1).text);
	return false;
}

/* Reads one entry of a list; false: it is wrong, and a fault says so. */
static bool read_mention(struct reader *reader, const struct tree_node *node, enum reader_list kind,
	struct policy_mention *ret_mention)
{
	const char *expected =
		lists[kind].takes_prefix ? "a name (write user:alice without a space)" : "a name";

	if (!reader_expect(reader, node, TREE_TEXT, expected))
		return false;
	if (!take_prefix(reader, node, kind, ret_mention))
		return false;
	size_t prefix = (size_t)(ret_mention->name - reader_text(reader, node));
	enum reader_name name = kind == READER_MAY ? READER_LABEL : READER_NAME;
	return reader_expect_name(reader, node, name, ret_mention->name, node->size - prefix);
}

struct policy_mentions reader_mentions(
	struct reader *reader, const struct tree_node *node, enum reader_list kind)
{
	struct policy_mention *first = reader->document->mentions + reader->mention_count;
	/* In `who`, user:x and group:x are two; a member is a user, whether it says so or not. */
	uint32_t by_kind[] = {
		reader_new_list(reader), reader_new_list(reader), reader_new_list(reader)};

	if (!reader_expect(reader, node, TREE_LIST, lists[kind].expected))
		return (struct policy_mentions){0};
	if (node->count == 0 && !lists[kind].takes_empty)
		policy_faults_add(reader->faults, POLICY_FAULT_EMPTY, node->at,
			"found an empty list, expected %s", lists[kind].expected);
	for (const struct tree_node *entry = tree_node(reader->tree, node->first); entry;
		entry = tree_node(reader->tree, entry->next)) {
		struct policy_mention mention;

		if (!read_mention(reader, entry, kind, &mention))
			continue;
		uint32_t list = by_kind[kind == READER_WHO ? mention.kind : 0];
		if (reader_is_new(reader, list, mention.name, mention.at))
			reader->document->mentions[reader->mention_count++] = mention;
	}
	size_t count = reader->mention_count - (size_t)(first - reader->document->mentions);
	return (struct policy_mentions){.list = first, .count = count};
}
