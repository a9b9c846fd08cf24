/* SPDX-License-Identifier: ISC */
/* Random worlds: drawn, changed, written as a policy file and as a model. For test programs only.
 */
#pragma once

#include "../wireguard/operations.h"
#include "world.h"

#include "base/error.h"

#include <assert.h>
#include <stdarg.h>

enum {
	WORLD_TEXT_SIZE = 1 << 16,
};

/* A world in which everything that the file names is there, and means one thing. */
enum world_kind {
	WORLD_CLEAN,
	WORLD_DIRTY,
};

static inline void world_draw_group(
	struct prng *prng, enum world_kind kind, struct world *world, size_t group)
{
	enum world_where where = (enum world_where)prng_below(prng, 4);

	world->groups[group].where =
		kind == WORLD_CLEAN && where == WORLD_NOWHERE ? WORLD_STORE : where;
	for (size_t i = 0; i < WORLD_USERS; i++) {
		bool is_member = prng_one_in(prng, 3);

		world->groups[group].in_store[i] = is_member;
		world->groups[group].in_file[i] =
			kind == WORLD_DIRTY && prng_one_in(prng, 60) ? !is_member : is_member;
	}
}

static inline void world_draw_service(
	struct prng *prng, enum world_kind kind, struct world *world, size_t service)
{
	enum world_where where = (enum world_where)prng_below(prng, 4);

	world->services[service].where =
		kind == WORLD_CLEAN && where == WORLD_NOWHERE ? WORLD_FILE : where;
	world->services[service].differs = kind == WORLD_DIRTY && prng_one_in(prng, 10);
}

static inline void world_draw_device(struct prng *prng, struct world *world, size_t device)
{
	world->devices[device].user = prng_below(prng, WORLD_USERS);
	world->devices[device].is_there = !prng_one_in(prng, 6);
	world->devices[device].state = prng_one_in(prng, 4)
					       ? (enum policy_device_state)prng_below(prng, 3)
					       : POLICY_DEVICE_ACTIVE;
}

static inline void world_draw_mention(
	struct prng *prng, enum world_kind kind, struct world_mention *ret_mention)
{
	bool is_group = prng_one_in(prng, 2);
	size_t index = prng_below(prng, is_group ? WORLD_GROUPS : WORLD_USERS);
	bool is_shared = index < WORLD_NAMES;

	ret_mention->name = is_group ? world_groups[index] : world_users[index];
	ret_mention->kind = is_group ? POLICY_MENTION_GROUP : POLICY_MENTION_USER;
	if (kind == WORLD_DIRTY ? prng_one_in(prng, 2) : !is_shared && prng_one_in(prng, 2))
		ret_mention->kind = POLICY_MENTION_ANY;
}

static inline void world_draw_rule(
	struct prng *prng, enum world_kind kind, struct world *world, size_t rule)
{
	/* Services that rules have in common, so that devices have the same by different rules. */
	uint64_t services = prng_one_in(prng, 2) ? 8 : WORLD_SERVICES;

	world->rules[rule].who_count = 0;
	for (size_t left = 1 + prng_below(prng, WORLD_WHO); left > 0; left--) {
		struct world_mention mention = {0};
		bool is_new = true;

		world_draw_mention(prng, kind, &mention);
		for (size_t i = 0; i < world->rules[rule].who_count; i++)
			is_new = is_new &&
				 (world->rules[rule].who[i].kind != mention.kind ||
					 strcmp(world->rules[rule].who[i].name, mention.name) != 0);
		if (is_new)
			world->rules[rule].who[world->rules[rule].who_count++] = mention;
	}
	world->rules[rule].may_count = 0;
	for (size_t left = 1 + prng_below(prng, WORLD_MAY); left > 0; left--) {
		size_t service = prng_below(prng, services);
		bool is_new = true;

		for (size_t i = 0; i < world->rules[rule].may_count; i++)
			is_new = is_new && world->rules[rule].may[i] != service;
		if (is_new)
			world->rules[rule].may[world->rules[rule].may_count++] = service;
	}
}

