/* SPDX-License-Identifier: ISC */
/* What names mean, and what becomes of a policy in which they mean nothing. */
#include "policy/compile.h"

#include "base/error.h"
#include "faults_text.h"
#include "tap.h"

#include <stdlib.h>

enum {
	DEVICE_ALICE = 1, /* ids */
	DEVICE_BOB,
	DEVICE_CAROL,
	SERVICE_DB = 10,
	SERVICE_WEB,
	SERVICE_HOST, /* its target has a name */
};

static struct policy_target target_of(const char *text)
{
	struct policy_target target;

	if (policy_target_parse(text, strlen(text), &target) < 0)
		abort();
	return target;
}

static void must(int result)
{
	if (result < 0)
		abort();
}

/*
 * Users alice, bob, carol and ops; groups ops: alice, bob; staff: carol; empty: nobody. Services
 * db at 10.0.0.7:5432, web at 127.0.0.1:80, and host at a host's name.
 */
static struct policy_model *new_world(void)
{
	struct policy_model *model = policy_model_new();
	const struct policy_target db = target_of("10.0.0.7:5432"), web = target_of("127.0.0.1:80");

	must(policy_model_add_user(model, "alice"));
	must(policy_model_add_user(model, "bob"));
	must(policy_model_add_user(model, "carol"));
	must(policy_model_add_user(model, "ops"));
	must(policy_model_add_group(model, "ops"));
	must(policy_model_add_group(model, "staff"));
	must(policy_model_add_group(model, "empty"));
	must(policy_model_add_member(model, "ops", "alice"));
	must(policy_model_add_member(model, "ops", "bob"));
	must(policy_model_add_member(model, "staff", "carol"));
	must(policy_model_add_device(model, DEVICE_ALICE, "alice", POLICY_DEVICE_ACTIVE));
	must(policy_model_add_device(model, DEVICE_BOB, "bob", POLICY_DEVICE_ACTIVE));
	must(policy_model_add_device(model, DEVICE_CAROL, "carol", POLICY_DEVICE_ACTIVE));
	must(policy_model_add_service(model, SERVICE_DB, "db", &db));
	must(policy_model_add_service(model, SERVICE_WEB, "web", &web));
	must(policy_model_add_service(model, SERVICE_HOST, "host", NULL));
	return model;
}

static struct policy_document *parse(const char *text)
{
	struct policy_faults faults = {0};
	struct policy_document *document = NULL;

	if (policy_document_parse(text, strlen(text), &faults, &document) < 0) {
		printf("# %s\n# %s\n", text, faults.list[0].text);
		abort();
	}
	return document;
}

#define RULES "rules: "
#define MAY "may: [db]"

static const struct {
	const char *name, *text, *faults;
} checks[] = {
	{"nothing", "", ""},
	{"a user and a group", RULES "[{who: [alice, staff], " MAY "}]", ""},
	{"a user and a group by prefix", RULES "[{who: [user:ops, group:ops], " MAY "}]", ""},
	{"a group of the file", "groups: {dev: [alice]}\n" RULES "[{who: [dev], " MAY "}]", ""},
	{"a service of the file",
		"services: {x: {target: \"10.0.0.1:1\"}}\n" RULES "[{who: [alice], may: [x]}]", ""},
	{"a service of the file and the store that is the same",
		"services: {db: {target: \"10.0.0.7:5432\", protocol: tcp}}", ""},
	{"a group of the file and the store that is the same", "groups: {ops: [bob, alice]}", ""},
	{"an empty group of both", "groups: {empty: []}", ""},
	{"a group of the file with a user's name", "groups: {alice: [bob]}", ""},
	{"an unknown name in who", RULES "[{who: [nobody-here], " MAY "}]", "1:16 unknown-name"},
	{"an unknown user", RULES "[{who: [user:staff], " MAY "}]", "1:16 unknown-name"},
	{"an unknown group", RULES "[{who: [group:alice], " MAY "}]", "1:16 unknown-name"},
	{"an unknown service", RULES "[{who: [alice], may: [dbx]}]", "1:30 unknown-name"},
	{"a user as a service", RULES "[{who: [alice], may: [bob]}]", "1:30 unknown-name"},
	{"a service as a user", RULES "[{who: [db], may: [db]}]", "1:16 unknown-name"},
	{"an unknown member", "groups: {dev: [alise]}", "1:16 unknown-name"},
	{"an unknown member of a group of both", "groups: {staff: [carol, dave]}",
		"1:25 unknown-name"},
	{"a name that is both", RULES "[{who: [ops], " MAY "}]", "1:16 ambiguous"},
	{"a name that is both by the file",
		"groups: {alice: []}\n" RULES "[{who: [alice], " MAY "}]", "2:16 ambiguous"},
	{"a member that is both", "groups: {dev: [ops]}", "1:16 ambiguous"},
	{"a member that is both by prefix", "groups: {dev: [user:ops]}", ""},
	{"a group of the store in a group", "groups: {dev: [staff]}", "1:16 nested-group"},
	{"a group of the file in a group", "groups: {dev: [], x: [dev]}", "1:23 nested-group"},
	{"a group in itself", "groups: {dev: [dev]}", "1:16 nested-group"},
	{"a group with one less", "groups: {ops: [alice]}", "1:10 conflict"},
	{"a group with one more", "groups: {ops: [alice, bob, carol]}", "1:10 conflict"},
	{"a group with another", "groups: {ops: [alice, carol]}", "1:10 conflict"},
	{"a group with nobody", "groups: {ops: []}", "1:10 conflict"},
	{"a group with an unknown member instead", "groups: {ops: [alice, dave]}",
		"1:10 conflict, 1:23 unknown-name"},
	{"another address", "services: {db: {target: \"10.0.0.8:5432\"}}", "1:12 conflict"},
	{"another port", "services: {db: {target: \"10.0.0.7:5433\"}}", "1:12 conflict"},
	{"another protocol", "services: {db: {target: \"10.0.0.7:5432\", protocol: udp}}",
		"1:12 conflict"},
	{"a host's name in the store", "services: {host: {target: \"10.0.0.7:5432\"}}",
		"1:12 conflict"},
	{"all of them, by place",
		"rules:\n  - who: [enginers, alice]\n    may: [wbe]\n"
		"groups:\n  ops: []\n  engineers: [alise]\n"
		"services:\n  db: {target: \"10.0.0.1:1\"}\n",
		"2:11 unknown-name, 3:11 unknown-name, 5:3 conflict, 6:15 unknown-name, 8:3 "
		"conflict"},
};

