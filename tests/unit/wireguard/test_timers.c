/* SPDX-License-Identifier: ISC */
/* Every event and every timer, from each of two states; then the edges of each rule. */
#include "tap.h"

#include "wireguard/handshake_fixture.h"
#include "wireguard/timers.h"

#define NOW_NS (5000 * SECONDS_NS)
#define RUNNING_NS (NOW_NS + SECONDS_NS) /* what each timer is at in the state "all run" */
#define PERSISTENT_NS (25 * SECONDS_NS)
#define JITTER_NS (SECONDS_NS / 3)

static uint64_t seed = 0x71e5;

/* Events as one kind of function. */
static void session_stops(struct timers *timers)
{
	timers_stop(timers);
}

static void is_started(struct timers *timers)
{
	timers_started(timers, NOW_NS);
}

static void data_sent(struct timers *timers)
{
	timers_data_sent(timers, NOW_NS, seeded_entropy(&seed));
}

static void data_received(struct timers *timers)
{
	timers_data_received(timers, NOW_NS);
}

static void any_sent(struct timers *timers)
{
	timers_any_authenticated_packet_sent(timers);
}

static void any_received(struct timers *timers)
{
	timers_any_authenticated_packet_received(timers);
}

static void any_traversed(struct timers *timers)
{
	timers_any_authenticated_packet_traversed(timers, NOW_NS);
}

static void initiated(struct timers *timers)
{
	timers_handshake_initiated(timers, NOW_NS, seeded_entropy(&seed));
}

static void completed(struct timers *timers)
{
	timers_handshake_completed(timers, 1);
}

static void derived(struct timers *timers)
{
	timers_session_derived(timers, NOW_NS);
}

static void given_up(struct timers *timers)
{
	timers_handshake_given_up(timers, NOW_NS);
}

static void keepalive_expired(struct timers *timers)
{
	timers_keepalive_expired(timers, NOW_NS);
}

static void persistent_expired(struct timers *timers)
{
	timers_persistent_keepalive_expired(timers, NOW_NS);
}

static void persistent_off(struct timers *timers)
{
	timers_set_persistent_keepalive(timers, 0);
}

static void persistent_other(struct timers *timers)
{
	timers_set_persistent_keepalive(timers, 7);
}

/* What an event does to one timer. */
enum effect {
	SAME, /* as it was, off or running */
	STOP,
	IN_0S, /* due at once */
	IN_5S, /* and up to a third of a second */
	IN_10S,
	IN_15S,	    /* and up to a third of a second, unless it runs already */
	IN_25S,	    /* the persistent interval */
	IN_540S,    /* three times REJECT_AFTER_TIME */
	UNLESS_10S, /* as IN_10S, unless it runs already */
	UNLESS_540S,
};

/* In order of the timers: retransmit, keepalive, new handshake, zero keys, persistent. */
static const struct {
	const char *name;
	void (*happen)(struct timers *timers);
	enum effect effects[TIMER_COUNT];
} events[] = {
	{"stop", session_stops, {STOP, STOP, STOP, STOP, STOP}},
	{"started", is_started, {SAME, SAME, SAME, SAME, IN_0S}},
	{"data sent", data_sent, {SAME, SAME, IN_15S, SAME, SAME}},
	{"data received", data_received, {SAME, UNLESS_10S, SAME, SAME, SAME}},
	{"any sent", any_sent, {SAME, STOP, SAME, SAME, SAME}},
	{"any received", any_received, {SAME, SAME, STOP, SAME, SAME}},
	{"any traversed", any_traversed, {SAME, SAME, SAME, SAME, IN_25S}},
	{"handshake initiated", initiated, {IN_5S, SAME, SAME, SAME, SAME}},
	{"handshake completed", completed, {STOP, SAME, SAME, SAME, SAME}},
	{"session derived", derived, {SAME, SAME, SAME, IN_540S, SAME}},
	{"handshake given up", given_up, {SAME, STOP, SAME, UNLESS_540S, SAME}},
	{"keepalive expired", keepalive_expired, {SAME, SAME, SAME, SAME, SAME}},
	{"persistent expired", persistent_expired, {SAME, SAME, SAME, SAME, IN_25S}},
	{"persistent off", persistent_off, {SAME, SAME, SAME, SAME, STOP}},
	{"persistent other", persistent_other, {SAME, SAME, SAME, SAME, SAME}},
};

