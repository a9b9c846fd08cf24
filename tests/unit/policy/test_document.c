/* SPDX-License-Identifier: ISC */
#include "policy/document.h"

#include "base/error.h"
#include "faults_text.h"
#include "tap.h"

#include <stdlib.h>

/* Files that are right: how many groups, services and rules they have. */
static const struct {
	const char *name, *text;
	size_t groups, services, rules;
} good[] = {
	{"an empty file", "", 0, 0, 0},
	{"a byte order mark alone", "\xef\xbb\xbf", 0, 0, 0},
	{"comments alone", "# nobody may do anything\n\n", 0, 0, 0},
	{"an empty document", "---\n", 0, 0, 0},
	{"an empty document with an end", "---\n...\n", 0, 0, 0},
	{"an empty mapping", "{}", 0, 0, 0},
	{"all keys, each empty", "groups: {}\nservices: {}\nrules: []\n", 0, 0, 0},
	{"the keys in another order", "rules: []\nservices: {}\ngroups: {}\n", 0, 0, 0},
	{"a document that begins and ends", "---\nrules: []\n...\n", 0, 0, 0},
	{"a byte order mark before a key", "\xef\xbb\xbfrules: []\n", 0, 0, 0},
	{"line ends as of another system", "rules:\r\n  - who: [a]\r\n    may: [b]\r\n", 0, 0, 1},
	{"no end of the last line", "groups: {a: [b]}", 1, 0, 0},
	{"JSON",
		"{\"groups\": {\"a\": [\"b\"]}, \"rules\": [{\"who\": [\"a\"], \"may\": [\"c\"]}]}",
		1, 0, 1},
	{"lists in blocks", "groups:\n  a:\n  - b\n  - c\n  d: []\n", 2, 0, 0},
	{"words of YAML are names", "groups: {yes: [no, null, on, 12, 0x1f]}", 1, 0, 0},
	{"names with all their characters", "groups: {a.b_c-d@e.f: [9, user:x@y]}", 1, 0, 0},
	{"a group and a user of one name in who", "rules: [{who: [user:a, group:a, a], may: [b]}]",
		0, 0, 1},
	{"a service in a file", "services: {a: {target: \"10.0.0.1:80\"}}", 0, 1, 0},
	{"a service without quotes", "services:\n  a:\n    target: 10.0.0.1:80\n", 0, 1, 0},
	{"a service by UDP", "services: {a: {protocol: udp, target: '[fd00::1]:53'}}", 0, 1, 0},
	{"letters of all the world in a comment",
		"rules: [] # \xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xbc\n", 0, 0, 0},
	{"the same name of a group and a service",
		"groups: {a: []}\nservices: {a: {target: \"10.0.0.1:80\"}}", 1, 1, 0},
};