static void test_checks(void)
{
	struct policy_model *model = new_world();

	for (size_t i = 0; i < ARRAY_LENGTH(checks); i++) {
		struct policy_document *document = parse(checks[i].text);
		struct policy_faults faults = {0};
		int result = policy_check(document, model, &faults);

		tap_ok(faults_are(&faults, checks[i].faults) &&
				result == (*checks[i].faults ? ERR_POLICY : 0),
			checks[i].name);
		policy_faults_done(&faults);
		policy_document_free(document);
	}
	policy_model_free(model);
}

/* What the texts say, word for word; of one fault each. */
static void test_words(void)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"groups: {engineers: []}\n" RULES "[{who: [enginers], " MAY "}]",
			"found \"enginers\", expected the name of a user or a group; did you mean "
			"engineers?"},
		{RULES "[{who: [user:alcie], " MAY "}]",
			"found \"alcie\", expected the name of a user; did you mean alice?"},
		{RULES "[{who: [group:alice], " MAY "}]",
			"found \"alice\", expected the name of a group"},
		{RULES "[{who: [alice], may: [wab]}]",
			"found \"wab\", expected the name of a service; did you mean web?"},
		{RULES "[{who: [ops], " MAY "}]",
			"found \"ops\", which is both a user and a group, "
			"expected user:ops or group:ops"},
		{"groups: {ops: [alice]}", "found the group \"ops\" without \"bob\", expected the "
					   "members that it has in the store (tacet user)"},
		{"groups: {staff: [carol, alice]}", "found the group \"staff\" with \"alice\", "
						    "expected the members that it has in "
						    "the store (tacet user)"},
		{"services: {db: {target: \"10.0.0.1:1\"}}",
			"found the service \"db\" at 10.0.0.1:1/tcp, expected 10.0.0.7:5432/tcp, "
			"where "
			"it is in the store (tacet service)"},
		{"services: {host: {target: \"10.0.0.1:1\"}}",
			"found the service \"host\" at 10.0.0.1:1/tcp, expected a host's name, "
			"where it "
			"is in the store (tacet service)"},
	};
	struct policy_model *model = new_world();

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct policy_document *document = parse(rows[i].text);
		struct policy_faults faults = {0};

		int result = policy_check(document, model, &faults);
		bool held = result == ERR_POLICY && faults.count == 1 &&
			    strcmp(faults.list[0].text, rows[i].words) == 0;
		if (!tap_ok(held, rows[i].words) && faults.count > 0)
			printf("# got %s\n", faults.list[0].text);
		policy_faults_done(&faults);
		policy_document_free(document);
	}
	policy_model_free(model);
}

