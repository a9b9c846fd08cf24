/* SPDX-License-Identifier: ISC */
/*
 * The trie against a linear list. It includes the trie's source, to see its nodes: that none is
 * left which is neither owned nor a branch shows only there.
 */
#include "failing_calloc.h"

#include "wireguard/allowedips.c"

#include "census_allowedips.h"
#include "model_allowedips.h"
#include "operations.h"
#include "tap.h"

enum {
	STEPS_MOST = 8,
};

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, strlen(text), &prefix) < 0)
		abort();
	return prefix;
}

static struct address address_of(const char *text)
{
	struct address address;

	if (address_parse(text, strlen(text), &address) < 0)
		abort();
	return address;
}

/*
 * Steps on an empty trie: "+A prefix" inserts for A, "-A prefix" removes from A and succeeds,
 * "!A prefix" removes and fails, "xA" takes all from A, "?A address" finds A, "?. address" nobody,
 * "=n" counts nodes.
 */
static const struct trie_case {
	const char *name;
	const char *steps[STEPS_MOST * 2];
} cases[] = {
	{"empty", {"?. 10.0.0.1", "?. ::1", "!A 10.0.0.0/8", "xA", "=0"}},
	{"IPv4 /0", {"+A 0.0.0.0/0", "?A 0.0.0.0", "?A 255.255.255.255", "?. ::", "=1"}},
	{"IPv6 /0", {"+A ::/0", "?A ::", "?A ffff::ffff", "?. 10.0.0.1", "=1"}},
	{"IPv4 /32", {"+A 10.0.0.1/32", "?A 10.0.0.1", "?. 10.0.0.0", "?. 10.0.0.3", "=1"}},
	{"IPv4 /32, last address",
		{"+A 255.255.255.255/32", "?A 255.255.255.255", "=1", "?. 255.255.255.254"}},
	{"IPv6 /128", {"+A fd00::1/128", "?A fd00::1", "?. fd00::", "?. fd00::3", "=1"}},
	{"IPv6, either side of 64 bits",
		{"+A fd00::/63", "+B fd00:0:0:1::/64", "+C fd00:0:0:1:8000::/65", "?A fd00::1",
			"?B fd00:0:0:1::1", "?C fd00:0:0:1:8000::1", "?. fd00:0:0:2::1", "=3"}},
	{"neighbours part in a branch", {"+A 10.0.0.0/32", "+B 10.0.0.1/32", "?A 10.0.0.0",
						"?B 10.0.0.1", "?. 10.0.0.2", "=3"}},
	{"halves of everything", {"+A 0.0.0.0/1", "+B 128.0.0.0/1", "?A 127.9.9.9", "?B 128.0.0.1",
					 "=3", "-A 0.0.0.0/1", "=1"}},
	{"the longest wins",
		{"+A 0.0.0.0/0", "+B 10.0.0.0/8", "+C 10.1.0.0/16", "+D 10.1.1.1/32", "?A 11.0.0.1",
			"?B 10.2.0.1", "?C 10.1.2.3", "?D 10.1.1.1", "=4"}},
	{"the longest wins, put in from the inside",
		{"+D 10.1.1.1/32", "+C 10.1.0.0/16", "+B 10.0.0.0/8", "+A 0.0.0.0/0", "?A 11.0.0.1",
			"?B 10.2.0.1", "?C 10.1.2.3", "?D 10.1.1.1", "=4"}},
	{"a shorter one shows again when the longer goes",
		{"+A 10.0.0.0/8", "+B 10.1.0.0/16", "?B 10.1.0.1", "-B 10.1.0.0/16", "?A 10.1.0.1",
			"=1"}},
	{"a prefix between two others goes",
		{"+A 10.0.0.0/8", "+B 10.1.0.0/16", "+C 10.1.1.0/24", "-B 10.1.0.0/16",
			"?C 10.1.1.1", "?A 10.1.2.1", "=2"}},
	{"a prefix that is a branch too stays one",
		{"+A 10.0.0.0/31", "+B 10.0.0.0/32", "+C 10.0.0.1/32", "-A 10.0.0.0/31",
			"?B 10.0.0.0", "?C 10.0.0.1", "=3"}},
	{"a branch gets an owner",
		{"+B 10.0.0.0/32", "+C 10.0.0.1/32", "=3", "+A 10.0.0.0/31", "=3", "-B 10.0.0.0/32",
			"?A 10.0.0.0", "?C 10.0.0.1", "=2"}},
	{"a branch goes with its child", {"+A 10.0.0.0/32", "+B 10.0.0.1/32", "-B 10.0.0.1/32",
						 "?A 10.0.0.0", "?. 10.0.0.1", "=1"}},
	{"a branch below a branch goes",
		{"+A 10.0.0.0/32", "+B 10.0.0.1/32", "+C 10.0.0.2/32", "=5", "-A 10.0.0.0/32",
			"?B 10.0.0.1", "?C 10.0.0.2", "=3"}},
	{"inserting moves it", {"+A 10.0.0.0/8", "+B 10.0.0.0/8", "?B 10.1.1.1", "!A 10.0.0.0/8",
				       "xA", "?B 10.1.1.1", "=1"}},
	{"inserting twice is once",
		{"+A 10.0.0.0/8", "+A 10.0.0.0/8", "=1", "-A 10.0.0.0/8", "=0", "!A 10.0.0.0/8"}},
	{"another's prefix is not removed", {"+A 10.0.0.0/8", "!B 10.0.0.0/8", "!A 10.0.0.0/9",
						    "!A 10.0.0.0/7", "?A 10.0.0.1", "=1"}},
	{"a branch is not removed", {"+A 10.0.0.0/32", "+B 10.0.0.1/32", "!A 10.0.0.0/31", "=3"}},
	{"all of one owner go", {"+A 10.0.0.0/8", "+B 10.1.0.0/16", "+A 10.1.1.0/24", "+A fd00::/8",
					"xA", "?B 10.1.1.1", "?. 10.2.0.1", "?. fd00::1", "=1"}},
	{"families do not meet",
		{"+A 10.0.0.0/8", "+B a00::/8", "?A 10.0.0.1", "?B a00::1", "=2", "!B 10.0.0.0/8"}},
};