static inline struct world world_draw(struct prng *prng, enum world_kind kind)
{
	struct world world = {.rule_count = prng_below(prng, WORLD_RULES + 1)};

	for (size_t i = 0; i < WORLD_USERS; i++)
		world.has_user[i] = kind == WORLD_CLEAN || !prng_one_in(prng, 8);
	for (size_t i = 0; i < WORLD_GROUPS; i++)
		world_draw_group(prng, kind, &world, i);
	for (size_t i = 0; i < WORLD_SERVICES; i++)
		world_draw_service(prng, kind, &world, i);
	for (size_t i = 0; i < WORLD_DEVICES; i++)
		world_draw_device(prng, &world, i);
	for (size_t i = 0; i < world.rule_count; i++)
		world_draw_rule(prng, kind, &world, i);
	return world;
}

/* Changes one thing. */
static inline void world_change(struct prng *prng, enum world_kind kind, struct world *world)
{
	switch (prng_below(prng, 6)) {
	case 0:
		world_draw_group(prng, kind, world, prng_below(prng, WORLD_GROUPS));
		break;
	case 1:
		world_draw_service(prng, kind, world, prng_below(prng, WORLD_SERVICES));
		break;
	case 2:
		world_draw_device(prng, world, prng_below(prng, WORLD_DEVICES));
		break;
	case 3:
		if (world->rule_count > 0)
			world_draw_rule(prng, kind, world, prng_below(prng, world->rule_count));
		break;
	case 4:
		if (world->rule_count < WORLD_RULES)
			world_draw_rule(prng, kind, world, world->rule_count++);
		break;
	default:
		if (world->rule_count > 0)
			world->rule_count--;
		break;
	}
}

/* A text that is written piece by piece. */
struct world_text {
	char at[WORLD_TEXT_SIZE];
	size_t size;
};

static inline void world_write(struct world_text *text, const char *format, ...) printf_like(2, 3);

static inline void world_write(struct world_text *text, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	text->size += (size_t)vsnprintf(
		text->at + text->size, WORLD_TEXT_SIZE - text->size, format, values);
	va_end(values);
	assert(text->size < WORLD_TEXT_SIZE);
}

static inline void world_write_groups(const struct world *world, struct world_text *text)
{
	world_write(text, "groups:\n  nobody: []\n");
	for (size_t i = 0; i < WORLD_GROUPS; i++) {
		if (!world_in_file(world->groups[i].where))
			continue;
		world_write(text, "  %s: [", world_groups[i]);
		for (size_t user = 0; user < WORLD_USERS; user++) {
			if (world->groups[i].in_file[user])
				world_write(text, "user:%s, ", world_users[user]);
		}
		world_write(text, "]\n");
	}
}

static inline void world_write_rule(const struct world *world, size_t rule, struct world_text *text)
{
	static const char *const prefixes[] = {"", "user:", "group:"};
	char name[POLICY_NAME_SIZE];

	world_write(text, "  - who: [");
	for (size_t i = 0; i < world->rules[rule].who_count; i++)
		world_write(text, "%s%s, ", prefixes[world->rules[rule].who[i].kind],
			world->rules[rule].who[i].name);
	world_write(text, "]\n    may: [");
	for (size_t i = 0; i < world->rules[rule].may_count; i++) {
		world_service_name(world->rules[rule].may[i], name);
		world_write(text, "%s, ", name);
	}
	world_write(text, "]\n");
}