/* Whether `due_ns` is `after_ns` from now, or up to a third of a second later. */
static bool is_in(uint64_t due_ns, uint64_t after_ns, uint64_t jitter_ns)
{
	return due_ns >= NOW_NS + after_ns && due_ns - NOW_NS - after_ns <= jitter_ns;
}

static bool has_effect(uint64_t before_ns, uint64_t after_ns, enum effect effect)
{
	switch (effect) {
	case SAME:
		return after_ns == before_ns;
	case STOP:
		return after_ns == TIMER_OFF;
	case IN_0S:
		return after_ns == NOW_NS;
	case IN_5S:
		return is_in(after_ns, 5 * SECONDS_NS, JITTER_NS);
	case IN_10S:
		return is_in(after_ns, 10 * SECONDS_NS, 0);
	case IN_15S:
		return before_ns == TIMER_OFF ? is_in(after_ns, 15 * SECONDS_NS, JITTER_NS)
					      : after_ns == before_ns;
	case IN_25S:
		return is_in(after_ns, PERSISTENT_NS, 0);
	case IN_540S:
		return is_in(after_ns, 540 * SECONDS_NS, 0);
	case UNLESS_10S:
		return has_effect(before_ns, after_ns, before_ns == TIMER_OFF ? IN_10S : SAME);
	case UNLESS_540S:
		return has_effect(before_ns, after_ns, before_ns == TIMER_OFF ? IN_540S : SAME);
	}
	return false;
}

/* One event, with all timers at the same time before it. */
static void check_event(size_t event, uint64_t before_ns)
{
	struct timers timers;
	bool is_right = true;
	char name[80];

	timers_init(&timers);
	timers_set_persistent_keepalive(&timers, 25);
	for (enum timer timer = 0; timer < TIMER_COUNT; timer++)
		timers.due_ns[timer] = before_ns;
	events[event].happen(&timers);
	for (enum timer timer = 0; timer < TIMER_COUNT; timer++) {
		if (has_effect(before_ns, timers.due_ns[timer], events[event].effects[timer]))
			continue;
		printf("# timer %d: %" PRIu64 "\n", (int)timer, timers.due_ns[timer]);
		is_right = false;
	}
	(void)snprintf(name, sizeof name, "%s, while %s", events[event].name,
		before_ns == TIMER_OFF ? "none runs" : "all run");
	tap_ok(is_right, name);
}

static void test_events(void)
{
	for (size_t event = 0; event < ARRAY_LENGTH(events); event++) {
		check_event(event, TIMER_OFF);
		check_event(event, RUNNING_NS);
	}
}

/* No persistent keepalive: nothing starts its timer. */
static void test_persistent_off(void)
{
	struct timers timers;

	timers_init(&timers);
	timers_started(&timers, NOW_NS);
	timers_any_authenticated_packet_traversed(&timers, NOW_NS);
	timers_persistent_keepalive_expired(&timers, NOW_NS);
	tap_ok(timers_next_ns(&timers) == TIMER_OFF, "without persistent keepalive none is due");
	timers_set_persistent_keepalive(&timers, UINT16_MAX);
	timers_any_authenticated_packet_traversed(&timers, NOW_NS);
	tap_ok(timers_next_ns(&timers) == NOW_NS + 65535 * SECONDS_NS, "the longest interval");
}

static void test_another_keepalive(void)
{
	struct timers timers;

	timers_init(&timers);
	timers_data_received(&timers, NOW_NS);
	tap_ok(!timers.needs_another_keepalive, "the first data asks for one keepalive");
	timers_data_received(&timers, NOW_NS + 1);
	tap_ok(timers.needs_another_keepalive, "more of it for another one");
	timers_keepalive_expired(&timers, NOW_NS);
	tap_ok(timers.due_ns[TIMER_SEND_KEEPALIVE] == NOW_NS + KEEPALIVE_TIMEOUT_NS &&
			!timers.needs_another_keepalive,
		"which is asked for when the first is due");
}

