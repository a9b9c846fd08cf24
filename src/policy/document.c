/* SPDX-License-Identifier: ISC */
#include "policy/document.h"

#include "base/error.h"
#include "base/memory.h"
#include "policy/near.h"
#include "policy/reader.h"
#include "policy/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIELDS_MAX = 8, /* that a mapping may have */
};

/* A key of a mapping whose keys are known, and what takes its value. */
struct field {
	const char *key;
	bool is_required;
	void (*read)(struct reader *reader, const struct tree_node *value);
};

/* A mapping whose keys are known. New keys of the format are new rows. */
struct fields {
	const char *what;     /* it is, for people */
	const char *expected; /* its keys, for people */
	struct field list[FIELDS_MAX];
};

static const struct field *find_field(const struct fields *fields, const char *key, size_t size)
{
	for (const struct field *field = fields->list; field->key; field++) {
		if (strlen(field->key) == size && memcmp(field->key, key, size) == 0)
			return field;
	}
	return NULL;
}

static void unknown_key(
	struct reader *reader, const struct tree_node *key, const struct fields *fields)
{
	struct near near = near_begin(reader_text(reader, key), key->size);

	for (const struct field *field = fields->list; field->key; field++)
		near_offer(&near, field->key);
	policy_faults_add(reader->faults, POLICY_FAULT_UNKNOWN_KEY, key->at,
		"found %s, expected %s%s%s%s", reader_show(reader, key).text, fields->expected,
		near.found ? "; did you mean " : "", near.found ? near.found : "",
		near.found ? "?" : "");
}

/* Complains about the fields that have to be there; `seen` has a bit for each that is. */
static void check_required(struct reader *reader, const struct tree_node *map,
	const struct fields *fields, unsigned seen)
{
	for (const struct field *field = fields->list; field->key; field++) {
		if (field->is_required && !(seen >> (field - fields->list) & 1))
			policy_faults_add(reader->faults, POLICY_FAULT_MISSING_KEY, map->at,
				"found %s without the key %s, expected it", fields->what,
				field->key);
	}
}

/* Reads a mapping whose keys are known, each at most once. */
static void read_fields(
	struct reader *reader, const struct tree_node *map, const struct fields *fields)
{
	const struct tree *tree = reader->tree;
	const struct tree_node *value;
	uint32_t list = reader_new_list(reader);
	unsigned seen = 0;

	if (!reader_expect(reader, map, TREE_MAP, fields->expected))
		return;
	for (const struct tree_node *key = tree_node(tree, map->first); key;
		key = tree_node(tree, value->next)) {
		value = tree_node(tree, key->next);
		if (!reader_expect(reader, key, TREE_TEXT, fields->expected))
			continue;
		const struct field *field = find_field(fields, reader_text(reader, key), key->size);
		if (!field) {
			unknown_key(reader, key, fields);
			continue;
		}
		if (!reader_is_new(reader, list, field->key, key->at))
			continue;
		seen |= 1U << (field - fields->list);
		field->read(reader, value);
	}
	check_required(reader, map, fields, seen);
}

/* One name and its value, of a mapping from names. */
typedef void read_named(
	struct reader *reader, const struct tree_node *name, const struct tree_node *value);

/* A mapping from names. */
struct names {
	enum reader_name kind;
	size_t most; /* that there may be */
	read_named *read;
};

/* Reads a mapping from names, each at most once. */
static void read_names(
	struct reader *reader, const struct tree_node *map, const struct names *names)
{
	const struct tree *tree = reader->tree;
	const struct tree_node *value;
	uint32_t list = reader_new_list(reader);
	size_t count = 0;

	for (const struct tree_node *key = tree_node(tree, map->first); key;
		key = tree_node(tree, value->next)) {
		value = tree_node(tree, key->next);
		if (count++ == names->most) {
			policy_faults_add(reader->faults, POLICY_FAULT_TOO_MANY, key->at,
				"found one more than %zu, expected no more of them", names->most);
			return;
		}
		if (!reader_expect(reader, key, TREE_TEXT, "a name"))
			continue;
		const char *name = reader_text(reader, key);
		if (reader_expect_name(reader, key, names->kind, name, key->size) &&
			reader_is_new(reader, list, name, key->at))
			names->read(reader, key, value);
	}
}

static void read_group(
	struct reader *reader, const struct tree_node *name, const struct tree_node *value)
{
	struct policy_document *document = reader->document;

	document->groups[document->group_count++] = (struct policy_document_group){
		.name = reader_text(reader, name),
		.at = name->at,
		.members = reader_mentions(reader, value, READER_MEMBERS),
	};
}

static void read_groups(struct reader *reader, const struct tree_node *value)
{
	if (!reader_expect(
		    reader, value, TREE_MAP, "groups, each with a list of users ({} for none)"))
		return;
	reader->document->groups = memory_new(value->count / 2, sizeof *reader->document->groups);
	read_names(reader, value, &(struct names){READER_NAME, POLICY_GROUPS_MAX, read_group});
}

/* The service whose fields are being read. */
static struct policy_target *current_target(struct reader *reader)
{
	struct policy_document *document = reader->document;

	return &document->services[document->service_count - 1].target;
}

static void read_target(struct reader *reader, const struct tree_node *value)
{
	static const char expected[] = "an address and a port in quotes, such as "
				       "\"127.0.0.1:80\" or \"[fd00::1]:80\"";
	struct policy_target target;

	if (!reader_expect(reader, value, TREE_TEXT, expected))
		return;
	if (policy_target_parse(reader_text(reader, value), value->size, &target) < 0) {
		policy_faults_add(reader->faults, POLICY_FAULT_TARGET, value->at,
			"found %s, expected %s, of one host and with a port from 1 to 65535",
			reader_show(reader, value).text, expected);
		return;
	}
	current_target(reader)->address = target.address;
	current_target(reader)->port = target.port;
}