static bool run_step(struct allowedips *trie, struct allowedips_owner *owners, const char *step)
{
	if (step[0] == '=')
		return census_of(trie).nodes == (size_t)(step[1] - '0');
	struct allowedips_owner *owner = step[1] == '.' ? NULL : &owners[step[1] - 'A'];
	if (step[0] == 'x') {
		allowedips_remove_owner(trie, owner);
		return owner->count == 0 && !owner->first && !owner->last;
	}
	if (step[0] == '?') {
		struct address address = address_of(step + 3);
		return allowedips_lookup(trie, &address) == owner;
	}
	struct prefix prefix = prefix_of(step + 3);
	if (step[0] == '+')
		return allowedips_insert(trie, &prefix, owner) == 0;
	return allowedips_remove(trie, &prefix, owner) == (step[0] == '-');
}

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct allowedips trie = {0};
		struct allowedips_owner owners[4] = {0};
		bool held = true;

		for (size_t step = 0; cases[i].steps[step]; step++) {
			if (held && !run_step(&trie, owners, cases[i].steps[step])) {
				printf("# step %s\n", cases[i].steps[step]);
				held = false;
			}
		}
		tap_ok(held && census_of(&trie).faults == 0, cases[i].name);
		allowedips_clear(&trie);
		tap_ok(!trie.root_ipv4 && !trie.root_ipv6 && !owners[0].first && !owners[1].first &&
				owners[0].count == 0,
			"and cleared");
	}
}

static void test_bad_prefixes(void)
{
	static const struct {
		const char *name;
		uint8_t family, length;
	} bad[] = {
		{"IPv4 /33", ADDRESS_IPV4, 33},
		{"IPv4 /255", ADDRESS_IPV4, 255},
		{"IPv6 /129", ADDRESS_IPV6, 129},
		{"no family", ADDRESS_NONE, 0},
		{"family 5", 5, 8},
	};
	struct allowedips trie = {0};
	struct allowedips_owner owner = {0};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct prefix prefix = {.address.family = bad[i].family, .length = bad[i].length};

		tap_ok(allowedips_insert(&trie, &prefix, &owner) == -EINVAL &&
				!allowedips_remove(&trie, &prefix, &owner) && owner.count == 0,
			bad[i].name);
	}
	tap_ok(!allowedips_lookup(&trie, &(struct address){0}), "an address of no family");
}

