/* SPDX-License-Identifier: ISC */
/* Rules by libnftables, elements by netlink: what one writes, the other reads. */
#include "net/nftset.h"

#include "namespace.h"

#include "base/clock.h"
#include "base/error.h"
#include "net/nftables.h"

#include <stdlib.h>

enum {
	MANY = 20000, /* elements: a transaction of a megabyte, and a dump of many messages */
};

#define SETTLED_NS (5ULL * NS_PER_S)

static const struct nftset addresses = {"t", "addresses", 4, 0};
static const struct nftset numbers = {"t", "numbers", 4, 4};

static const char table[] = "table inet t {\n"
			    " set addresses { type ipv4_addr; }\n"
			    " map numbers { type ipv4_addr : classid; }\n"
			    " chain c { type filter hook input priority 0; policy accept;\n"
			    "  ip saddr @addresses drop\n"
			    " }\n"
			    "}\n";

/* The address 10.x.y.z, and a number to lead to. */
static struct nftset_element element_of(uint32_t address, uint32_t number)
{
	struct nftset_element element = {0};

	element.key[0] = 10;
	element.key[1] = (uint8_t)(address >> 16);
	element.key[2] = (uint8_t)(address >> 8);
	element.key[3] = (uint8_t)address;
	memcpy(element.data, &number, sizeof number);
	return element;
}

/* What a dump gives: how many, and their sum, which does not depend on order. */
struct sum {
	size_t count;
	uint64_t keys, data;
};

static int add_up(void *context, const struct nftset_element *element)
{
	struct sum *sum = context;
	uint32_t data;

	memcpy(&data, element->data, sizeof data);
	sum->count++;
	sum->keys += (uint64_t)element->key[0] << 24 | (uint64_t)element->key[1] << 16 |
		     (uint64_t)element->key[2] << 8 | element->key[3];
	sum->data += data;
	return 0;
}

static struct sum sum_of(const struct nftset *set)
{
	struct sum sum = {0};

	must(nftset_dump(set, add_up, &sum) == 0, "dump");
	return sum;
}

static uint32_t generation(void)
{
	uint32_t number = 0;

	must(nftset_generation(&number) == 0, "ask for the generation");
	return number;
}

/* Adds or deletes one element. */
static int change_one(const struct nftset *set, bool is_added, struct nftset_element element)
{
	struct nftset_batch *batch = nftset_batch_new();

	if (is_added)
		nftset_batch_add(batch, set, &element);
	else
		nftset_batch_delete(batch, set, &element);
	int result = nftset_batch_commit(batch);
	nftset_batch_free(batch);
	return result;
}

static void test_rules(struct nftables *nftables)
{
	char *listing;

	uint32_t before = generation();
	tap_is_int(nftables_run(nftables, "table inet t {\n nonsense\n}\n"), -EINVAL,
		"nonsense is refused");
	tap_ok(strstr(nftables_error(nftables), "syntax error"), "and it is said why");
	tap_is_int(nftables_run(nftables, "add table inet t\nadd rule inet t none accept\n"),
		-EINVAL, "a text with one wrong command is refused");
	tap_is_int(generation(), before, "as a whole");
	tap_ok(nftables_list(nftables, "inet t", &listing) == 0 && *listing == '\0',
		"a table that is not there is listed as nothing");
	free(listing);
	tap_is_int(nftables_run(nftables, table), 0, "a table is made");
	tap_is_int(generation(), (intmax_t)before + 1, "by one transaction");
	tap_is_int(change_one(&addresses, true, element_of(1, 0)), 0, "add an element");
	must(nftables_run(nftables, "table inet t2 {\n}\n") == 0, "make another table");
	tap_ok(nftables_list(nftables, "inet t", &listing) == 0 &&
			strstr(listing, "ip saddr @addresses drop"),
		"it is listed");
	tap_ok(!strstr(listing, "10.0.0.1") && !strstr(listing, "t2"),
		"without elements and other tables");
	free(listing);
	tap_is_int(change_one(&addresses, false, element_of(1, 0)), 0, "delete the element");
}

