/* SPDX-License-Identifier: ISC */
#include "base/bytes.h"
#include "base/error.h"
#include "control/edit.h"
#include "control/enrolment.h"
#include "tap.h"

#define KEY_A "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define KEY_B "\"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define KEY_0 "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define SIXTEEN "aaaaaaaaaaaaaaaa"

static const char document[] =
	"{\"name\": \"laptop\", \"public_key\": " KEY_A ", \"preshared_key\": " KEY_B "}";

static const struct {
	const char *name;
	const char *path, *value; /* the change; value NULL: removed */
	int result;
	const char *where;
} rows[] = {
	{"as it is", "name", "\"laptop\"", 0, ""},
	{"no pre-shared key", "preshared_key", NULL, 0, ""},
	{"no object", "", "[]", ERR_SYNTAX, ""},
	{"no name", "name", NULL, ERR_SYNTAX, "name"},
	{"an empty name", "name", "\"\"", ERR_NAME, "name"},
	{"a name with a slash", "name", "\"a/b\"", ERR_NAME, "name"},
	{"a name of 63", "name", "\"" SIXTEEN SIXTEEN SIXTEEN "aaaaaaaaaaaaaaa\"", 0, ""},
	{"a name of 64", "name", "\"" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\"", ERR_NAME, "name"},
	{"no key", "public_key", NULL, ERR_SYNTAX, "public_key"},
	{"a key that is a number", "public_key", "1", ERR_SYNTAX, "public_key"},
	{"a key that is short", "public_key", "\"AQ==\"", ERR_KEY, "public_key"},
	{"a key with a zero behind it", "public_key",
		"\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\\u0000\"", ERR_KEY, "public_key"},
	{"a key of zeros", "public_key", KEY_0, ERR_KEY, "public_key"},
	{"a pre-shared key of zeros", "preshared_key", KEY_0, ERR_KEY, "preshared_key"},
	{"a pre-shared key that is null", "preshared_key", "null", ERR_SYNTAX, "preshared_key"},
	{"a gateway's endpoint", "endpoint", "\"gw2.example.net:51820\"", 0, ""},
	{"one without a port", "endpoint", "\"gw2.example.net\"", ERR_SYNTAX, "endpoint"},
	{"one that is a number", "endpoint", "1", ERR_SYNTAX, "endpoint"},
	{"a member that is not known", "user", "\"bob\"", ERR_SYNTAX, ""},
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		json_t *json = edit(document, rows[i].path, rows[i].value);
		char where[NETMAP_NAME_SIZE] = "";
		struct enrolment enrolment = {0};
		int result = enrolment_decode(json, &enrolment, where);
		if (!tap_ok(result == rows[i].result && strcmp(where, rows[i].where) == 0,
			    rows[i].name))
			printf("# %d at %s\n", result, where);
		if (result < 0 && !bytes_are_zero((const uint8_t *)&enrolment, sizeof enrolment))
			tap_ok(false, "the result is untouched");
		json_decref(json);
	}
}

static void test_round(void)
{
	json_t *json = edit_load(document);
	char where[NETMAP_NAME_SIZE];
	struct enrolment enrolment = {0};

	tap_is_int(enrolment_decode(json, &enrolment, where), 0, "an enrolment is read");
	tap_is_int(enrolment.public_key[0], 1, "its key");
	tap_is_int(enrolment.preshared_key[0], 2, "and the other");
	json_t *again = enrolment_encode(&enrolment);
	tap_ok(json_equal(json, again), "and written as it was");
	json_decref(again);
	memset(enrolment.preshared_key, 0, sizeof enrolment.preshared_key);
	again = enrolment_encode(&enrolment);
	tap_ok(json_object_get(again, "preshared_key") == NULL, "no pre-shared key is no member");
	json_decref(again);
	json_decref(json);
}

int main(void)
{
	test_round();
	test_rows();
	return tap_done();
}
