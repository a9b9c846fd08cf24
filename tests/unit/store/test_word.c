/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "store/store.h"
#include "store/word.h"
#include "tap.h"

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name;
	const char *text;
	int as_name, as_label, as_host, as_actor;
} rows[] = {
	{"a word", "alice", 0, 0, 0, 0},
	{"one letter", "a", 0, 0, 0, 0},
	{"begins with a digit", "3com", 0, 0, 0, 0},
	{"an address", "alice@example.net", 0, ERR_LABEL, 0, 0},
	{"host and port", "[fd12::1]:80", ERR_NAME, ERR_LABEL, 0, 0},
	{"63 letters", SIXTY "abc", 0, 0, 0, 0},
	{"64 letters", SIXTY "abcd", ERR_NAME, ERR_LABEL, 0, 0},
	{"127 letters", SIXTY SIXTY "abcdefg", ERR_NAME, ERR_LABEL, 0, 0},
	{"128 letters", SIXTY SIXTY "abcdefgh", ERR_NAME, ERR_LABEL, 0, ERR_RANGE},
	{"261 letters", SIXTY SIXTY SIXTY SIXTY TEN TEN "a", ERR_NAME, ERR_LABEL, 0, ERR_RANGE},
	{"262 letters", SIXTY SIXTY SIXTY SIXTY TEN TEN "ab", ERR_NAME, ERR_LABEL, ERR_RANGE,
		ERR_RANGE},
	{"nothing", "", ERR_NAME, ERR_LABEL, ERR_SYNTAX, ERR_SYNTAX},
	{"a slash", "alice/laptop", ERR_NAME, ERR_LABEL, 0, 0},
	{"a space", "alice b", ERR_NAME, ERR_LABEL, ERR_SYNTAX, 0},
	{"upper case", "Alice", ERR_NAME, ERR_LABEL, 0, 0},
	{"a hyphen first", "-a", ERR_NAME, ERR_LABEL, 0, 0},
	{"a hyphen last", "a-", 0, ERR_LABEL, 0, 0},
	{"a dot first", ".a", ERR_NAME, ERR_LABEL, 0, 0},
	{"a dot inside", "a.b", 0, ERR_LABEL, 0, 0},
	{"a line end", "a\n", ERR_NAME, ERR_LABEL, ERR_SYNTAX, ERR_SYNTAX},
	{"an escape", "a\x1b[2J", ERR_NAME, ERR_LABEL, ERR_SYNTAX, ERR_SYNTAX},
	{"not ASCII", "caf\xc3\xa9", ERR_NAME, ERR_LABEL, ERR_SYNTAX, ERR_SYNTAX},
	{"the last of ASCII", "a\x7f", ERR_NAME, ERR_LABEL, ERR_SYNTAX, ERR_SYNTAX},
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		tap_is_int(word_check_name(rows[i].text), rows[i].as_name, rows[i].name);
		tap_is_int(word_check_label(rows[i].text), rows[i].as_label, rows[i].name);
		tap_is_int(word_check_host(rows[i].text), rows[i].as_host, rows[i].name);
		tap_is_int(word_check_actor(rows[i].text), rows[i].as_actor, rows[i].name);
	}
	return tap_done();
}
