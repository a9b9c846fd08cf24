/* SPDX-License-Identifier: ISC */
#include "policy/compile.h"

#include "base/error.h"
#include "base/memory.h"
#include "policy/binding.h"
#include "policy/numbering.h"

#include <stdlib.h>
#include <string.h>

/* A policy while it is compiled. */
struct draft {
	const struct policy_model *model;
	const struct binding *binding;
	struct policy_compiled *compiled;
	uint32_t *bits;		  /* for each service of the model: its bit */
	uint64_t *sets;		  /* for each subject: the services that it is granted, as a row */
	uint32_t *rows;		  /* for each user: the row of its role; ROW_UNKNOWN */
	size_t row_capacity;	  /* rows that there is room for */
	struct table rows_by_set; /* the rows that there are */
};

enum {
	ROW_UNKNOWN = UINT32_MAX,
	ROWS_AT_FIRST = 16,
};

/* An id, and where it comes from. */
struct ranked {
	uint32_t id, index;
};

static int compare_ids(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

static int compare_devices(const void *a, const void *b)
{
	const struct compiled_device *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

/* Gives each service a bit, by ascending id. */
static void rank_services(struct draft *draft)
{
	struct policy_compiled *compiled = draft->compiled;
	size_t count = draft->model->service_count;
	struct ranked *ranked = memory_new(count, sizeof *ranked);

	for (uint32_t i = 0; i < count; i++)
		ranked[i] = (struct ranked){draft->model->services[i].id, i};
	qsort(ranked, count, sizeof *ranked, compare_ids);
	draft->bits = memory_new(count, sizeof *draft->bits);
	compiled->services = memory_new(count, sizeof *compiled->services);
	for (uint32_t bit = 0; bit < count; bit++) {
		compiled->services[bit] = ranked[bit].id;
		draft->bits[ranked[bit].index] = bit;
	}
	compiled->service_count = count;
	compiled->words = bitset_words(count);
	free(ranked);
}

static uint64_t *set_of(const struct draft *draft, size_t subject)
{
	return draft->sets + subject * draft->compiled->words;
}

/* Grants what the rules say to whom they name, groups as such. */
static void apply_rules(struct draft *draft)
{
	const struct binding *binding = draft->binding;
	size_t words = draft->compiled->words;
	uint64_t *set = memory_new(words, sizeof *set);

	for (size_t i = 0; i < binding->rule_count; i++) {
		const struct binding_rule *rule = &binding->rules[i];
		const uint32_t *who = binding->subjects + rule->who.first;
		const uint32_t *may = binding->services + rule->may.first;

		memset(set, 0, words * sizeof *set);
		for (size_t at = 0; at < rule->may.count; at++)
			bitset_add(set, draft->bits[may[at]]);
		for (size_t at = 0; at < rule->who.count; at++)
			bitset_add_all(set_of(draft, who[at]), set, words);
	}
	free(set);
}

/* Grants its members what a group has. */
static void add_group(struct draft *draft, size_t group, size_t user)
{
	bitset_add_all(set_of(draft, user), set_of(draft, group), draft->compiled->words);
}

static void apply_groups(struct draft *draft)
{
	const struct policy_model *model = draft->model;
	const struct binding *binding = draft->binding;

	for (size_t i = 0; i < model->membership_count; i++)
		add_group(draft, binding->user_count + model->memberships[i].group,
			model->memberships[i].user);
	for (size_t i = 0; i < binding->membership_count; i++)
		add_group(draft, binding->memberships[i].group, binding->memberships[i].user);
}

/* A row with the bits of `set`, which becomes the last. */
static uint32_t add_row(struct draft *draft, const uint64_t *set)
{
	struct policy_compiled *compiled = draft->compiled;

	if (compiled->role_count == draft->row_capacity) {
		draft->row_capacity = draft->row_capacity ? draft->row_capacity * 2 : ROWS_AT_FIRST;
		compiled->grants = memory_grow(compiled->grants, draft->row_capacity,
			compiled->words * sizeof *compiled->grants);
	}
	memcpy(compiled_row(compiled, compiled->role_count), set,
		compiled->words * sizeof *compiled->grants);
	return (uint32_t)compiled->role_count++;
}

/* The row that has just the bits of `set`. */
static uint32_t find_row(struct draft *draft, const uint64_t *set)
{
	struct policy_compiled *compiled = draft->compiled;
	size_t bytes = compiled->words * sizeof *set;
	uint32_t hash = table_hash(0, set, bytes), row;
	struct table_search search = table_search(&draft->rows_by_set, hash);

	while ((row = table_next(&search)) != TABLE_NONE) {
		if (memcmp(compiled_row(compiled, row), set, bytes) == 0)
			return row;
	}
	row = add_row(draft, set);
	table_add(&draft->rows_by_set, hash, row);
	return row;
}

/* The row of a user's devices. */
static uint32_t row_of_user(struct draft *draft, uint32_t user)
{
	if (draft->rows[user] == ROW_UNKNOWN)
		draft->rows[user] = find_row(draft, set_of(draft, user));
	return draft->rows[user];
}

/* Gives each device its role, in order of their ids, so that rows come up in one order. */
static void place_devices(struct draft *draft)
{
	const struct policy_model *model = draft->model;
	struct compiled_device *devices = memory_new(model->device_count, sizeof *devices);

	for (uint32_t i = 0; i < model->device_count; i++)
		devices[i] = (struct compiled_device){model->devices[i].id, i};
	qsort(devices, model->device_count, sizeof *devices, compare_devices);
	for (size_t i = 0; i < model->device_count; i++) {
		const struct model_device *device = &model->devices[devices[i].row];
		bool is_active = device->state == POLICY_DEVICE_ACTIVE;

		devices[i].row = is_active ? row_of_user(draft, device->user) : 0;
	}
	draft->compiled->devices = devices;
	draft->compiled->device_count = model->device_count;
}

static struct policy_compiled *compile(const struct binding *binding,
	const struct policy_model *model, const struct policy_compiled *previous)
{
	struct policy_compiled *compiled = memory_new(1, sizeof *compiled);
	struct draft draft = {.model = model, .binding = binding, .compiled = compiled};

	rank_services(&draft);
	/* One more than there are subjects: a set of nothing, which makes row 0. */
	draft.sets = memory_new((binding->subject_count + 1) * compiled->words, sizeof *draft.sets);
	draft.rows = memory_new(model->users.count, sizeof *draft.rows);
	memset(draft.rows, 0xff, model->users.count * sizeof *draft.rows);
	apply_rules(&draft);
	apply_groups(&draft);
	(void)find_row(&draft, set_of(&draft, binding->subject_count)); /* row 0 */
	place_devices(&draft);
	numbering_assign(compiled, previous);
	free(draft.bits);
	free(draft.sets);
	free(draft.rows);
	table_done(&draft.rows_by_set);
	return compiled;
}

int policy_check(const struct policy_document *document, const struct policy_model *model,
	struct policy_faults *faults)
{
	struct binding binding;

	binding_init(&binding, document, model, BINDING_SERVICES_PLANNED, faults);
	binding_done(&binding);
	return policy_faults_exist(faults) ? ERR_POLICY : 0;
}

int policy_compile(const struct policy_source *source, struct policy_faults *faults,
	struct policy_compiled **ret_compiled)
{
	static const struct policy_document nothing;
	const struct policy_document *document = source->document ? source->document : &nothing;
	struct binding binding;
	int result = 0;

	binding_init(&binding, document, source->model, BINDING_SERVICES_REGISTERED, faults);
	if (source->strictness == POLICY_STRICT && policy_faults_exist(faults))
		result = ERR_POLICY;
	if (result == 0)
		*ret_compiled = compile(&binding, source->model, source->previous);
	binding_done(&binding);
	return result;
}
