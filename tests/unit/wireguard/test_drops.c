/* SPDX-License-Identifier: ISC */
/*
 * Each reason in DROP_LIST is reached, counts what it should, and makes nobody speak. A reason
 * without a row fails. Bob is the victim; provocations are what Alice, a stranger, or Bob's own
 * host can do (provocations.h).
 */
#include "wireguard/provocations.h"

static const struct {
	enum drop drop;
	void (*provoke)(void);
	enum message_type due; /* the one datagram that is due all the same */
} rows[] = {
	{DROP_DOWN, down, MESSAGE_INVALID},
	{DROP_MALFORMED, malformed, MESSAGE_INVALID},
	{DROP_NO_PRIVATE_KEY, no_private_key, MESSAGE_INVALID},
	{DROP_MAC1_INVALID, mac1_invalid, MESSAGE_INVALID},
	{DROP_KNOCK_MISSING, knock_missing, MESSAGE_INVALID},
	{DROP_KNOCK_BUDGET, knock_budget, MESSAGE_INVALID},
	{DROP_INITIATION_REPLAYED, initiation_replayed, MESSAGE_INVALID},
	{DROP_UNDER_LOAD, under_load, MESSAGE_COOKIE_REPLY}, /* as this policy says */
	{DROP_RATE_LIMITED, rate_limited, MESSAGE_INVALID},
	{DROP_EPHEMERAL_WEAK, ephemeral_weak, MESSAGE_INVALID},
	{DROP_STATIC_FORGED, static_forged, MESSAGE_INVALID},
	{DROP_PEER_UNKNOWN, peer_unknown, MESSAGE_INVALID},
	{DROP_TIMESTAMP_FORGED, timestamp_forged, MESSAGE_INVALID},
	{DROP_TIMESTAMP_REPLAYED, timestamp_replayed, MESSAGE_INVALID},
	{DROP_INITIATION_FLOOD, initiation_flood, MESSAGE_INVALID},
	{DROP_RESPONSE_UNEXPECTED, response_unexpected, MESSAGE_INVALID},
	{DROP_RESPONSE_FORGED, response_forged, MESSAGE_INVALID},
	{DROP_COOKIE_UNEXPECTED, cookie_unexpected, MESSAGE_INVALID},
	{DROP_COOKIE_FORGED, cookie_forged, MESSAGE_INVALID},
	{DROP_INDEX_UNKNOWN, index_unknown, MESSAGE_INVALID},
	{DROP_SESSION_EXPIRED, session_expired, MESSAGE_INVALID},
	{DROP_DATA_FORGED, data_forged, MESSAGE_INVALID},
	{DROP_COUNTER_REPLAYED, counter_replayed, MESSAGE_INVALID},
	{DROP_INNER_MALFORMED, inner_malformed, MESSAGE_INVALID},
	{DROP_SOURCE_NOT_ALLOWED, source_not_allowed, MESSAGE_INVALID},
	{DROP_CRYPTO_FAILED, crypto_failed, MESSAGE_INVALID},
	{DROP_NO_BUFFER, no_buffer, MESSAGE_INVALID},
	{DROP_SHARD_FULL, shard_full, MESSAGE_INVALID},
	{DROP_OUT_MALFORMED, out_malformed, MESSAGE_INVALID},
	{DROP_OUT_NO_PEER, out_no_peer, MESSAGE_INVALID},
	{DROP_OUT_NO_ENDPOINT, out_no_endpoint, MESSAGE_INVALID},
	{DROP_OUT_NOT_HEARD, out_not_heard, MESSAGE_INVALID},
	{DROP_OUT_STAGED_FULL, out_staged_full, MESSAGE_INVALID},
	{DROP_OUT_GAVE_UP, out_gave_up, MESSAGE_INVALID},
	{DROP_OUT_TOO_LONG, out_too_long, MESSAGE_INVALID},
	{DROP_OUT_TIMESTAMPS, out_timestamps, MESSAGE_INVALID},
	{DROP_OUT_UNSTORED, out_unstored, MESSAGE_INVALID},
};

/* Whether one more died of this since the last step began, and none of anything else. */
static bool died_of(enum drop reason)
{
	bool is_right = true;

	for (enum drop drop = 0; drop < DROP_COUNT; drop++) {
		uint64_t more = drops_of(&bob, drop) - before.count[drop];
		if (more == (drop == reason))
			continue;
		printf("# %s: %" PRIu64 " more\n", drop_word(drop), more);
		is_right = false;
	}
	return is_right;
}

/* Whether Bob says nothing but what is due. */
static bool says_only(enum message_type due)
{
	if (bob.out.inner.count > 0)
		return false;
	if (due == MESSAGE_INVALID)
		return bob.out.datagrams.count == 0;
	return take_type(&bob, due, &first) && bob.out.datagrams.count == 0;
}

static void test_row(size_t row)
{
	char name[80];

	rows[row].provoke();
	(void)snprintf(name, sizeof name, "%s: is reached", drop_word(rows[row].drop));
	tap_ok(died_of(rows[row].drop), name);
	(void)snprintf(name, sizeof name, "%s: nothing is said", drop_word(rows[row].drop));
	tap_ok(says_only(rows[row].due), name);
	two_close();
}

static void test_all_have_rows(void)
{
	int missing = 0;

	for (enum drop drop = DROP_NONE + 1; drop < DROP_COUNT; drop++) {
		size_t row = 0;
		while (row < ARRAY_LENGTH(rows) && rows[row].drop != drop)
			row++;
		if (row < ARRAY_LENGTH(rows))
			continue;
		printf("# no row: %s\n", drop_word(drop));
		missing++;
	}
	tap_is_int(missing, 0, "each reason has a row");
}

int main(void)
{
	for (size_t row = 0; row < ARRAY_LENGTH(rows); row++)
		test_row(row);
	test_all_have_rows();
	return tap_done();
}