/* Files that are wrong: where, and how. Lines and columns begin at 1. */
static const struct {
	const char *name, *text, *faults;
} bad[] = {
	/* characters */
	{"a byte that is not UTF-8", "rules: []\n# \xff\n", "2:3 encoding"},
	{"a character cut off", "# \xe2\x82", "1:3 encoding"},
	{"a character that is too long", "# \xc0\xaf", "1:3 encoding"},
	{"a three-byte character that is too long", "# \xe0\x80\xaf", "1:3 encoding"},
	{"a surrogate", "# \xed\xa0\x80", "1:3 encoding"},
	{"a character behind the last", "# \xf4\x90\x80\x80", "1:3 encoding"},
	{"UTF-16", "\xff\xfer\0u\0", "1:1 encoding"},
	{"once a line", "# \xff\xff\n# \xc3\xa9\xff\n", "1:3 encoding, 2:4 encoding"},
	{"a tab", "rules:\n\t- who: [a]\n", "2:1 character"},
	{"a tab in a comment", "rules: []\t# none\n", "1:10 character"},
	{"a control character", "a\x01", "1:2 character"},
	{"a delete", "a\x7f", "1:2 character"},
	{"a carriage return alone", "rules: []\rgroups: {}\n", "1:10 character"},
	{"a carriage return at the end", "rules: []\r", "1:10 character"},
	{"a next line", "# \xc2\x85", "1:3 character"},
	{"a line separator", "# \xe2\x80\xa8x", "1:3 character"},
	{"writing from right to left", "# \xe2\x80\xae x", "1:3 character"},
	{"an isolate", "# \xe2\x81\xa6 x", "1:3 character"},
	{"a second byte order mark", "\xef\xbb\xbf\xef\xbb\xbf", "1:1 character"},
	{"a number that is no character", "# \xef\xbf\xbf", "1:3 character"},
	/* YAML */
	{"a list that does not end", "rules: [\n", "2:1 syntax"},
	{"a list that does not end, without a line end", "groups: {a:\n[b, \xc3\xa9", "2:6 syntax"},
	{"an indentation too much", "groups:\n  a: [b]\n   c: [d]\n", "3:4 syntax"},
	{"a quote that does not end", "groups: {a: [\"b]}\n", "2:1 syntax"},
	{"a reserved character", "rules: @x\n", "1:8 syntax"},
	{"an unknown directive", "%FOO bar\n---\nrules: []\n", "1:1 directive"},
	{"a directive", "%YAML 1.1\n---\nrules: []\n", "1:1 directive"},
	{"a directive for tags", "%TAG ! tag:x,2000:\n---\nrules: []\n", "1:1 directive"},
	{"directives by the thousand would take libyaml long", "%TAG !a b\n%TAG !c d\n--- x\n",
		"1:1 directive, 2:1 directive"},
	{"a percent sign that is none", "# a\nrules: [] # 100%\n%\n", "3:1 directive"},
	{"an anchor", "groups: {a: &x [b]}\n", "1:13 anchor"},
	{"an anchor and its alias", "groups:\n  a: &x [b]\n  c: *x\n", "2:6 anchor, 3:6 alias"},
	{"an alias as a name", "groups: {a: [&x b]}\nrules: [{who: [*x], may: [c]}]",
		"1:14 anchor, 2:16 alias"},
	{"an alias as a key", "groups: {a: [&x b], *x : [c]}", "1:14 anchor, 1:21 alias"},
	{"an alias to nothing", "rules: *x", "1:8 alias"},
	{"a merge", "groups: {<<: [a]}", "1:10 name"},
	{"a tag", "rules: !!seq []", "1:8 tag"},
	{"a tag of a text", "groups: {a: [!!str b]}", "1:14 tag"},
	{"a tag of a mapping", "groups: !x {}", "1:9 tag"},
	{"two documents", "rules: []\n---\nrules: []\n", "2:1 second-document"},
	{"two documents, the first is wrong", "rulez: []\n---\nx: []\n",
		"1:1 unknown-key, 2:1 second-document"},
	{"in each other too deeply", "rules: [[[[[[[[x]]]]]]]]", "1:15 too-deep"},
	/* shape */
	{"a text", "hello", "1:1 type"},
	{"a list", "- rules", "1:1 type"},
	{"an empty text in quotes", "\"\"", "1:1 type"},
	{"a null is a text", "~", "1:1 type"},
	{"no rules where the key is", "rules:\n", "1:7 type"},
	{"no groups where the key is", "groups:\nrules: []\n", "1:8 type"},
	{"rules in a mapping", "rules: {who: [a], may: [b]}", "1:8 type"},
	{"groups in a list", "groups: [a]", "1:9 type"},
	{"services in a list", "services:\n  - a\n", "2:3 type"},
	{"a service that is a text", "services: {a: \"10.0.0.1:80\"}", "1:15 type"},
	{"a target that is a list", "services: {a: {target: [fd00::1]}}", "1:24 type"},
	{"a protocol that is a list",
		"services: {a: {target: \"10.0.0.1:1\", protocol: [tcp, udp]}}", "1:48 type"},
	{"a rule that is a text", "rules: [a]", "1:9 type"},
	{"a rule that is nothing", "rules:\n  -\n", "2:4 type"},
	{"who as a text", "rules: [{who: a, may: [b]}]", "1:15 type"},
	{"may as a mapping", "rules: [{who: [a], may: {b: c}}]", "1:25 type"},
	{"members as a text", "groups: {a: b}", "1:13 type"},
	{"a list in a list of names", "groups: {a: [[b]]}", "1:14 type"},
	{"a space behind the prefix", "rules: [{who: [user: a], may: [b]}]", "1:16 type"},
	{"a list as a key", "? [a]\n: b\n", "1:3 type"},
	{"a list as a group's name", "groups: {? [a] : [b]}", "1:12 type"},
	{"a list as a rule's key", "rules: [{who: [a], may: [b], ? [x] : y}]", "1:32 type"},
	/* keys */
	{"an unknown key", "tests: []", "1:1 unknown-key"},
	{"a key in capitals", "Rules: []", "1:1 unknown-key"},
	{"an empty key", "rules: []\n? \n: x\n", "2:2 unknown-key"},
	{"all unknown keys", "grants: []\nrules: []\nconditions: {}\n",
		"1:1 unknown-key, 3:1 unknown-key"},
	{"an unknown key of a service", "services: {a: {target: \"10.0.0.1:1\", port: 1}}",
		"1:38 unknown-key"},
	{"an unknown key of a rule", "rules: [{who: [a], may: [b], until: x}]", "1:30 unknown-key"},
	{"a key twice", "rules: []\nrules: []\n", "2:1 duplicate"},
	{"a rule's key twice", "rules:\n- who: [a]\n  who: [b]\n  may: [c]\n", "3:3 duplicate"},
	{"a group twice", "groups:\n  a: [b]\n  c: []\n  a: [b]\n", "4:3 duplicate"},
	{"a service twice",
		"services:\n  a: {target: \"10.0.0.1:1\"}\n  a: {target: \"10.0.0.1:1\"}\n",
		"3:3 duplicate"},
	{"a member twice", "groups: {a: [b, c, b]}", "1:20 duplicate"},
	{"a member twice, once with a prefix", "groups: {a: [b, user:b]}", "1:17 duplicate"},
	{"who twice", "rules: [{who: [a, user:b, a], may: [c]}]", "1:27 duplicate"},
	{"who twice with a prefix", "rules: [{who: [user:a, user:a], may: [c]}]", "1:24 duplicate"},
	{"may twice", "rules: [{who: [a], may: [c, c]}]", "1:29 duplicate"},
	{"a service without a target", "services: {a: {protocol: udp}}", "1:15 missing-key"},
	{"a service with nothing", "services: {a: {}}", "1:15 missing-key"},
	{"a rule without who", "rules:\n  - may: [a]\n", "2:5 missing-key"},
	{"a rule without may", "rules:\n  - who: [a]\n", "2:5 missing-key"},
	{"a rule with nothing", "rules: [{}]", "1:9 missing-key, 1:9 missing-key"},
	{"nobody in who", "rules: [{who: [], may: [a]}]", "1:15 empty"},
	{"nothing in may", "rules: [{who: [a], may: []}]", "1:25 empty"},
	/* names */
	{"capitals", "groups: {Engineers: [Alice]}", "1:10 name"},
	{"capitals of a member", "groups: {engineers: [Alice]}", "1:22 name"},
	{"an empty name", "groups: {a: [\"\"]}", "1:14 name"},
	{"a name that is nothing", "groups:\n  a:\n    -\n    - b\n", "3:6 name"},
	{"a name with a space", "groups: {a: [b c]}", "1:14 name"},
	{"a name over two lines", "groups:\n  a: [b\n    c]\n", "2:7 name"},
	{"a name that begins with a hyphen", "groups: {a: [-b]}", "1:14 name"},
	{"a name that begins with a point", "groups: {a: [.b]}", "1:14 name"},
	{"a name with a line end", "groups:\n  a:\n  - |\n    b\n", "3:5 name"},
	{"a name with a zero", "groups: {a: [\"b\\0c\"]}", "1:14 name"},
	{"a name with an escaped tab", "groups: {a: [\"b\\tc\"]}", "1:14 name"},
	{"a name of another script", "groups: {a: [\xd0\xb0, b]}", "1:14 name"},
	{"a point in a service", "rules: [{who: [a], may: [b.c]}]", "1:26 name"},
	{"a hyphen at a service's end", "services: {a-: {target: \"10.0.0.1:1\"}}", "1:12 name"},
	{"a prefix of a service", "rules: [{who: [a], may: [user:b]}]", "1:26 name"},
	{"a prefix without a name", "rules: [{who: [\"user:\"], may: [b]}]", "1:16 name"},
	{"an unknown prefix", "rules: [{who: [usr:a], may: [b]}]", "1:16 prefix"},
	{"no prefix before the colon", "rules: [{who: [\":a\"], may: [b]}]", "1:16 prefix"},
	{"a prefix too much", "rules: [{who: [user:user:a], may: [b]}]", "1:16 name"},
	{"a group in a group", "groups: {a: [], b: [group:a]}", "1:21 nested-group"},
	/* targets */
	{"a target that is a name", "services: {a: {target: \"localhost:80\"}}", "1:24 target"},
	{"a target without a port", "services: {a: {target: \"10.0.0.1\"}}", "1:24 target"},
	{"port 0", "services: {a: {target: \"10.0.0.1:0\"}}", "1:24 target"},
	{"port 65536", "services: {a: {target: \"10.0.0.1:65536\"}}", "1:24 target"},
	{"an empty target", "services: {a: {target: \"\"}}", "1:24 target"},
	{"nothing as target", "services: {a: {target: }}", "1:24 target"},
	{"any address", "services: {a: {target: \"0.0.0.0:80\"}}", "1:24 target"},
	{"any IPv6 address", "services: {a: {target: \"[::]:80\"}}", "1:24 target"},
	{"a multicast address", "services: {a: {target: \"224.0.0.1:80\"}}", "1:24 target"},
	{"an IPv6 multicast address", "services: {a: {target: \"[ff02::1]:80\"}}", "1:24 target"},
	{"the broadcast address", "services: {a: {target: \"255.255.255.255:80\"}}", "1:24 target"},
	{"a scope", "services: {a: {target: \"[fe80::1%lo]:80\"}}", "1:24 target"},
	{"a prefix", "services: {a: {target: \"10.0.0.0/8:80\"}}", "1:24 target"},
	{"an unknown protocol", "services: {a: {target: \"10.0.0.1:1\", protocol: sctp}}",
		"1:48 protocol"},
	{"a protocol in capitals", "services: {a: {target: \"10.0.0.1:1\", protocol: TCP}}",
		"1:48 protocol"},
	{"a protocol with a zero", "services: {a: {target: \"10.0.0.1:1\", protocol: \"tcp\\0\"}}",
		"1:48 protocol"},
	/* all of them */
	{"all that is wrong, by place",
		"rulez: []\n"
		"services:\n"
		"  web: {target: nowhere, protocol: icmp}\n"
		"  Web: {target: \"10.0.0.1:80\"}\n"
		"groups:\n"
		"  engineers: [alice, alice, Bob]\n"
		"rules:\n"
		"  - who: engineers\n"
		"    may: []\n"
		"    when: never\n",
		"1:1 unknown-key, 3:17 target, 3:36 protocol, 4:3 name, 6:22 duplicate, 6:29 name, "
		"8:10 type, 9:10 empty, 10:5 unknown-key"},
};