static void read_protocol(struct reader *reader, const struct tree_node *value)
{
	if (!reader_expect(reader, value, TREE_TEXT, "tcp or udp"))
		return;
	bool is_udp = strcmp(reader_text(reader, value), "udp") == 0;
	bool is_tcp = strcmp(reader_text(reader, value), "tcp") == 0;
	if (value->size != strlen("tcp") || !(is_udp || is_tcp)) {
		policy_faults_add(reader->faults, POLICY_FAULT_PROTOCOL, value->at,
			"found %s, expected tcp or udp", reader_show(reader, value).text);
		return;
	}
	current_target(reader)->protocol = is_udp ? POLICY_UDP : POLICY_TCP;
}

static const struct fields service_fields = {
	.what = "a service",
	.expected = "target or protocol",
	.list = {{"target", true, read_target}, {"protocol", false, read_protocol}},
};

static void read_service(
	struct reader *reader, const struct tree_node *name, const struct tree_node *value)
{
	struct policy_document *document = reader->document;

	document->services[document->service_count++] =
		(struct policy_document_service){.name = reader_text(reader, name), .at = name->at};
	read_fields(reader, value, &service_fields);
}

static void read_services(struct reader *reader, const struct tree_node *value)
{
	if (!reader_expect(reader, value, TREE_MAP, "services, each with a target ({} for none)"))
		return;
	reader->document->services =
		memory_new(value->count / 2, sizeof *reader->document->services);
	read_names(reader, value, &(struct names){READER_LABEL, POLICY_SERVICES_MAX, read_service});
}

/* The rule whose fields are being read. */
static struct policy_document_rule *current_rule(struct reader *reader)
{
	return &reader->document->rules[reader->document->rule_count - 1];
}

static void read_who(struct reader *reader, const struct tree_node *value)
{
	current_rule(reader)->who = reader_mentions(reader, value, READER_WHO);
}

static void read_may(struct reader *reader, const struct tree_node *value)
{
	current_rule(reader)->may = reader_mentions(reader, value, READER_MAY);
}

static const struct fields rule_fields = {
	.what = "a rule",
	.expected = "who or may",
	.list = {{"who", true, read_who}, {"may", true, read_may}},
};

static void read_rules(struct reader *reader, const struct tree_node *value)
{
	struct policy_document *document = reader->document;

	if (!reader_expect(reader, value, TREE_LIST, "a list of rules ([] for none)"))
		return;
	document->rules = memory_new(value->count, sizeof *document->rules);
	for (const struct tree_node *rule = tree_node(reader->tree, value->first); rule;
		rule = tree_node(reader->tree, rule->next)) {
		if (document->rule_count == POLICY_RULES_MAX) {
			policy_faults_add(reader->faults, POLICY_FAULT_TOO_MANY, rule->at,
				"found one more than %d, expected no more rules", POLICY_RULES_MAX);
			return;
		}
		document->rules[document->rule_count++] =
			(struct policy_document_rule){.at = rule->at};
		read_fields(reader, rule, &rule_fields);
	}
}

static const struct fields document_fields = {
	.what = "a policy",
	.expected = "groups, services or rules",
	.list = {{"groups", false, read_groups}, {"services", false, read_services},
		{"rules", false, read_rules}},
};

/* Makes a document of a tree, whose texts it takes over. */
static void read_tree(
	struct tree *tree, struct policy_faults *faults, struct policy_document *document)
{
	struct reader reader = {.tree = tree, .faults = faults, .document = document};
	const struct tree_node *root = tree_node(tree, tree->root);

	if (!root || (root->kind == TREE_TEXT && root->is_plain && root->size == 0))
		return;
	document->mentions = memory_new(tree->node_count, sizeof *document->mentions);
	reader.seen = memory_new(tree->node_count, sizeof *reader.seen);
	read_fields(&reader, root, &document_fields);
	document->text = tree->text;
	tree->text = NULL;
	free(reader.seen);
	table_done(&reader.seen_table);
}

/* Adds what is wrong; -ENOMEM. */
static int read_bytes(const uint8_t *bytes, size_t size, struct policy_faults *faults,
	struct policy_document *document)
{
	struct tree tree;

	text_check(bytes, size, faults);
	if (policy_faults_exist(faults))
		return 0;
	int result = tree_parse(bytes, size, faults, &tree);
	if (result == 0)
		read_tree(&tree, faults, document);
	tree_done(&tree);
	return result == ERR_SYNTAX ? 0 : result;
}

int policy_document_parse(const void *bytes, size_t size, struct policy_faults *faults,
	struct policy_document **ret_document)
{
	const uint8_t *at = size ? bytes : (const uint8_t *)"";
	size_t skip = text_skip(at, size);
	struct policy_document *document;

	if (size > POLICY_FILE_MAX) {
		policy_faults_add(faults, POLICY_FAULT_TOO_LARGE, (struct policy_place){1, 1},
			"found %zu bytes, expected at most %d", size, POLICY_FILE_MAX);
		return ERR_POLICY;
	}
	document = memory_new(1, sizeof *document);
	int result = read_bytes(at + skip, size - skip, faults, document);
	policy_faults_sort(faults);
	if (result == 0 && policy_faults_exist(faults))
		result = ERR_POLICY;
	if (result < 0) {
		policy_document_free(document);
		return result;
	}
	*ret_document = document;
	return 0;
}

void policy_document_free(struct policy_document *document)
{
	if (!document)
		return;
	free(document->groups);
	free(document->services);
	free(document->rules);
	free(document->mentions);
	free(document->text);
	free(document);
}