/* The world's policy file, parsed; ends the program where it is wrong. */
static inline struct policy_document *world_document(const struct world *world)
{
	static struct world_text text;
	struct policy_faults faults = {0};
	struct policy_document *document = NULL;
	char name[POLICY_NAME_SIZE];

	text.size = 0;
	world_write_groups(world, &text);
	world_write(&text, "services:\n  nothing: {target: \"10.0.0.1:1\"}\n");
	for (size_t i = 0; i < WORLD_SERVICES; i++) {
		world_service_name(i, name);
		if (world_in_file(world->services[i].where))
			world_write(&text, "  %s: {target: \"10.0.0.1:%zu\"}\n", name, i + 1);
	}
	world_write(&text, "rules:%s\n", world->rule_count ? "" : " []");
	for (size_t i = 0; i < world->rule_count; i++)
		world_write_rule(world, i, &text);
	if (policy_document_parse(text.at, text.size, &faults, &document) < 0) {
		printf("# %" PRIu32 ":%s\n# %s\n", faults.list[0].at.line, faults.list[0].text,
			text.at);
		abort();
	}
	return document;
}

static inline void world_must(int result)
{
	if (result < 0)
		abort();
}

static inline void world_add_groups(const struct world *world, struct policy_model *model)
{
	for (size_t i = 0; i < WORLD_GROUPS; i++) {
		if (!world_in_store(world->groups[i].where))
			continue;
		world_must(policy_model_add_group(model, world_groups[i]));
		for (size_t at = 0; at < WORLD_USERS; at++) {
			if (world->has_user[at] && world->groups[i].in_store[at])
				world_must(policy_model_add_member(
					model, world_groups[i], world_users[at]));
		}
	}
}

static inline void world_add_service(
	const struct world *world, struct policy_model *model, size_t service)
{
	struct policy_target target = {.address = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}},
		.port = (uint16_t)(service + 1)};
	char name[POLICY_NAME_SIZE];
	bool is_other =
		world->services[service].where == WORLD_BOTH && world->services[service].differs;

	if (world->services[service].where == WORLD_NOWHERE)
		return;
	target.port = (uint16_t)(target.port + is_other);
	world_service_name(service, name);
	world_must(policy_model_add_service(model, world_service_id(service), name, &target));
}

/* The world's model, with all services. In the order of indices, or from behind. */
static inline struct policy_model *world_model(const struct world *world, bool backwards)
{
	const struct policy_target nothing = {
		.address = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}}, .port = 1};
	struct policy_model *model = policy_model_new();

	for (size_t i = 0; i < WORLD_USERS; i++) {
		size_t at = backwards ? WORLD_USERS - 1 - i : i;
		if (world->has_user[at])
			world_must(policy_model_add_user(model, world_users[at]));
	}
	world_add_groups(world, model);
	for (size_t i = 0; i < WORLD_DEVICES; i++) {
		size_t at = backwards ? WORLD_DEVICES - 1 - i : i;
		size_t user = world->devices[at].user;
		if (world->devices[at].is_there && world->has_user[user])
			world_must(policy_model_add_device(model, world_device_id(at),
				world_users[user], world->devices[at].state));
	}
	world_must(policy_model_add_service(model, 4000, "nothing", &nothing));
	for (size_t i = 0; i < WORLD_SERVICES; i++)
		world_add_service(world, model, backwards ? WORLD_SERVICES - 1 - i : i);
	return model;
}

/* Compiles the world; ends the program where that fails. Says how many faults there were. */
static inline struct policy_compiled *world_compile(const struct world *world, bool backwards,
	const struct policy_compiled *previous, size_t *ret_faults)
{
	struct policy_document *document = world_document(world);
	struct policy_model *model = world_model(world, backwards);
	const struct policy_source source = {.document = document,
		.model = model,
		.previous = previous,
		.strictness = POLICY_LENIENT};
	struct policy_faults faults = {0};
	struct policy_compiled *compiled = NULL;

	world_must(policy_compile(&source, &faults, &compiled));
	*ret_faults = faults.count;
	policy_faults_done(&faults);
	policy_document_free(document);
	policy_model_free(model);
	return compiled;
}
