/* SPDX-License-Identifier: ISC */
#include "control/problem.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	ERRNO_GREATEST = 133, /* EHWPOISON, the last of Linux */
	STATUS_OTHER = 500,
};

static const struct {
	int code;
	const char *name;
} names[] = {
#define X(name, code, text) {code, #name},
	ERROR_LIST(X)
#undef X
};

/* docs/api.md, Refusals; what is not here is 500. */
static const struct {
	int code;
	unsigned status;
} statuses[] = {
	{ERR_TRUNCATED, 400},
	{ERR_TRAILING, 400},
	{ERR_SYNTAX, 400},
	{ERR_RANGE, 400},
	{ERR_KEY, 400},
	{ERR_WEAK_KEY, 400},
	{ERR_UNKNOWN_WORD, 400},
	{ERR_NAME, 400},
	{ERR_LABEL, 400},
	{ERR_CHECKSUM, 400},
	{ERR_VERSION, 400},
	{-EINVAL, 400},
	{-EACCES, 403},
	{-EPERM, 403},
	{ERR_NOT_FOUND, 404},
	{-ENOENT, 404},
	{-EOPNOTSUPP, 405},
	{ERR_EXISTS, 409},
	{ERR_IN_USE, 409},
	{ERR_WRONG_STATE, 409},
	{ERR_NO_NETWORK, 409},
	{ERR_NO_ADDRESS, 409},
	{ERR_INVITE_USED, 410},
	{ERR_INVITE_EXPIRED, 410},
	{ERR_INVITE_REVOKED, 410},
	{-EFBIG, 413},
	{ERR_POLICY, 422},
	{-EAGAIN, 503},
	{ERR_LOCKED, 503},
	{ERR_DISK_FULL, 507},
	{-ENOSPC, 507},
};

unsigned problem_status(int code)
{
	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
		if (statuses[i].code == code)
			return statuses[i].status;
	}
	return STATUS_OTHER;
}

/* "ERR_NOT_FOUND", "ENOENT"; never NULL. */
static const char *name_of(int code)
{
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (names[i].code == code)
			return names[i].name;
	}
	const char *name = code < 0 && code >= -ERRNO_GREATEST ? strerrorname_np(-code) : NULL;
	return name ? name : "UNKNOWN";
}

/* 0: it is not known here. */
static int code_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (strcmp(names[i].name, name) == 0)
			return names[i].code;
	}
	for (int error = 1; error <= ERRNO_GREATEST; error++) {
		const char *known = strerrorname_np(error);
		if (known && strcmp(known, name) == 0)
			return -error;
	}
	return 0;
}

/* Copies what a terminal may be shown; the rest becomes '?', what does not fit is cut. */
static void copy_printable(const char *text, char ret_text[static PROBLEM_TEXT_SIZE])
{
	size_t size = strnlen(text, PROBLEM_TEXT_SIZE - 1);

	for (size_t i = 0; i < size; i++)
		ret_text[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	ret_text[size] = '\0';
}

json_t *problem_encode(int code, const char *text)
{
	char printable[PROBLEM_TEXT_SIZE];

	copy_printable(text, printable);
	json_t *json = json_pack("{s:s, s:s}", "error", name_of(code), "message", printable);
	if (!json)
		abort(); /* only for want of memory: all of it is ASCII */
	return json;
}

void problem_decode(unsigned status, const json_t *json, struct problem *ret_problem)
{
	const char *name = json_string_value(json_object_get(json, "error"));
	const char *text = json_string_value(json_object_get(json, "message"));
	struct problem problem = {.status = status};

	if (name)
		problem.code = code_of(name);
	if (text)
		copy_printable(text, problem.text);
	else
		(void)snprintf(problem.text, sizeof problem.text,
			"it was answered with HTTP status %u and no reason", status); /* fits */
	*ret_problem = problem;
}
