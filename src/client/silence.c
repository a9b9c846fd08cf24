/* SPDX-License-Identifier: ISC */
#include "client/silence.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum {
	MINUTE_S = 60,
	HOUR_S = 60 * MINUTE_S,
	DAY_S = 24 * HOUR_S,
	CLOCK_SLACK_S = 2 * MINUTE_S, /* a clock that is off by less is right */
	TIME_SIZE = 32,
	INVITE_LONGEST_S = 400 * DAY_S, /* none lasts that long */
};

char *silence_span(uint64_t seconds, char ret_text[static SILENCE_SPAN_SIZE])
{
	static const struct {
		uint64_t seconds;
		const char *word;
	} units[] = {{DAY_S, "day"}, {HOUR_S, "hour"}, {MINUTE_S, "minute"}, {1, "second"}};
	size_t unit = 0;

	while (unit + 1 < ARRAY_LENGTH(units) && seconds < 2 * units[unit].seconds)
		unit++;
	uint64_t number = seconds / units[unit].seconds;
	(void)snprintf(ret_text, SILENCE_SPAN_SIZE, "%" PRIu64 " %s%s", number, units[unit].word,
		number == 1 ? "" : "s"); /* fits */
	return ret_text;
}

/* ---- when a reason is likely ---- */

static bool has_address(const struct silence *silence)
{
	return silence->address.remote.family != ADDRESS_NONE;
}

static bool is_unresolved(const struct silence *silence)
{
	return !has_address(silence);
}

static bool is_unsent(const struct silence *silence)
{
	return has_address(silence) && silence->tx_bytes == 0;
}

static bool has_tunnel(const struct silence *silence)
{
	return has_address(silence) && silence->has_tunnel;
}

static bool is_mute(const struct silence *silence)
{
	return has_address(silence) && !silence->has_tunnel;
}

static bool is_behind(const struct silence *silence)
{
	return silence->now_s + CLOCK_SLACK_S < silence->written_s;
}

static bool expires_impossibly_late(const struct silence *silence)
{
	return silence->invite_expires_s > silence->now_s + INVITE_LONGEST_S;
}

static bool has_expired(const struct silence *silence)
{
	return silence->invite_expires_s != 0 && silence->invite_expires_s <= silence->now_s &&
	       !silence->has_tunnel;
}

static bool is_enrolling(const struct silence *silence)
{
	return silence->invite_expires_s != 0 && is_mute(silence);
}

static bool is_a_device(const struct silence *silence)
{
	return silence->invite_expires_s == 0 && is_mute(silence);
}

static bool cannot_knock(const struct silence *silence)
{
	return silence->lacks_knock && is_mute(silence);
}

static bool may_be_wrong(const struct silence *silence)
{
	return is_mute(silence) && !is_behind(silence) && !expires_impossibly_late(silence);
}

static bool is_a_name(const struct silence *silence)
{
	struct endpoint literal;
	int err = endpoint_parse(silence->endpoint, strlen(silence->endpoint), &literal);

	return is_mute(silence) && err < 0;
}

/* ---- what is said of it ---- */

static void say_unresolved(const struct silence *silence, char *ret_text)
{
	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"%s does not resolve, so there is no address to send to: is this host connected, "
		"and does its DNS work?",
		silence->endpoint);
}

static void say_unsent(const struct silence *silence, char *ret_text)
{
	char address[ENDPOINT_TEXT_SIZE];

	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"nothing has left this host: is there a route to %s, or does a firewall here hold "
		"it back?",
		endpoint_format(&silence->address, address));
}

static void say_tunnel(const struct silence *silence, char *ret_text)
{
	(void)silence;
	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"the tunnel works, but the controller in it does not answer: it may be starting, "
		"or "
		"hang (tacet status on the gateway)");
}

static void say_behind(const struct silence *silence, char *ret_text)
{
	char span[SILENCE_SPAN_SIZE];

	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"this host's clock is wrong: it is %s behind a time that it has seen; a gateway "
		"ignores handshakes that are older than those it knows: set the clock",
		silence_span(silence->written_s - silence->now_s, span));
}