/* Bits behind the length, which the contract wants zero, do no harm. */
static void test_host_bits(void)
{
	struct allowedips trie = {0};
	struct allowedips_owner owner = {0};
	struct prefix prefix = {.address = address_of("10.255.255.255"), .length = 8};

	tap_is_int(allowedips_insert(&trie, &prefix, &owner), 0, "a prefix with host bits");
	prefix = allowedips_prefix(allowedips_next(&owner, NULL));
	struct address want = address_of("10.0.0.0");
	tap_ok(prefix.length == 8 && address_equal(&prefix.address, &want), "has none afterwards");
	struct address other = address_of("10.1.2.3");
	tap_ok(allowedips_lookup(&trie, &other) == &owner, "and holds all of its addresses");
	allowedips_clear(&trie);
}

/* What does not get its memory changes nothing: a leaf, and a branch with its leaf. */
static void test_no_memory(void)
{
	struct allowedips trie = {0};
	struct allowedips_owner a = {0}, b = {0};
	struct prefix first = prefix_of("10.0.0.0/32"), second = prefix_of("10.0.0.1/32");

	callocs_left = 0;
	tap_is_int(allowedips_insert(&trie, &first, &a), -ENOMEM, "no memory for a leaf");
	tap_ok(!trie.root_ipv4 && a.count == 0 && !a.first, "leaves it empty");
	callocs_left = 1;
	tap_is_int(allowedips_insert(&trie, &first, &a), 0, "memory for a leaf");
	callocs_left = 1;
	tap_is_int(allowedips_insert(&trie, &second, &b), -ENOMEM, "none for its branch");
	struct census census = census_of(&trie);
	tap_ok(census.nodes == 1 && census.faults == 0 && b.count == 0 && !b.first,
		"leaves the first alone");
	callocs_left = 0;
	tap_is_int(allowedips_insert(&trie, &first, &b), 0, "a move needs none");
	callocs_left = CALLOCS_UNLIMITED;
	allowedips_clear(&trie);
}

/* The deepest tries that there can be: each prefix of one address. */
static void test_deepest(void)
{
	struct allowedips trie = {0};
	struct allowedips_owner owners[129] = {0};
	struct address address = address_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	unsigned wrong = 0;

	for (uint8_t length = 0; length <= 128; length++) {
		struct prefix prefix = {.address = address, .length = length};
		wrong += allowedips_insert(&trie, &prefix, &owners[length]) != 0;
		wrong += allowedips_lookup(&trie, &address) != &owners[length];
	}
	tap_is_int(wrong, 0, "129 prefixes, each in the one before");
	for (uint8_t bit = 0; bit < 128; bit++) {
		struct address part = address;
		part.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		wrong += allowedips_lookup(&trie, &part) != &owners[bit];
	}
	tap_is_int(wrong, 0, "an address that parts after n bits belongs to /n");
	tap_is_int(census_of(&trie).nodes, 129, "one node each");
	allowedips_clear(&trie);
	for (size_t i = 0; i < 129; i++)
		wrong += owners[i].first || owners[i].count;
	tap_is_int(wrong, 0, "the deepest trie is cleared");
}

/* Addresses of few values, so that prefixes meet, contain each other and part at any bit. */
static struct address draw_address(struct prng *prng, uint64_t values)
{
	struct address address = {.family = ADDRESS_IPV4};
	size_t size = 4;

	if (prng_below(prng, 2)) {
		address.family = ADDRESS_IPV6;
		size = 16;
	}
	uint64_t value = prng_below(prng, values) * 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < size; i++) {
		value ^= value >> 29;
		value *= 0xbf58476d1ce4e5b9;
		address.bytes[i] = prng_below(prng, 3) ? 0 : (uint8_t)(value >> 56);
	}
	if (prng_one_in(prng, 4))
		address.bytes[prng_below(prng, size)] ^= (uint8_t)(1U << prng_below(prng, 8));
	return address;
}

static struct prefix draw_prefix(struct prng *prng, const struct model *model)
{
	struct prefix prefix;

