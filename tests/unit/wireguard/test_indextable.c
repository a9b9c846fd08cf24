/* SPDX-License-Identifier: ISC */
/* It includes the table's source, so that its allocations can fail. */
#include "failing_calloc.h"

#include "wireguard/indextable.c"

#include "base/attributes.h"
#include "operations.h"
#include "tap.h"

enum {
	ENTRIES = 200,
	INDICES = 256, /* that the narrow entropy knows: most are taken, so it must draw again */
};

/* A source of indices that a test has chosen. */
struct script {
	const uint32_t *indices;
	size_t next;
};

static void fill_from_script(void *context, void *ret_bytes, size_t size)
{
	struct script *script = context;

	if (size != sizeof(uint32_t))
		abort();
	memcpy(ret_bytes, &script->indices[script->next++], size);
}

/* Random indices of few values, spread over all 32 bits. */
static void fill_narrowly(void *context, void *ret_bytes, size_t size)
{
	uint32_t index = (uint32_t)prng_below(context, INDICES) * 0x01010101U;

	if (size != sizeof index)
		abort();
	memcpy(ret_bytes, &index, size);
}

static void test_add(void)
{
	static const uint32_t indices[] = {0, 0, 0, UINT32_MAX, UINT32_MAX, 0, 16, 7};
	struct script script = {indices, 0};
	struct entropy entropy = {fill_from_script, &script};
	struct indextable table;
	struct indextable_entry a = {.kind = 1}, b = {.kind = 2}, c = {.kind = 3};

	tap_is_int(indextable_init(&table), 0, "a table");
	tap_ok(!indextable_find(&table, 0), "nothing is found in an empty one");
	indextable_add(&table, entropy, &a);
	tap_ok(a.index == 0 && a.in_table && indextable_find(&table, 0) == &a, "any index, even 0");
	indextable_add(&table, entropy, &b);
	tap_ok(b.index == UINT32_MAX && script.next == 4, "draws until one is unused");
	indextable_add(&table, entropy, &c);
	tap_ok(c.index == 16 && script.next == 7, "and again");
	tap_ok(indextable_find(&table, 0) == &a && indextable_find(&table, 16) == &c,
		"two in one bucket are told apart");
	tap_ok(!indextable_find(&table, 32), "a third that would be there is not");
	indextable_add(&table, entropy, &a);
	tap_ok(a.index == 7 && !indextable_find(&table, 0) && table.count == 3,
		"an entry that is in gets a new index");
	tap_ok(a.kind == 1 && b.kind == 2 && c.kind == 3, "the kind is the embedder's");
	indextable_done(&table);
	indextable_done(&table);
	tap_ok(!table.buckets, "a table that is gone can go again");
}

static void test_replace(void)
{
	static const uint32_t indices[] = {5, 21, 37, 9, 5};
	struct script script = {indices, 0};
	struct entropy entropy = {fill_from_script, &script};
	struct indextable table;
	struct indextable_entry handshake[4] = {0}, session = {.kind = 9};

	if (!tap_ok(indextable_init(&table) == 0, "a table for handshakes"))
		return;
	for (size_t i = 0; i < 4; i++)
		indextable_add(&table, entropy, &handshake[i]);
	indextable_replace(&table, &handshake[1], &session);
	tap_ok(session.in_table && session.index == 21 && session.kind == 9 &&
			indextable_find(&table, 21) == &session,
		"a session takes over the index");
	tap_ok(!handshake[1].in_table && table.count == 4, "its handshake is out");
	tap_ok(indextable_find(&table, 5) == &handshake[0] &&
			indextable_find(&table, 37) == &handshake[2],
		"its neighbours stay");
	indextable_replace(&table, &handshake[3], &session);
	tap_ok(session.index == 9 && !indextable_find(&table, 21) && table.count == 3,
		"a session that is in leaves its old index");
	indextable_remove(&table, &session);
	indextable_remove(&table, &session);
	tap_ok(!session.in_table && !indextable_find(&table, 9) && table.count == 2,
		"removed once, however often");
	indextable_done(&table);
}