/* Parses a text of a table, whose zeros, if any, are at its end. */
static int parse(const char *text, size_t size, struct policy_faults *faults,
	struct policy_document **ret_document)
{
	/* Of just the size, so that a sanitizer sees what is read behind it. */
	char *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, text, size);
	int result = policy_document_parse(exact, size, faults, ret_document);
	free(exact);
	return result;
}

static void test_good(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		struct policy_faults faults = {0};
		struct policy_document *document = NULL;
		int result = parse(good[i].text, strlen(good[i].text), &faults, &document);

		tap_ok(faults_are(&faults, "") && result == 0 &&
				document->group_count == good[i].groups &&
				document->service_count == good[i].services &&
				document->rule_count == good[i].rules,
			good[i].name);
		policy_document_free(document);
		policy_faults_done(&faults);
	}
}

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct policy_faults faults = {0};
		struct policy_document *document = NULL;
		int result = parse(bad[i].text, strlen(bad[i].text), &faults, &document);

		tap_ok(faults_are(&faults, bad[i].faults) && result == ERR_POLICY && !document,
			bad[i].name);
		policy_faults_done(&faults);
	}
}

/* What the texts say, word for word. */
static void test_words(void)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"sevices: {}",
			"found \"sevices\", expected groups, services or rules; did you mean "
			"services?"},
		{"rules: [{who: [a], may: [b], hwo: [a]}]",
			"found \"hwo\", expected who or may; did you mean who?"},
		{"x: {}", "found \"x\", expected groups, services or rules"},
		{"rules: [{who: engineers, may: [b]}]", "found \"engineers\", expected a list of "
							"users and groups, such as [engineers, "
							"alice]"},
		{"groups: {a: [\"B\\n\\e\\\"\xe2\x82\xac\"]}",
			"found \"B\\x0a\\x1b\\\"\\xe2\\x82\\xac\", expected a name: 1 to 63 of a-z "
			"0-9 - . _ "
			"@, beginning with a letter or digit"},
		{"groups:\n  a: [b]\n  a: [b]\n",
			"found \"a\" a second time, expected it once: it is in line 2, column 3"},
		{"a\tb", "found a tab (U+0009), expected spaces"},
		{"\x80", "found the byte 0x80, expected text in UTF-8"},
		{"rules:", "found nothing, expected a list of rules ([] for none)"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct policy_faults faults = {0};
		struct policy_document *document = NULL;

		(void)parse(rows[i].text, strlen(rows[i].text), &faults, &document);
		bool held = faults.count > 0 && strcmp(faults.list[0].text, rows[i].words) == 0;
		if (!tap_ok(held, rows[i].words) && faults.count > 0)
			printf("# got %s\n", faults.list[0].text);
		policy_faults_done(&faults);
		policy_document_free(document);
	}
}