static void test_elements(void)
{
	tap_is_int(change_one(&numbers, true, element_of(7, 70)), 0, "add one");
	tap_is_int(change_one(&numbers, true, element_of(7, 71)), -EEXIST, "other data is refused");
	tap_is_int(sum_of(&numbers).data, 70, "the old one stays");
	tap_is_int(change_one(&numbers, false, element_of(8, 0)), -ENOENT,
		"deleting what is not there is refused");
	struct nftset_batch *batch = nftset_batch_new();
	const struct nftset_element old = element_of(7, 70), new = element_of(7, 71);
	nftset_batch_delete(batch, &numbers, &old);
	nftset_batch_add(batch, &numbers, &new);
	tap_is_int(nftset_batch_commit(batch), 0, "in one transaction it changes");
	nftset_batch_free(batch);
	tap_is_int(sum_of(&numbers).data, 71, "and has the new data");
	tap_is_int(sum_of(&numbers).keys, 0x0a000007, "and its key");
	tap_is_int(change_one(&numbers, false, new), 0, "it goes");
	tap_is_int((intmax_t)sum_of(&numbers).count, 0, "and is gone");
	const struct nftset none = {"t", "none", 4, 0};
	tap_is_int(change_one(&none, true, old), -ENOENT, "there is no such set");
	tap_is_int(nftset_dump(&none, add_up, NULL), -ENOENT, "nor can it be dumped");
}

/*
 * The kernel gives a set that has grown another table a moment later, and whoever lists it just
 * then sees elements twice and misses others (rhashtable_walk_next() and -EAGAIN).
 */
static struct sum settled_sum_of(const struct nftset *set, const struct sum *want)
{
	uint64_t end_ns = clock_now().monotonic_ns + SETTLED_NS;
	struct sum sum = sum_of(set);

	while (memcmp(&sum, want, sizeof sum) != 0 && clock_now().monotonic_ns < end_ns)
		sum = sum_of(set);
	return sum;
}

static void test_many(void)
{
	struct nftset_batch *batch = nftset_batch_new();
	uint32_t before = generation();
	struct sum want = {0};

	for (uint32_t i = 0; i < MANY; i++) {
		struct nftset_element element = element_of(i, i + 1);
		nftset_batch_add(batch, i % 3 ? &numbers : &addresses, &element);
		if (i % 3 == 0)
			continue;
		want.count++;
		want.keys += 0x0a000000 + i;
		want.data += i + 1;
	}
	tap_is_int(nftset_batch_commit(batch), 0, "many, of two sets, are added");
	nftset_batch_free(batch);
	tap_is_int(generation(), (intmax_t)before + 1, "by one transaction");
	struct sum got = settled_sum_of(&numbers, &want);
	tap_is_bytes(&got, &want, sizeof got, "and all are there");
	tap_is_int((intmax_t)(sum_of(&addresses).count + got.count), MANY, "in both sets");

	batch = nftset_batch_new();
	for (uint32_t i = 0; i < MANY; i++) {
		struct nftset_element element = element_of(i, i + 1);
		if (i % 3)
			nftset_batch_delete(batch, &numbers, &element);
	}
	const struct nftset_element absent = element_of(MANY + 1, 0);
	nftset_batch_delete(batch, &numbers, &absent);
	tap_is_int(nftset_batch_commit(batch), -ENOENT, "the last of many is refused");
	nftset_batch_free(batch);
	got = sum_of(&numbers);
	tap_is_bytes(&got, &want, sizeof got, "then none is deleted");
	tap_is_int(generation(), (intmax_t)before + 1, "and there was no transaction");
}

static void test_empty(void)
{
	struct nftset_batch *batch = nftset_batch_new();
	uint32_t before = generation();

	tap_is_int(nftset_batch_commit(batch), 0, "an empty transaction works");
	tap_is_int(generation(), before, "and is none");
	nftset_batch_free(batch);
	nftset_batch_free(NULL);
}

/* In a child: without rights. */
static int without_rights(void *context)
{
	become_nobody();
	bool held = nftables_run(context, "add table inet t3\n") == -EPERM;
	held = held && change_one(&addresses, true, element_of(1, 0)) == -EPERM;
	return held ? 0 : 1;
}

int main(void)
{
	struct nftables *nftables;

	if (!namespace_enter() || !run("nft list ruleset")) {
		tap_skip("nftset", "no network namespace with nftables can be made here");
		return tap_done();
	}
	must(nftables_open(&nftables) == 0, "open libnftables");
	nftables_close(NULL);
	test_rules(nftables);
	test_elements();
	test_many();
	test_empty();
	tap_is_int(in_child(without_rights, nftables), 0, "who has no rights is told so");
	nftables_close(nftables);
	return tap_done();
}