/* Compiles in the world above. Which of db and web alice, bob and carol may reach, or why not. */
static bool compiles_to(
	const char *text, enum policy_strictness strictness, const char *faulty, const char *want)
{
	struct policy_model *model = new_world();
	struct policy_document *document = parse(text);
	const struct policy_source source = {
		.document = document, .model = model, .strictness = strictness};
	struct policy_faults faults = {0};
	struct policy_compiled *compiled = NULL;
	char got[] = "-- -- --";
	int result = policy_compile(&source, &faults, &compiled);
	bool held = faults_are(&faults, faulty);

	for (uint32_t i = 0; compiled && i < 3; i++) {
		if (policy_allows(compiled, DEVICE_ALICE + i, SERVICE_DB))
			got[3 * i] = 'd';
		if (policy_allows(compiled, DEVICE_ALICE + i, SERVICE_WEB))
			got[3 * i + 1] = 'w';
	}
	if (result < 0)
		memcpy(got, "refused.", sizeof got);
	if (strcmp(got, want) != 0)
		printf("# got %s, want %s\n", got, want);
	held = held && strcmp(got, want) == 0 && (result < 0) == !compiled;
	policy_compiled_free(compiled);
	policy_faults_done(&faults);
	policy_document_free(document);
	policy_model_free(model);
	return held;
}

static void test_strictness(void)
{
	static const struct {
		const char *name, *text, *faults, *want;
	} rows[] = {
		{"all is right",
			RULES "[{who: [group:ops], may: [db]}, {who: [carol], may: [web]}]", "",
			"d- d- -w"},
		{"a user who has gone is granted nothing, the others all",
			RULES "[{who: [dave, bob], may: [db]}]", "1:16 unknown-name", "-- d- --"},
		{"a service that has gone", RULES "[{who: [bob], may: [mail, db]}]",
			"1:28 unknown-name", "-- d- --"},
		{"a name that is both grants neither anything",
			RULES "[{who: [ops, carol], may: [db]}]", "1:16 ambiguous", "-- -- d-"},
		{"a group in conflict has no members",
			"groups: {ops: [alice]}\n" RULES "[{who: [group:ops, carol], may: [db]}]",
			"1:10 conflict", "-- -- d-"},
		{"a service in conflict is granted to nobody",
			"services: {db: {target: \"10.0.0.1:1\"}}\n" RULES
			"[{who: [alice], may: [db, web]}]",
			"1:12 conflict", "-w -- --"},
		{"a service of the file that the store lacks",
			"services: {x: {target: \"10.0.0.1:1\"}}\n" RULES
			"[{who: [alice], may: [x, web]}]",
			"1:12 unregistered", "-w -- --"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		bool is_right = *rows[i].faults == '\0';

		tap_ok(compiles_to(rows[i].text, POLICY_LENIENT, rows[i].faults, rows[i].want),
			rows[i].name);
		tap_ok(compiles_to(rows[i].text, POLICY_STRICT, rows[i].faults,
			       is_right ? rows[i].want : "refused."),
			"and strictly");
	}
}

static void test_model(void)
{
	struct policy_model *model = new_world();
	const struct policy_target target = target_of("10.0.0.1:1");

	tap_is_int(policy_model_add_user(model, "Alice"), ERR_NAME, "a user's name");
	tap_is_int(policy_model_add_user(model, "alice"), ERR_EXISTS, "a user twice");
	tap_is_int(policy_model_add_group(model, ""), ERR_NAME, "a group's name");
	tap_is_int(policy_model_add_group(model, "ops"), ERR_EXISTS, "a group twice");
	tap_is_int(policy_model_add_member(model, "opz", "alice"), ERR_NOT_FOUND, "no such group");
	tap_is_int(policy_model_add_member(model, "ops", "alise"), ERR_NOT_FOUND, "no such member");
	tap_is_int(policy_model_add_member(model, "ops", "alice"), ERR_EXISTS, "a member twice");
	tap_is_int(policy_model_add_device(model, 7, "dave", POLICY_DEVICE_ACTIVE), ERR_NOT_FOUND,
		"a device of nobody");
	tap_is_int(policy_model_add_device(model, DEVICE_BOB, "alice", POLICY_DEVICE_ACTIVE),
		ERR_EXISTS, "a device twice");
	tap_is_int(
		policy_model_add_service(model, 20, "a.b", &target), ERR_LABEL, "a service's name");
	tap_is_int(policy_model_add_service(model, 20, "a-", &target), ERR_LABEL,
		"a service's name with a hyphen at its end");
	tap_is_int(policy_model_add_service(model, 20, "db", &target), ERR_EXISTS,
		"a service's name twice");
	tap_is_int(policy_model_add_service(model, SERVICE_DB, "x", &target), ERR_EXISTS,
		"a service's id twice");
	policy_model_free(model);
	policy_model_free(NULL);
}

int main(void)
{
	test_checks();
	test_words();
	test_strictness();
	test_model();
	for (size_t i = POLICY_FAULT_UNKNOWN_NAME; i < POLICY_FAULT_CLASSES; i++)
		tap_ok(faults_met[i], policy_fault_word((enum policy_fault_class)i));
	return tap_done();
}