/* Tables that share the indices among them give none of another's. */
static void test_tag(void)
{
	static const uint32_t indices[] = {0xff000001, 0x00000001, 0xaa000002, UINT32_MAX};
	static const uint32_t wants[] = {0x5a000001, 0x5a000002, 0x5affffff};
	struct script script = {indices, 0};
	struct entropy entropy = {fill_from_script, &script};
	struct indextable table;
	struct indextable_entry entries[ARRAY_LENGTH(wants)] = {0};

	if (!tap_ok(indextable_init(&table) == 0, "a table with a tag"))
		return;
	table.tag_mask = 0xff000000;
	table.tag = 0x5a000000;
	bool held = true;
	for (size_t i = 0; i < ARRAY_LENGTH(wants); i++) {
		indextable_add(&table, entropy, &entries[i]);
		held = held && entries[i].index == wants[i];
	}
	tap_ok(held, "all of its indices have it, and the rest at random");
	held = indextable_reserve(&table, 1000) == 0;
	for (size_t i = 0; i < ARRAY_LENGTH(wants); i++)
		held = held && indextable_find(&table, wants[i]) == &entries[i];
	tap_ok(held && table.tag == 0x5a000000 && table.tag_mask == 0xff000000,
		"it stays when the table grows");
	indextable_done(&table);
}

static void test_reserve(void)
{
	static const struct {
		const char *name;
		size_t entries, want;
	} rows[] = {
		{"nothing", 0, 16},
		{"what is there", 16, 16},
		{"one more", 17, 32},
		{"less than is there", 1, 32},
		{"a thousand", 1000, 1024},
		{"a power of two", 4096, 4096},
	};
	struct indextable table;
	struct indextable_entry entries[100] = {0};
	struct prng prng = {1};
	struct entropy entropy = {fill_narrowly, &prng};
	unsigned wrong = 0;

	if (!tap_ok(indextable_init(&table) == 0, "a table to make room in"))
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(entries); i++)
		indextable_add(&table, entropy, &entries[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		tap_ok(indextable_reserve(&table, rows[i].entries) == 0 &&
				table.bucket_count == rows[i].want && table.count == 100,
			rows[i].name);
		for (size_t at = 0; at < ARRAY_LENGTH(entries); at++)
			wrong += indextable_find(&table, entries[at].index) != &entries[at];
	}
	tap_is_int(wrong, 0, "all are found in all sizes");
	callocs_left = 0;
	tap_is_int(indextable_reserve(&table, 4096), 0, "what is there needs no memory");
	tap_is_int(indextable_reserve(&table, 4097), -ENOMEM, "no memory for more");
	callocs_left = CALLOCS_UNLIMITED;
	tap_ok(indextable_find(&table, entries[99].index) == &entries[99] && table.count == 100,
		"leaves all as they were");
	indextable_done(&table);
}

/* The model: which entries are in; their indices are in the entries. */
struct model {
	struct indextable_entry entries[ENTRIES];
	bool in[ENTRIES];
	uint32_t index[ENTRIES];
	size_t count;
};

static struct indextable_entry *model_find(struct model *model, uint32_t index)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		if (model->in[i] && model->index[i] == index)
			return &model->entries[i];
	}
	return NULL;
}

static void model_put(struct model *model, size_t at, uint32_t index)
{
	model->count += !model->in[at];
	model->in[at] = true;
	model->index[at] = index;
}

static void model_take(struct model *model, size_t at)
{
	model->count -= model->in[at];
	model->in[at] = false;
}

static bool one_operation(struct prng *prng, struct indextable *table, struct model *model)
{
	struct entropy entropy = {fill_narrowly, prng};
	size_t at = prng_below(prng, ENTRIES), other = prng_below(prng, ENTRIES);
	struct indextable_entry *entry = &model->entries[at];

	switch (prng_below(prng, 6)) {
	case 0:
	case 1:
		model_take(model, at);
		indextable_add(table, entropy, entry);
		if (model_find(model, entry->index))
			return false;
		model_put(model, at, entry->index);
		break;
	case 2:
		indextable_remove(table, entry);
		model_take(model, at);
		break;
	case 3:
		if (!model->in[at] || at == other)
			break;
		indextable_replace(table, entry, &model->entries[other]);
		model_put(model, other, model->index[at]);
		model_take(model, at);
		break;
	default:
		break;
	}
	uint32_t index;
	fill_narrowly(prng, &index, sizeof index);
	return table->count == model->count && entry->in_table == model->in[at] &&
	       indextable_find(table, index) == model_find(model, index);
}

static void test_random(void)
{
	static struct model model;
	struct prng prng = prng_start();
	struct indextable table;
	uint64_t left = operations_wanted(), all = left;

	if (!tap_ok(indextable_init(&table) == 0, "a table for random operations"))
		return;
	while (left > 0 && one_operation(&prng, &table, &model)) {
		left--;
		if (left == all / 2 && indextable_reserve(&table, ENTRIES) < 0)
			break;
	}
	tap_is_int(left, 0, "random operations: as the model");
	indextable_done(&table);
}

int main(void)
{
	test_add();
	test_replace();
	test_tag();
	test_reserve();
	test_random();
	return tap_done();
}