	if (model->count > 0 && prng_below(prng, 2))
		prefix = model->entries[prng_below(prng, model->count)].prefix;
	else
		prefix.address = draw_address(prng, 50);
	if (prng_below(prng, 3))
		prefix.length = (uint8_t)prng_below(prng, address_bits(prefix.address.family) + 1);
	else
		prefix.length = address_bits(prefix.address.family);
	prefix_normalize(&prefix);
	return prefix;
}

/* Whether each owner's list is the model's: the same prefixes in the same order. */
static bool lists_agree(const struct model *model, const struct allowedips_owner *owners)
{
	for (size_t owner = 0; owner < MODEL_OWNERS; owner++) {
		const struct allowedips_node *node = NULL;
		size_t count = 0;

		for (size_t i = 0; i < model->count; i++) {
			if (model->entries[i].owner != owner)
				continue;
			node = allowedips_next(&owners[owner], node);
			if (!node)
				return false;
			struct prefix prefix = allowedips_prefix(node);
			if (!model_prefix_equal(&prefix, &model->entries[i].prefix))
				return false;
			count++;
		}
		if (owners[owner].count != count || owners[owner].last != node)
			return false;
		if (node ? allowedips_next(&owners[owner], node) : owners[owner].first)
			return false;
	}
	return true;
}

/* Whether an address of the model's neighbourhood has the same owner in both. */
static bool lookup_agrees(struct prng *prng, const struct model *model,
	const struct allowedips *trie, const struct allowedips_owner *owners)
{
	struct address address = draw_address(prng, 50);

	if (model->count > 0 && prng_below(prng, 2)) {
		address = model->entries[prng_below(prng, model->count)].prefix.address;
		size_t bit = prng_below(prng, address_bits(address.family));
		if (prng_below(prng, 2))
			address.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	int want = model_lookup(model, &address);
	return allowedips_lookup(trie, &address) == (want < 0 ? NULL : &owners[want]);
}

/* One operation on both, and whether both answer the same. */
static bool one_operation(struct prng *prng, struct model *model, struct allowedips *trie,
	struct allowedips_owner *owners)
{
	size_t owner = prng_below(prng, MODEL_OWNERS);
	uint64_t what = prng_below(prng, 1000);

	if (what == 0) {
		model_remove_owner(model, owner);
		allowedips_remove_owner(trie, &owners[owner]);
	} else if (what == 1 && prng_one_in(prng, 20)) {
		model->count = 0;
		allowedips_clear(trie);
	} else if (what < 200) {
		struct prefix prefix = draw_prefix(prng, model);
		if (model->count == MODEL_MOST)
			return true;
		model_insert(model, &prefix, owner);
		return allowedips_insert(trie, &prefix, &owners[owner]) == 0;
	} else if (what < 500) {
		struct prefix prefix = draw_prefix(prng, model);
		return allowedips_remove(trie, &prefix, &owners[owner]) ==
		       model_remove(model, &prefix, owner);
	} else {
		return lookup_agrees(prng, model, trie, owners);
	}
	return true;
}

static void test_random(void)
{
	static struct model model;
	struct prng prng = prng_start();
	struct allowedips trie = {0};
	struct allowedips_owner owners[MODEL_OWNERS] = {0};
	uint64_t left = operations_wanted();
	size_t most = 0;
	bool agree = true;

	while (agree && left > 0) {
		agree = one_operation(&prng, &model, &trie, owners);
		if (agree && left % 64 == 0) {
			struct census census = census_of(&trie);

			agree = census.faults == 0 && census.owned == model.count &&
				lists_agree(&model, owners);
		}
		most = model.count > most ? model.count : most;
		left -= agree;
	}
	tap_is_int(left, 0, "random operations: as the model");
	printf("# at most %zu prefixes at a time\n", most);
	for (size_t i = 0; i < MODEL_OWNERS; i++)
		allowedips_remove_owner(&trie, &owners[i]);
	tap_ok(!trie.root_ipv4 && !trie.root_ipv6, "nothing is left when all owners have gone");
}

int main(void)
{
	test_cases();
	test_bad_prefixes();
	test_host_bits();
	test_no_memory();
	test_deepest();
	test_random();
	return tap_done();
}
