/* SPDX-License-Identifier: ISC */
/*
 * Milliseconds and bytes for a policy of a large network: reading the file, binding and compiling
 * it, compiling it again after a small change, and the difference. The same worlds in every run, in
 * time of the processor. Fails where a compilation takes longer than its bar.
 */
#include "policy/compile.h"
#include "policy/diff.h"

#include "base/clock.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	RUNS = 5,
	BAR_MS = 100, /* for one compilation of the largest world */
	GROUPS_A_USER = 3,
};

/* How large a world is. Each user has one device. */
struct measure {
	const char *name;
	size_t devices, services, rules, groups;
	size_t who, may; /* names in a rule */
	size_t large;	 /* groups that everybody is in */
};

static const struct measure measures[] = {
	{"small", 100, 20, 20, 10, 2, 4, 1},
	{"groups: 10,000 devices, 1,000 services, 500 rules", 10000, 1000, 500, 200, 3, 10, 1},
	{"the same, everybody in 100 groups", 10000, 1000, 500, 200, 3, 10, 100},
	{"the same, users by name and no two alike", 10000, 1000, 500, 200, 400, 30, 1},
};

/* A file as it is written. */
struct text {
	char *at;
	size_t size, capacity;
};

static uint64_t random_state;

/* splitmix64: the same worlds in every run. */
static size_t random_below(size_t bound)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % bound;
}

/* Ends the program where a step fails. */
static void must(int result)
{
	if (result >= 0)
		return;
	(void)fprintf(stderr, "micro_policy: error %d\n", result);
	exit(1);
}

__attribute__((format(printf, 2, 3))) static void write_text(
	struct text *text, const char *format, ...)
{
	va_list values;

	if (text->capacity - text->size < 256) {
		text->capacity = text->capacity ? text->capacity * 2 : 4096;
		text->at = realloc(text->at, text->capacity);
		must(text->at ? 0 : -1);
	}
	va_start(values, format);
	int size = vsnprintf(text->at + text->size, 256, format, values);
	va_end(values);
	must(size);
	text->size += (size_t)size;
}

/* Different numbers below `bound`, written as names: at random, so some may be left out. */
static void write_names(struct text *text, size_t count, size_t bound, char letter)
{
	bool *used = calloc(bound, sizeof *used);

	must(used ? 0 : -1);
	for (size_t i = 0; i < count; i++) {
		size_t number = random_below(bound);

		if (!used[number])
			write_text(text, "%c%zu, ", letter, number);
		used[number] = true;
	}
	free(used);
}

/* The rules of a world; `changed` of them have a service more. */
static struct text text_of(const struct measure *measure, size_t changed)
{
	struct text text = {0};
	bool by_name = measure->who > measure->groups;

	random_state = 1;
	write_text(&text, "rules:\n");
	for (size_t i = 0; i < measure->rules; i++) {
		write_text(&text, "  - who: [");
		write_names(&text, measure->who, by_name ? measure->devices : measure->groups,
			by_name ? 'u' : 'g');
		write_text(&text, "]\n    may: [");
		write_names(&text, measure->may, measure->services - 1, 's');
		if (i < changed)
			write_text(&text, "s%zu", measure->services - 1);
		write_text(&text, "]\n");
	}
	return text;
}

static void add_user(struct policy_model *model, const struct measure *measure, size_t user)
{
	char name[POLICY_NAME_SIZE], group[POLICY_NAME_SIZE];

	(void)snprintf(name, sizeof name, "u%zu", user);
	must(policy_model_add_user(model, name));
	must(policy_model_add_device(model, (uint32_t)user, name, POLICY_DEVICE_ACTIVE));
	for (size_t i = 0; i < measure->large + GROUPS_A_USER; i++) {
		(void)snprintf(group, sizeof group, "g%zu",
			i < measure->large ? i : random_below(measure->groups));
		/* Drawn twice: in it already. */
		int result = policy_model_add_member(model, group, name);
		(void)result;
	}
}

static struct policy_model *model_of(const struct measure *measure)
{
	const struct policy_target target = {
		.address = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}}, .port = 80};
	struct policy_model *model = policy_model_new();
	char name[POLICY_NAME_SIZE];

	random_state = 2;
	for (size_t i = 0; i < measure->groups; i++) {
		(void)snprintf(name, sizeof name, "g%zu", i);
		must(policy_model_add_group(model, name));
	}
	for (size_t i = 0; i < measure->devices; i++)
		add_user(model, measure, i);
	for (size_t i = 0; i < measure->services; i++) {
		(void)snprintf(name, sizeof name, "s%zu", i);
		must(policy_model_add_service(model, (uint32_t)i, name, &target));
	}
	return model;
}

