/* SPDX-License-Identifier: ISC */
/* Policy files that are as large as may be, and one larger. */
#include "policy/document.h"

#include "base/error.h"
#include "faults_text.h"
#include "tap.h"

#include <stdlib.h>

/* A text that grows. */
struct text {
	char *at;
	size_t size;
};

/* Appends `count` times a text, in which %zu, if any, is the number of the copy. */
static void repeat(struct text *text, size_t count, const char *format)
{
	size_t room = strlen(format) + 24;

	text->at = realloc(text->at, text->size + count * room + 1);
	if (!text->at)
		abort();
	for (size_t i = 0; i < count; i++) {
		const char *number = strstr(format, "%zu");
		int prefix = (int)(number ? (size_t)(number - format) : strlen(format));
		text->size += number ? (size_t)snprintf(text->at + text->size, room, "%.*s%zu%s",
					       prefix, format, i, number + 3)
				     : (size_t)snprintf(text->at + text->size, room, "%s", format);
	}
}

/* Parses the text, which is freed; whether it has just the faults, or one more are only counted. */
static bool has_faults(struct text *text, const char *want)
{
	struct policy_faults faults = {0};
	struct policy_document *document = NULL;

	int result = policy_document_parse(text->at, text->size, &faults, &document);
	bool held = faults_are(&faults, want) && (result == 0) == (*want == '\0');
	policy_document_free(document);
	policy_faults_done(&faults);
	free(text->at);
	*text = (struct text){0};
	return held;
}

/* What each of the maxima is for: all it takes before, each of it, and what is wrong at one more.
 */
static const struct {
	const char *name, *before, *each, *after;
	size_t most;
	const char *faults;
} maxima[] = {
	{"a group's name", "groups:\n  ", "a", ": []\n", POLICY_NAME_MAX, "2:3 too-long"},
	{"a member's name", "groups:\n  a: [user:", "a", "]\n", POLICY_NAME_MAX, "2:7 too-long"},
	{"a service's name", "rules:\n- who: [a]\n  may: [", "a", "]\n", POLICY_NAME_MAX,
		"3:9 too-long"},
	{"groups", "groups:\n", "  g%zu: []\n", "", POLICY_GROUPS_MAX, "10002:3 too-many"},
	{"services", "services:\n", "  s%zu: {target: \"10.0.0.1:1\"}\n", "", POLICY_SERVICES_MAX,
		"10002:3 too-many"},
	{"rules", "rules:\n", "  - {who: [a], may: [b]}\n", "", POLICY_RULES_MAX,
		"10002:5 too-many"},
	{"values", "groups:\n  a:\n", "  - u%zu\n", "", (1 << 18) - 5, "262142:5 too-many"},
	{"bytes", "", "#", "", POLICY_FILE_MAX, "1:1 too-large"},
};

static void test_maxima(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(maxima); i++) {
		struct text text = {0};
		char name[64];

		for (size_t more = 0; more < 2; more++) {
			repeat(&text, 1, maxima[i].before);
			repeat(&text, maxima[i].most + more, maxima[i].each);
			repeat(&text, 1, maxima[i].after);
			(void)snprintf(name, sizeof name, "%s: %s", maxima[i].name,
				more ? "one too many" : "as many as there may be");
			tap_ok(has_faults(&text, more ? maxima[i].faults : ""), name);
		}
	}
}

static void test_depth(void)
{
	struct text text = {0};

	repeat(&text, 8, "[");
	repeat(&text, 8, "]");
	tap_ok(has_faults(&text, "1:1 type"), "lists in each other as deeply as may be");
	repeat(&text, 9, "[");
	repeat(&text, 9, "]");
	tap_ok(has_faults(&text, "1:9 too-deep"), "one deeper");
	repeat(&text, POLICY_FILE_MAX, "[");
	tap_ok(has_faults(&text, "1:9 too-deep"), "a whole file deep");
	repeat(&text, POLICY_FILE_MAX / 2, "- ");
	tap_ok(has_faults(&text, "1:17 too-deep"), "a whole file deep, in blocks");
}

static void test_fault_count(void)
{
	struct policy_faults faults = {0};
	struct policy_document *document = NULL;
	struct text text = {0};

	for (size_t more = 0; more < 2; more++) {
		repeat(&text, POLICY_FAULTS_MAX + more, "x%zu: y\n");
		tap_is_int(policy_document_parse(text.at, text.size, &faults, &document),
			ERR_POLICY, more ? "a fault too many" : "as many faults as are kept");
		tap_ok(faults.count == POLICY_FAULTS_MAX && faults.more == more &&
				faults_are_clean(&faults),
			"they are counted");
		policy_faults_done(&faults);
		free(text.at);
		text = (struct text){0};
	}
}

static void test_shown(void)
{
	char long_text[2 * POLICY_SHOWN_MAX];

	memset(long_text, 'a', sizeof long_text);
	tap_is_int((intmax_t)strlen(policy_show(long_text, POLICY_SHOWN_MAX).text),
		POLICY_SHOWN_MAX + 2, "what is as long as may be shown");
	struct policy_shown shown = policy_show(long_text, POLICY_SHOWN_MAX + 1);
	tap_ok(strlen(shown.text) == POLICY_SHOWN_MAX + 5 &&
			strcmp(shown.text + POLICY_SHOWN_MAX + 1, "...\"") == 0,
		"what is longer is cut");
	memset(long_text, '\xff', sizeof long_text);
	shown = policy_show(long_text, sizeof long_text);
	tap_ok(strlen(shown.text) == POLICY_SHOWN_MAX + 5, "escapes are not cut apart");
	tap_ok(strcmp(policy_show(NULL, 0).text, "\"\"") == 0, "nothing");
}

int main(void)
{
	test_maxima();
	test_depth();
	test_fault_count();
	test_shown();
	return tap_done();
}