static void say_late(const struct silence *silence, char *ret_text)
{
	char span[SILENCE_SPAN_SIZE];

	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"this host's clock seems to be wrong: by it the invite is good for another %s; set "
		"the clock",
		silence_span(silence->invite_expires_s - silence->now_s, span));
}

static void say_expired(const struct silence *silence, char *ret_text)
{
	char span[SILENCE_SPAN_SIZE];

	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"the invite expired %s ago, by this host's clock: ask for a new one, or set the "
		"clock "
		"if it is wrong",
		silence_span(silence->now_s - silence->invite_expires_s, span));
}

static void say_used(const struct silence *silence, char *ret_text)
{
	(void)silence;
	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"the invite was used already, or revoked: then the gateway does not know its key "
		"any "
		"more, and says nothing to it (tacet invite list there)");
}

static void say_knock(const struct silence *silence, char *ret_text)
{
	(void)silence;
	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"no knock key is known here, and the network may require one by now: ask for "
		"tacet knock --mode preferred on the server, or for a new invite");
}

static void say_udp(const struct silence *silence, char *ret_text)
{
	char address[ENDPOINT_TEXT_SIZE];

	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"UDP to %s is blocked on the way, as in some company, hotel and mobile networks: "
		"try "
		"another network; whether anything arrives shows on the gateway: tcpdump -ni any "
		"udp "
		"port %u",
		endpoint_format(&silence->address, address), silence->address.port);
}

static void say_revoked(const struct silence *silence, char *ret_text)
{
	(void)silence;
	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"this device was revoked: then the gateway does not know its key any more, and "
		"says "
		"nothing to it (tacet device list there)");
}

static void say_down(const struct silence *silence, char *ret_text)
{
	(void)silence;
	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"the gateway is down, or tacetd does not run there (tacet status on it)");
}

static void say_clock(const struct silence *silence, char *ret_text)
{
	time_t now = (time_t)silence->now_s;
	struct tm utc;
	char text[TIME_SIZE] = "?";

	if (gmtime_r(&now, &utc))
		(void)strftime(text, sizeof text, "%F %T", &utc); /* fits until the year 9999 */
	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"this host's clock is wrong (it says %s UTC): once it was ahead, a gateway ignores "
		"handshakes with an earlier time",
		text);
}

static void say_elsewhere(const struct silence *silence, char *ret_text)
{
	char address[ADDRESS_TEXT_SIZE];

	(void)snprintf(ret_text, SILENCE_HINT_SIZE,
		"%s leads to %s here: is that the gateway, or the router that passes UDP port %u "
		"on "
		"to it?",
		silence->endpoint, address_format(&silence->address.remote, address),
		silence->address.port);
}

/* Each reason: when it can be, and its words. The order is that of likelihood. */
static const struct {
	bool (*is_likely)(const struct silence *silence);
	void (*say)(const struct silence *silence, char *ret_text);
} reasons[] = {
	{is_unresolved, say_unresolved},
	{is_unsent, say_unsent},
	{has_tunnel, say_tunnel},
	{has_expired, say_expired},
	{expires_impossibly_late, say_late},
	{is_behind, say_behind},
	{is_enrolling, say_used},
	{cannot_knock, say_knock},
	{is_mute, say_udp},
	{is_mute, say_down},
	{is_a_device, say_revoked},
	{may_be_wrong, say_clock},
	{is_a_name, say_elsewhere},
};

_Static_assert(ARRAY_LENGTH(reasons) - 1 <= SILENCE_HINTS_MAX, "an address is there or not");

void silence_explain(const struct silence *silence, struct silence_hints *ret_hints)
{
	ret_hints->count = 0;
	for (size_t i = 0; i < ARRAY_LENGTH(reasons); i++) {
		if (reasons[i].is_likely(silence))
			reasons[i].say(silence, ret_hints->text[ret_hints->count++]);
	}
}
