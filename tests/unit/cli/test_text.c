/* SPDX-License-Identifier: ISC */
#include "cli/text.h"

#include "base/error.h"
#include "tap.h"

#include <stdlib.h>

static void is_text(const char *got, const char *want)
{
	if (!tap_ok(strcmp(got, want) == 0, want))
		printf("# got %s\n", got);
}

static const struct {
	uint64_t seconds;
	const char *text;
} durations[] = {
	{0, "0 seconds"},
	{1, "1 second"},
	{59, "59 seconds"},
	{60, "1 minute"},
	{119, "1 minute"},
	{120, "2 minutes"},
	{3599, "59 minutes"},
	{3600, "1 hour"},
	{86399, "23 hours"},
	{86400, "1 day"},
	{172799, "1 day"},
	{172800, "2 days"},
	{UINT64_MAX, "213503982334601 days"},
};

static const struct {
	uint64_t at, now;
	const char *text;
} whens[] = {
	{0, 1000, "never"},
	{1000, 1000, "now"},
	{999, 1000, "1 second ago"},
	{880, 1000, "2 minutes ago"},
	{1001, 1000, "in 1 second"},
	{4600, 1000, "in 1 hour"},
	{1, UINT64_MAX, "213503982334601 days ago"},
};

static const struct {
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{0, "0 B"},
	{1023, "1023 B"},
	{1024, "1.0 KiB"},
	{1536, "1.5 KiB"},
	{1024 * 1024 - 1, "1023.9 KiB"},
	{1024 * 1024, "1.0 MiB"},
	{UINT64_C(1288490189), "1.2 GiB"},
	{UINT64_MAX, "15.9 EiB"},
};

static const struct {
	uint64_t at;
	const char *text;
} utcs[] = {
	{0, "1970-01-01 00:00:00"},
	{1780000000, "2026-05-28 20:26:40"},
	{UINT64_MAX, "-"},
	{INT64_MAX, "-"},
};

static void test_words(void)
{
	char text[TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(durations); i++)
		is_text(text_duration(durations[i].seconds, text), durations[i].text);
	for (size_t i = 0; i < ARRAY_LENGTH(whens); i++)
		is_text(text_when(whens[i].at, whens[i].now, text), whens[i].text);
	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
		is_text(text_bytes(sizes[i].bytes, text), sizes[i].text);
	for (size_t i = 0; i < ARRAY_LENGTH(utcs); i++)
		is_text(text_utc(utcs[i].at, text), utcs[i].text);
}

enum {
	GREATEST_S = 2 * 24 * 3600,
};

static const struct {
	const char *text;
	int result;
	uint64_t seconds;
} readings[] = {
	{"1s", 0, 1},
	{"90s", 0, 90},
	{"30m", 0, 1800},
	{"1h", 0, 3600},
	{"2d", 0, GREATEST_S},
	{"172800s", 0, GREATEST_S},
	{"172801s", ERR_RANGE, 0},
	{"3d", ERR_RANGE, 0},
	{"18446744073709551615d", ERR_RANGE, 0},
	{"0s", ERR_RANGE, 0},
	{"0d", ERR_RANGE, 0},
	{"", ERR_SYNTAX, 0},
	{"h", ERR_SYNTAX, 0},
	{"1", ERR_SYNTAX, 0},
	{"1w", ERR_SYNTAX, 0},
	{"1H", ERR_SYNTAX, 0},
	{"-1h", ERR_SYNTAX, 0},
	{"1.5h", ERR_SYNTAX, 0},
	{"1h30m", ERR_SYNTAX, 0},
	{" 1h", ERR_SYNTAX, 0},
	{"yesterday", ERR_SYNTAX, 0},
};

static void test_readings(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(readings); i++) {
		uint64_t seconds = 4711;
		tap_is_int(text_read_duration(readings[i].text, GREATEST_S, &seconds),
			readings[i].result, readings[i].text);
		tap_ok(seconds == (readings[i].result == 0 ? readings[i].seconds : 4711),
			"and its seconds");
	}
}

static const struct {
	const char *raw, *escaped;
} escapes[] = {
	{"", ""}, {"alice", "alice"}, {" ~", " ~"}, {"a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"},
	{"\x1b[2J", "\\x1b[2J"}, {"\x7f", "\\x7f"}, {"\xc2\x9b", "\\xc2\\x9b"}, /* CSI of C1 */
	{"\xe2\x80\xae", "\\xe2\\x80\\xae"},					/* right to left */
};

static void test_escapes(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(escapes); i++) {
		char *escaped = text_escape(escapes[i].raw);
		is_text(escaped, escapes[i].escaped);
		free(escaped);
	}
}

int main(void)
{
	test_words();
	test_readings();
	test_escapes();
	return tap_done();
}
