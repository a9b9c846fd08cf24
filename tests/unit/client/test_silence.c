/* SPDX-License-Identifier: ISC */
/* What silence may mean: which hints, and in which order. */
#include "client/silence.h"

#include "tap.h"

#define NOW 1800000000ULL
#define HOUR 3600ULL

/* Hints are known by words that only they have, in order; NULL ends. */
static const struct {
	const char *label;
	struct silence silence; /* address is filled in where has_address */
	bool has_address;
	const char *words[SILENCE_HINTS_MAX];
} rows[] = {
	{"a name that does not resolve", {.endpoint = "gw.example:1", .now_s = NOW}, false,
		{"does not resolve"}},
	{"nothing left", {.endpoint = "192.0.2.1:1", .now_s = NOW}, true,
		{"nothing has left", "blocked on the way", "gateway is down", "was revoked",
			"2027-01-15 08:00:00 UTC"}},
	{"a device, by address", {.endpoint = "192.0.2.1:1", .now_s = NOW, .tx_bytes = 148}, true,
		{"blocked on the way", "gateway is down", "was revoked",
			"2027-01-15 08:00:00 UTC"}},
	{"a device, by name", {.endpoint = "gw.example:1", .now_s = NOW, .tx_bytes = 148}, true,
		{"blocked on the way", "gateway is down", "was revoked", "clock is wrong",
			"leads to 192.0.2.1"}},
	{"a clock that is behind",
		{.endpoint = "192.0.2.1:1", .now_s = NOW, .tx_bytes = 1, .written_s = NOW + 121},
		true, {"2 minutes behind", "blocked on the way", "gateway is down", "was revoked"}},
	{"a clock that is right",
		{.endpoint = "192.0.2.1:1", .now_s = NOW, .tx_bytes = 1, .written_s = NOW + 120},
		true,
		{"blocked on the way", "gateway is down", "was revoked",
			"2027-01-15 08:00:00 UTC"}},
	{"a controller that hangs",
		{.endpoint = "192.0.2.1:1", .now_s = NOW, .tx_bytes = 1, .has_tunnel = true}, true,
		{"the tunnel works"}},
	{"a device that cannot knock",
		{.endpoint = "192.0.2.1:1", .now_s = NOW, .tx_bytes = 148, .lacks_knock = true},
		true,
		{"no knock key", "blocked on the way", "gateway is down", "was revoked",
			"2027-01-15 08:00:00 UTC"}},
	{"an invite",
		{.endpoint = "192.0.2.1:1",
			.now_s = NOW,
			.tx_bytes = 1,
			.invite_expires_s = NOW + HOUR},
		true,
		{"was used already", "blocked on the way", "gateway is down", "clock is wrong"}},
	{"an invite that has expired",
		{.endpoint = "192.0.2.1:1",
			.now_s = NOW,
			.tx_bytes = 1,
			.invite_expires_s = NOW - 2 * HOUR},
		true,
		{"expired 2 hours ago", "was used already", "blocked on the way", "gateway is down",
			"clock is wrong"}},
	{"an invite from the far future",
		{.endpoint = "192.0.2.1:1",
			.now_s = NOW,
			.tx_bytes = 1,
			.invite_expires_s = NOW + 500 * 24 * HOUR},
		true,
		{"seems to be wrong", "was used already", "blocked on the way", "gateway is down"}},
	{"all at once",
		{.endpoint = "gw.example:1",
			.now_s = 1000,
			.written_s = NOW,
			.invite_expires_s = NOW},
		true,
		{"nothing has left", "seems to be wrong", "clock is wrong", "was used already",
			"blocked on the way", "gateway is down", "leads to"}},
};

static void check(size_t row)
{
	struct silence silence = rows[row].silence;
	struct silence_hints hints;
	size_t wanted = 0;

	if (rows[row].has_address)
		tap_ok(endpoint_parse("192.0.2.1:1", strlen("192.0.2.1:1"), &silence.address) == 0,
			"an address");
	silence_explain(&silence, &hints);
	while (wanted < SILENCE_HINTS_MAX && rows[row].words[wanted])
		wanted++;
	tap_is_int(hints.count, (intmax_t)wanted, rows[row].label);
	for (size_t i = 0; i < wanted && i < hints.count; i++) {
		if (!tap_ok(strstr(hints.text[i], rows[row].words[i]) != NULL, rows[row].words[i]))
			printf("# it is: %s\n", hints.text[i]);
		tap_ok(strlen(hints.text[i]) < SILENCE_HINT_SIZE - 1, "it is whole");
	}
}

static const struct {
	uint64_t seconds;
	const char *text;
} spans[] = {
	{0, "0 seconds"},
	{1, "1 second"},
	{119, "119 seconds"},
	{120, "2 minutes"},
	{7199, "119 minutes"},
	{7200, "2 hours"},
	{172800, "2 days"},
	{UINT64_MAX, "213503982334601 days"},
};

int main(void)
{
	char text[SILENCE_SPAN_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		check(i);
	for (size_t i = 0; i < ARRAY_LENGTH(spans); i++)
		tap_ok(strcmp(silence_span(spans[i].seconds, text), spans[i].text) == 0,
			spans[i].text);
	return tap_done();
}