static void test_content(void)
{
	static const char text[] = "groups:\n"
				   "  engineers: [alice, user:bob]\n"
				   "services:\n"
				   "  dns: {target: \"10.0.0.7:53\", protocol: udp}\n"
				   "  web: {target: \"[fd00::1]:80\"}\n"
				   "rules:\n"
				   "  - who: [engineers, user:carol, group:ops]\n"
				   "    may: [dns, web]\n";
	struct policy_faults faults = {0};
	struct policy_document *document = NULL;
	char target[POLICY_TARGET_TEXT_SIZE];

	if (!tap_ok(parse(text, strlen(text), &faults, &document) == 0, "a whole file"))
		return;
	const struct policy_document_group *group = &document->groups[0];
	tap_ok(strcmp(group->name, "engineers") == 0 && group->at.line == 2 &&
			group->at.column == 3 && group->members.count == 2,
		"a group");
	tap_ok(strcmp(group->members.list[1].name, "bob") == 0 &&
			group->members.list[1].kind == POLICY_MENTION_USER &&
			group->members.list[1].at.column == 22,
		"a member");
	tap_ok(strcmp(policy_target_format(&document->services[0].target, target),
		       "10.0.0.7:53/udp") == 0,
		"a service by UDP");
	tap_ok(strcmp(policy_target_format(&document->services[1].target, target),
		       "[fd00::1]:80/tcp") == 0,
		"a service by TCP, unless it is said");
	const struct policy_document_rule *rule = &document->rules[0];
	tap_ok(rule->at.line == 7 && rule->at.column == 5 && rule->who.count == 3 &&
			rule->may.count == 2,
		"a rule");
	tap_ok(rule->who.list[0].kind == POLICY_MENTION_ANY &&
			rule->who.list[1].kind == POLICY_MENTION_USER &&
			rule->who.list[2].kind == POLICY_MENTION_GROUP &&
			strcmp(rule->who.list[2].name, "ops") == 0,
		"who, by prefix");
	tap_ok(strcmp(rule->may.list[1].name, "web") == 0, "may");
	policy_document_free(document);
	policy_document_free(NULL);
}

int main(void)
{
	test_good();
	test_bad();
	test_words();
	test_content();
	/* The others are the binding's, and those of too much of something: test_document_limits.c.
	 */
	faults_met[POLICY_FAULT_TOO_LARGE] = true;
	faults_met[POLICY_FAULT_TOO_MANY] = true;
	faults_met[POLICY_FAULT_TOO_LONG] = true;
	for (size_t i = 0; i < POLICY_FAULT_UNKNOWN_NAME; i++)
		tap_ok(faults_met[i], policy_fault_word((enum policy_fault_class)i));
	return tap_done();
}