static struct policy_document *document_of(const struct measure *measure, size_t changed)
{
	struct text text = text_of(measure, changed);
	struct policy_faults faults = {0};
	struct policy_document *document = NULL;
	int result = policy_document_parse(text.at, text.size, &faults, &document);

	if (result < 0)
		(void)fprintf(stderr, "%u:%u: %s\n", faults.list[0].at.line,
			faults.list[0].at.column, faults.list[0].text);
	must(result);
	free(text.at);
	return document;
}

/* Time that this thread has had: what others do on the machine counts less. */
static uint64_t spent_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* cannot fail with this clock */
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static double ms_since(uint64_t then_ns)
{
	return (double)(spent_ns() - then_ns) / NS_PER_MS;
}

/* Bytes that the heap has given out. */
static size_t heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* The fastest of several compilations; the last one stays. */
static double compile(const struct policy_source *source, struct policy_compiled **ret_compiled)
{
	double best = 0;

	*ret_compiled = NULL;
	for (size_t run = 0; run < RUNS; run++) {
		struct policy_faults faults = {0};
		uint64_t began = spent_ns();

		policy_compiled_free(*ret_compiled);
		must(policy_compile(source, &faults, ret_compiled));
		double ms = ms_since(began);
		best = run == 0 || ms < best ? ms : best;
	}
	return best;
}

static size_t count_grants(const struct policy_compiled *compiled)
{
	size_t count = 0;

	for (size_t i = 0; i < policy_role_count(compiled); i++) {
		struct policy_grants grants =
			policy_grants_of(compiled, policy_role_at(compiled, i));
		uint32_t service;

		while (policy_grants_next(&grants, &service))
			count++;
	}
	return count;
}

static void count_pair(void *context, enum policy_change change, uint32_t device, uint32_t service)
{
	size_t *count = context;

	(void)change;
	(void)device;
	(void)service;
	(*count)++;
}

static void report_difference(
	const struct policy_compiled *before, const struct policy_compiled *after)
{
	struct policy_diff diff;
	size_t pairs = 0;
	const struct policy_visitor visitor = {count_pair, &pairs};
	uint64_t began = spent_ns();

	policy_diff_init(&diff, before, after);
	double diff_ms = ms_since(began);
	began = spent_ns();
	policy_diff_pairs(before, after, &visitor);
	printf("  difference      %8.2f ms  %zu roles, %zu grants and %zu devices change\n",
		diff_ms, diff.roles_added_count + diff.roles_removed_count,
		diff.grants_added_count + diff.grants_removed_count, diff.move_count);
	printf("  its pairs       %8.2f ms  %zu devices and services\n", ms_since(began), pairs);
	policy_diff_done(&diff);
}

/* Prints one world's figures; returns whether its compilations held the bar. */
static bool report(const struct measure *measure)
{
	struct policy_model *model = model_of(measure);
	size_t before = heap_bytes();
	uint64_t began = spent_ns();
	struct policy_document *document = document_of(measure, 0);
	double parse_ms = ms_since(began);
	size_t document_bytes = heap_bytes() - before;
	struct policy_document *changed = document_of(measure, 1);
	struct policy_source source = {.document = document, .model = model};
	struct policy_compiled *first, *second;
	double first_ms = compile(&source, &first);

	source.document = changed;
	source.previous = first;
	double second_ms = compile(&source, &second);
	printf("%s\n", measure->name);
	printf("  file            %8.2f ms  %zu KiB\n", parse_ms, document_bytes / 1024);
	printf("  compilation     %8.2f ms  %zu KiB, %zu roles, %zu grants\n", first_ms,
		policy_compiled_bytes(first) / 1024, policy_role_count(first) - 1,
		count_grants(first));
	printf("  one rule more   %8.2f ms\n", second_ms);
	report_difference(first, second);
	policy_compiled_free(first);
	policy_compiled_free(second);
	policy_document_free(document);
	policy_document_free(changed);
	policy_model_free(model);
	return first_ms <= BAR_MS && second_ms <= BAR_MS;
}

int main(void)
{
	bool held = true;

	for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++)
		held = report(&measures[i]) && held;
	printf("a compilation in at most %d ms: %s\n", BAR_MS, held ? "held" : "MISSED");
	return held ? 0 : 1;
}
