/* SPDX-License-Identifier: ISC */
#include "gateway/ruleset.h"

#include "small_model.h"
#include "tap.h"

static const char want_change[] =
	"delete element inet tacet grants4 { 0:1 . 10.9.200.1 . tcp . 80 }\n"
	"delete element inet tacet targets4 { 10.9.200.1 . tcp . 80 : 127.0.0.1 . 8080 }\n"
	"add element inet tacet roles4 { 10.9.0.4 : 0:1 }\n"
	"add element inet tacet targets4 { 10.9.200.1 . tcp . 80 : 127.0.0.2 . 8080 }\n";

static unsigned count_of(const char *text, const char *what)
{
	unsigned count = 0;

	for (const char *found = text; (found = strstr(found, what)); found++)
		count++;
	return count;
}

static void test_change(void)
{
	struct elements from, to;
	struct small_model small;

	small_model_init(&small);
	tap_is_int(elements_build(&small.model, &from), 0, "a model");
	char *text = ruleset_change_text(&from, &from);
	tap_ok(*text == '\0', "what is the same needs no text");
	free(text);
	small.devices[small.model.device_count++] =
		(struct model_device){.ipv4 = at("10.9.0.4"), .role = 1};
	small.services[0].target = at("127.0.0.2");
	small.grants[0] = small.grants[--small.model.grant_count];
	tap_is_int(elements_build(&small.model, &to), 0, "another one");
	text = ruleset_change_text(&from, &to);
	if (!tap_ok(strcmp(text, want_change) == 0, "the text of what differs, deletions first"))
		printf("# got:\n%s", text);
	free(text);
	elements_done(&from);
	elements_done(&to);
}

static void test_rules(void)
{
	struct small_model small;

	small_model_init(&small);
	struct model_tunnel *tunnel = &small.model.tunnel;
	char *renew = ruleset_text(tunnel, RULESET_RENEW);
	char *replace = ruleset_text(tunnel, RULESET_REPLACE);
	char *removed = ruleset_text(tunnel, RULESET_REMOVE);
	tap_ok(strncmp(renew, "add table inet tacet\nflush table inet tacet\n", 43) == 0,
		"renewing keeps what is in sets");
	tap_ok(strncmp(replace, "add table inet tacet\ndelete table inet tacet\n", 44) == 0,
		"replacing does not");
	tap_ok(strcmp(removed, "add table inet tacet\ndelete table inet tacet\n"
			       "add table arp tacet\ndelete table arp tacet\n") == 0,
		"removing leaves nothing");
	tap_ok(strcmp(strstr(renew, "table inet tacet {"), strstr(replace, "table inet tacet {")) ==
			0,
		"the rules are the same");
	tap_is_int(count_of(renew, "elements"), 0, "no rule holds an element");
	tap_is_int(count_of(renew, " mark"), 0, "no rule knows of marks");
	tap_ok(count_of(renew, "ip6") > 0, "both families have rules");
	tap_is_int(count_of(renew, "foreign\" drop"), 0, "a router goes on forwarding");
	free(renew);
	tap_is_int(count_of(replace, "7411"), 0, "nobody is called");
	tunnel->controller_ipv4 = at("10.9.0.9");
	tunnel->controller_port = 7411;
	renew = ruleset_text(tunnel, RULESET_RENEW);
	tap_is_int(count_of(renew, "ip saddr 10.9.0.9 ip daddr 10.9.0.1 tcp sport 7411 accept"), 1,
		"the controller is heard");
	tap_is_int(count_of(renew, "ip saddr 10.9.0.9 ip daddr 10.9.0.1 tcp sport 7411 "
				   "ct direction original counter name \"denied\" drop"),
		1, "where it answers");
	tap_is_int(count_of(renew, "ip daddr 10.9.0.9 ip saddr 10.9.0.1 tcp dport 7411 accept"), 1,
		"and called");
	tap_is_int(count_of(renew, "7411"), 3, "in the family alone in which it is");
	tunnel->controller_ipv4 = at("");
	free(renew);
	tunnel->forwards_for_tunnel_only = true;
	tunnel->ipv6 = at("");
	tunnel->overlay_ipv6 = within("");
	renew = ruleset_text(tunnel, RULESET_RENEW);
	tap_is_int(count_of(renew, "foreign\" drop"), 1, "a host does not begin to");
	tap_is_int(count_of(renew, "ip6"), 0, "a family that is not there has no rules");
	tap_is_int(count_of(renew, "counter name \"denied\" drop"), 2, "the rest is dropped");
	free(renew);
	free(replace);
	free(removed);
}

/* Listings as nft writes them, and whether all in them is ours. */
static const struct {
	const char *name;
	const char *listing;
	bool is_ours;
} listings[] = {
	{"nothing", "", true},
	{"an empty table", "table inet tacet {\n}", true},
	{"a chain and a set",
		"table inet tacet {\n\tset grants4 {\n\t\ttype classid\n\t}\n\n"
		"\tchain input {\n\t\ttype filter hook input priority -10; "
		"policy accept;\n\t\tiifname \"tacet0\" goto deliver\n\t}\n}",
		true},
	{"a foreign chain", "table inet tacet {\n\tchain other {\n\t}\n}", false},
	{"a longer name", "table inet tacet {\n\tchain inputs {\n\t}\n}", false},
	{"a shorter name", "table inet tacet {\n\tchain inpu {\n\t}\n}", false},
	{"a foreign set", "table inet tacet {\n\tset other {\n\t\ttype mark\n\t}\n}", false},
	{"a map of another kind", "table inet tacet {\n\tset roles4 {\n\t\ttype mark\n\t}\n}",
		false},
	{"a set with limits",
		"table inet tacet {\n\tset grants4 {\n\t\ttype classid\n\t\tsize 3\n\t}\n}", false},
	{"another policy",
		"table inet tacet {\n\tchain input {\n\t\ttype filter hook input priority -10; "
		"policy drop;\n\t}\n}",
		false},
	{"a table that sleeps", "table inet tacet {\n\tflags dormant\n}", false},
	{"a flow table", "table inet tacet {\n\tflowtable f {\n\t}\n}", false},
};

static void test_ours(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(listings); i++)
		tap_is_int(ruleset_is_ours(listings[i].listing), listings[i].is_ours,
			listings[i].name);
}

int main(void)
{
	test_change();
	test_rules();
	test_ours();
	return tap_done();
}
