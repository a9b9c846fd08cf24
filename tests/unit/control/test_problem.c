/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "control/edit.h"
#include "control/problem.h"
#include "tap.h"

#include <errno.h>

static const struct {
	int code;
	unsigned status;
	const char *error;
} rows[] = {
	{ERR_SYNTAX, 400, "ERR_SYNTAX"},
	{ERR_NAME, 400, "ERR_NAME"},
	{-EACCES, 403, "EACCES"},
	{ERR_NOT_FOUND, 404, "ERR_NOT_FOUND"},
	{-EOPNOTSUPP, 405, "EOPNOTSUPP"},
	{ERR_EXISTS, 409, "ERR_EXISTS"},
	{ERR_WRONG_STATE, 409, "ERR_WRONG_STATE"},
	{ERR_INVITE_USED, 410, "ERR_INVITE_USED"},
	{ERR_INVITE_EXPIRED, 410, "ERR_INVITE_EXPIRED"},
	{-EFBIG, 413, "EFBIG"},
	{ERR_POLICY, 422, "ERR_POLICY"},
	{ERR_DATABASE, 500, "ERR_DATABASE"},
	{-EIO, 500, "EIO"},
	{-EAGAIN, 503, "EAGAIN"},
	{ERR_LOCKED, 503, "ERR_LOCKED"},
	{ERR_DISK_FULL, 507, "ERR_DISK_FULL"},
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		json_t *json = problem_encode(rows[i].code, "why");
		const char *error = json_string_value(json_object_get(json, "error"));
		struct problem problem;
		problem_decode(rows[i].status, json, &problem);
		tap_ok(problem_status(rows[i].code) == rows[i].status &&
				strcmp(error, rows[i].error) == 0 && problem.code == rows[i].code &&
				problem.status == rows[i].status &&
				strcmp(problem.text, "why") == 0,
			rows[i].error);
		json_decref(json);
	}
}

/* Each of our own errors is understood at the other end. */
static void test_all(void)
{
	static const int codes[] = {
#define X(name, code, text) code,
		ERROR_LIST(X)
#undef X
	};
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
		json_t *json = problem_encode(codes[i], "");
		struct problem problem;
		problem_decode(problem_status(codes[i]), json, &problem);
		wrong += problem.code != codes[i];
		json_decref(json);
	}
	tap_is_int((intmax_t)wrong, 0, "all errors there are");
}

static const struct {
	const char *name, *json;
	int code;
	const char *text;
} answers[] = {
	{"an unknown error", "{\"error\": \"ERR_OF_TOMORROW\", \"message\": \"x\"}", 0, "x"},
	{"no error", "{\"message\": \"x\"}", 0, "x"},
	{"an error that is a number", "{\"error\": 1, \"message\": \"x\"}", 0, "x"},
	{"no message", "{\"error\": \"EIO\"}", -EIO,
		"it was answered with HTTP status 500 and no reason"},
	{"an array", "[]", 0, "it was answered with HTTP status 500 and no reason"},
	{"what a terminal would obey",
		"{\"error\": \"EIO\", \"message\": \"a\\u001b[2Jb\\n\\u00e4\"}", -EIO, "a?[2Jb???"},
};

static void test_answers(void)
{
	struct problem problem;

	for (size_t i = 0; i < ARRAY_LENGTH(answers); i++) {
		json_t *json = edit_load(answers[i].json);
		problem_decode(500, json, &problem);
		if (!tap_ok(problem.code == answers[i].code &&
				    strcmp(problem.text, answers[i].text) == 0,
			    answers[i].name))
			printf("# %d %s\n", problem.code, problem.text);
		json_decref(json);
	}
	problem_decode(502, NULL, &problem);
	tap_ok(strstr(problem.text, "502") != NULL, "no body at all");
}

static void test_text(void)
{
	char longest[PROBLEM_TEXT_SIZE * 2];

	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	longest[7] = '\xff';
	json_t *json = problem_encode(-12345, longest);
	const char *text = json_string_value(json_object_get(json, "message"));
	tap_is_int((intmax_t)strlen(text), PROBLEM_TEXT_SIZE - 1, "a text that is too long is cut");
	tap_ok(text[7] == '?', "what is not text becomes so");
	tap_ok(strcmp(json_string_value(json_object_get(json, "error")), "UNKNOWN") == 0,
		"an error without a name");
	json_decref(json);
}

int main(void)
{
	test_rows();
	test_all();
	test_answers();
	test_text();
	return tap_done();
}