static void test_take_due(void)
{
	struct timers timers;

	timers_init(&timers);
	tap_is_int(timers_take_due(&timers, UINT64_MAX - 1), TIMER_COUNT, "none runs: none is due");
	timers.due_ns[TIMER_NEW_HANDSHAKE] = NOW_NS;
	timers.due_ns[TIMER_PERSISTENT_KEEPALIVE] = NOW_NS + 1;
	tap_is_int(
		timers_take_due(&timers, NOW_NS - 1), TIMER_COUNT, "none is due before its time");
	tap_ok(timers_next_ns(&timers) == NOW_NS, "the earliest is next");
	tap_is_int(timers_take_due(&timers, NOW_NS), TIMER_NEW_HANDSHAKE, "one is due at its time");
	tap_is_int(timers_take_due(&timers, NOW_NS), TIMER_COUNT, "once");
	tap_ok(timers_next_ns(&timers) == NOW_NS + 1, "then the other is next");
}

static void test_initiations(void)
{
	struct timers timers;

	timers_init(&timers);
	tap_ok(timers_may_initiate(&timers, 1), "the first initiation may be sent at once");
	timers.last_handshake_sent_ns = NOW_NS;
	tap_ok(!timers_may_initiate(&timers, NOW_NS + REKEY_TIMEOUT_NS - 1),
		"the next not so soon");
	tap_ok(timers_may_initiate(&timers, NOW_NS + REKEY_TIMEOUT_NS), "but after 5 s");
	timers_identity_changed(&timers);
	tap_ok(timers_may_initiate(&timers, NOW_NS + 1), "or with another key");
	timers.handshake_attempts = MAX_TIMER_HANDSHAKES;
	tap_ok(!timers_handshake_is_hopeless(&timers), "18 attempts are not enough");
	timers.handshake_attempts++;
	tap_ok(timers_handshake_is_hopeless(&timers), "19 are");
	timers_handshake_completed(&timers, 77);
	tap_ok(!timers_handshake_is_hopeless(&timers), "a handshake gives hope");
	tap_is_int((intmax_t)timers.last_handshake_complete_ns, 77, "and is remembered");
}

/* Both jitters, at both ends of what they can be. */
static void test_jitter(void)
{
	uint64_t least = UINT64_MAX, greatest = 0;

	for (int i = 0; i < 1000; i++) {
		struct timers timers;
		timers_init(&timers);
		initiated(&timers);
		uint64_t jitter = timers_next_ns(&timers) - NOW_NS - REKEY_TIMEOUT_NS;
		least = jitter < least ? jitter : least;
		greatest = jitter > greatest ? jitter : greatest;
	}
	tap_ok(least < JITTER_NS / 50, "the jitter comes near to nothing");
	tap_ok(greatest > JITTER_NS / 50 * 49 && greatest < JITTER_NS,
		"and to a third of a second");
}

static void test_stop(void)
{
	struct timers timers;

	timers_init(&timers);
	timers_set_persistent_keepalive(&timers, 25);
	timers_handshake_completed(&timers, 77);
	timers.last_handshake_sent_ns = NOW_NS;
	timers.handshake_attempts = 5;
	timers.needs_another_keepalive = timers.has_sent_last_minute_handshake = true;
	timers_stop(&timers);
	tap_ok(timers_may_initiate(&timers, NOW_NS),
		"after a stop an initiation may be sent at once");
	tap_ok(timers.handshake_attempts == 0 && !timers.needs_another_keepalive &&
			!timers.has_sent_last_minute_handshake,
		"what was under way is forgotten");
	tap_ok(timers.persistent_keepalive_ns == PERSISTENT_NS, "the interval is not");
	tap_is_int((intmax_t)timers.last_handshake_complete_ns, 77, "nor the last handshake");
}

int main(void)
{
	test_events();
	test_persistent_off();
	test_another_keepalive();
	test_take_due();
	test_initiations();
	test_jitter();
	test_stop();
	return tap_done();
}
