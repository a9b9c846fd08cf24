/* SPDX-License-Identifier: ISC */
#include "policy/tree.h"

#include "base/error.h"
#include "policy/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* A tree while it grows. */
struct builder {
	struct tree *tree;
	struct policy_faults *faults;
	struct policy_place end; /* of the file */
	size_t document_count;
	size_t depth;
	struct open_node {
		uint32_t node;
		uint32_t last;	/* of its children; 0: none yet */
	} open[TREE_DEPTH_MAX]; /* the innermost is at depth - 1 */
};

static struct policy_place place_of(yaml_mark_t mark)
{
	return (struct policy_place){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

const struct tree_node *tree_node(const struct tree *tree, uint32_t index)
{
	return index ? &tree->nodes[index] : NULL;
}

/* Adds a node to the innermost one that is open. ERR_SYNTAX: there are too many. */
static int add_node(struct builder *builder, enum tree_kind kind, struct policy_place at,
	struct tree_node **ret_node)
{
	struct tree *tree = builder->tree;
	uint32_t index = (uint32_t)tree->node_count;

	if (index > TREE_NODES_MAX) {
		policy_faults_add(builder->faults, POLICY_FAULT_TOO_MANY, at,
			"found one value more than %d, expected the end of the file",
			TREE_NODES_MAX);
		return ERR_SYNTAX;
	}
	tree->nodes =
		list_room(tree->nodes, tree->node_count, &tree->node_capacity, sizeof *tree->nodes);
	tree->node_count++;
	tree->nodes[index] = (struct tree_node){.at = at, .kind = (uint8_t)kind};
	if (builder->depth == 0) {
		tree->root = index;
	} else {
		struct open_node *open = &builder->open[builder->depth - 1];
		uint32_t *link =
			open->last ? &tree->nodes[open->last].next : &tree->nodes[open->node].first;
		*link = index;
		open->last = index;
		tree->nodes[open->node].count++;
	}
	*ret_node = &tree->nodes[index];
	return 0;
}

/* Complains about what a node must not have. */
static void check_properties(struct builder *builder, const yaml_event_t *event,
	const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		policy_faults_add(builder->faults, POLICY_FAULT_ANCHOR, place_of(event->start_mark),
			"found an anchor (&...), expected each thing to be written where it is "
			"meant");
	if (tag)
		policy_faults_add(builder->faults, POLICY_FAULT_TAG, place_of(event->start_mark),
			"found a tag (!...), expected none: all values are text");
}

static int add_text(struct builder *builder, const yaml_event_t *event)
{
	struct tree *tree = builder->tree;
	size_t size = event->data.scalar.length;
	struct tree_node *node;

	check_properties(builder, event, event->data.scalar.anchor, event->data.scalar.tag);
	int result = add_node(builder, TREE_TEXT, place_of(event->start_mark), &node);
	if (result < 0)
		return result;
	node->text = (uint32_t)tree->text_size;
	node->size = (uint32_t)size;
	node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	while (tree->text_capacity - tree->text_size < size + 1) {
		tree->text_capacity = tree->text_capacity ? tree->text_capacity * 2 : 1024;
		tree->text = memory_grow(tree->text, tree->text_capacity, 1);
	}
	memcpy(tree->text + tree->text_size, event->data.scalar.value, size);
	tree->text[tree->text_size + size] = '\0';
	tree->text_size += size + 1;
	return 0;
}

static int open_node(struct builder *builder, const yaml_event_t *event, enum tree_kind kind)
{
	struct policy_place at = place_of(event->start_mark);
	struct tree_node *node;

	if (builder->depth == TREE_DEPTH_MAX) {
		policy_faults_add(builder->faults, POLICY_FAULT_TOO_DEEP, at,
			"found a list or mapping in %d others, expected text", TREE_DEPTH_MAX);
		return ERR_SYNTAX;
	}
	int result = add_node(builder, kind, at, &node);
	if (result < 0)
		return result;
	builder->open[builder->depth++] =
		(struct open_node){.node = (uint32_t)(node - builder->tree->nodes)};
	return 0;
}

static int add_alias(struct builder *builder, const yaml_event_t *event)
{
	struct policy_place at = place_of(event->start_mark);
	struct tree_node *node;

	policy_faults_add(builder->faults, POLICY_FAULT_ALIAS, at,
		"found an alias (*...), expected what it stands for to be written out");
	return add_node(builder, TREE_REFUSED, at, &node);
}

/* 1: there is a second one; the first is read, what follows it is not. */
static int begin_document(struct builder *builder, const yaml_event_t *event)
{
	struct policy_place at = place_of(event->start_mark);

	if (++builder->document_count > 1) {
		policy_faults_add(builder->faults, POLICY_FAULT_SECOND_DOCUMENT, at,
			"found a second document, expected the end of the file");
		return 1;
	}
	return 0;
}

/* Takes what libyaml found next. 1: that was the last; ERR_SYNTAX. */
static int take_event(struct builder *builder, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return begin_document(builder, event);
	case YAML_ALIAS_EVENT:
		return add_alias(builder, event);
	case YAML_SCALAR_EVENT:
		return add_text(builder, event);
	case YAML_SEQUENCE_START_EVENT:
		check_properties(builder, event, event->data.sequence_start.anchor,
			event->data.sequence_start.tag);
		return open_node(builder, event, TREE_LIST);
	case YAML_MAPPING_START_EVENT:
		check_properties(builder, event, event->data.mapping_start.anchor,
			event->data.mapping_start.tag);
		return open_node(builder, event, TREE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		builder->depth--;
		return 0;
	case YAML_STREAM_END_EVENT:
		return 1;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

/* The place behind the last character. */
static struct policy_place end_of(const uint8_t *bytes, size_t size)
{
	struct policy_place at = {1, 1};

	for (size_t i = 0; i < size; i++) {
		bool begins_character = (bytes[i] & 0xc0) != 0x80;

		at.column += begins_character;
		if (bytes[i] == '\n')
			at = (struct policy_place){at.line + 1, 1};
	}
	return at;
}

/*
 * Passes on what libyaml says; its words are its own, never the file's. Where it misses something
 * at the end of a line that has no line feed, it names the line behind.
 */
static int syntax_fault(struct builder *builder, const yaml_parser_t *parser)
{
	struct policy_place at = place_of(parser->problem_mark);
	struct policy_place since = place_of(parser->context_mark);
	const char *problem = parser->problem ? parser->problem : "unknown problem";

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (at.line > builder->end.line)
		at = builder->end;
	if (since.line > builder->end.line)
		since = builder->end;
	if (parser->context)
		policy_faults_add(builder->faults, POLICY_FAULT_SYNTAX, at,
			"found what is not YAML: %.80s, %.80s that began in line %u, column %u",
			problem, parser->context, since.line, since.column);
	else
		policy_faults_add(builder->faults, POLICY_FAULT_SYNTAX, at,
			"found what is not YAML: %.80s", problem);
	return ERR_SYNTAX;
}

/* Takes all events in turn. 0, ERR_SYNTAX, -ENOMEM. */
static int build(struct builder *builder, yaml_parser_t *parser)
{
	int result = 0;

	while (result == 0) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return syntax_fault(builder, parser);
		result = take_event(builder, &event);
		yaml_event_delete(&event);
	}
	return result < 0 ? result : 0;
}

int tree_parse(
	const uint8_t *bytes, size_t size, struct policy_faults *faults, struct tree *ret_tree)
{
	struct tree tree = {.node_count = 1};
	struct builder builder = {.tree = &tree, .faults = faults, .end = end_of(bytes, size)};
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, bytes, size);
	tree.nodes = list_room(NULL, 0, &tree.node_capacity, sizeof *tree.nodes);
	int result = build(&builder, &parser);
	yaml_parser_delete(&parser);
	*ret_tree = tree;
	return result;
}

void tree_done(struct tree *tree)
{
	free(tree->nodes);
	free(tree->text);
	*tree = (struct tree){0};
}
