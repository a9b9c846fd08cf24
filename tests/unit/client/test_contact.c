/* SPDX-License-Identifier: ISC */
/* When a device asks its gateway, and what it does when nothing comes back. */
#include "client/contact.h"

#include "base/attributes.h"

#include "tap.h"

#define S ((uint64_t)NS_PER_S)
#define MS ((uint64_t)NS_PER_MS)
#define START (1000 * S)

static struct moment at(uint64_t after_ns)
{
	return (struct moment){START + after_ns, 1800000000 * S + after_ns};
}

/* The question that is due after so long; tap-checked. */
static void take(struct contact *contact, uint64_t after_ns, uint32_t wait_s, const char *name)
{
	struct contact_question question = {0};
	bool is_due;

	if (after_ns) {
		is_due = contact_take(contact, at(after_ns - 1), &question);
		tap_ok(!is_due, "not a nanosecond earlier");
	}
	is_due = contact_take(contact, at(after_ns), &question);
	tap_ok(is_due, name);
	tap_is_int(question.wait_s, wait_s, "with that wait");
	tap_ok(question.total_ms > question.wait_s * 1000, "and more patience than that");
}

static void connect_first(struct contact *contact)
{
	contact_init(contact, at(0));
	take(contact, 0, 0, "the first question, to be answered at once");
	tap_ok(!contact->is_connected && !contact->is_silent, "not known how it is");
	tap_is_int(contact_answered(contact, at(S)), 0, "answered");
	tap_ok(contact->is_connected, "connected");
	tap_ok(contact->since.monotonic_ns == START + S, "since then");
}

static void test_open_question(void)
{
	struct contact contact;
	struct contact_question question;

	connect_first(&contact);
	tap_ok(contact_take(&contact, at(S), &question) && question.wait_s == CONTACT_WAIT_S,
		"one is left open at once");
	tap_ok(!contact_take(&contact, at(99 * S), &question), "never two");
	tap_is_int(contact_answered(&contact, at(2 * S)), 0, "it is answered late");
	tap_ok(contact_take(&contact, at(2 * S), &question), "the next at once");
	tap_is_int(contact_answered(&contact, at(2 * S)), 0, "it is answered at once");
	take(&contact, 2 * S + 100 * MS, CONTACT_WAIT_S, "the next a little later");
}

/* Questions that are not answered, each at the time that it is due: what is done then. */
static const struct {
	uint64_t due_ns; /* the next, after the failure */
	unsigned acts;
} failures[] = {
	{0, 0},
	{0, CONTACT_NEW_HANDSHAKE | CONTACT_LOOKUP},
	{1 * S, 0},
	{2 * S, CONTACT_NEW_HANDSHAKE | CONTACT_NEXT_ADDRESS},
	{4 * S, 0},
	{8 * S, CONTACT_NEW_HANDSHAKE | CONTACT_NEXT_ADDRESS},
	{10 * S, 0},
	{10 * S, CONTACT_NEW_HANDSHAKE | CONTACT_NEXT_ADDRESS | CONTACT_LOOKUP},
	{10 * S, 0},
	{10 * S, CONTACT_NEW_HANDSHAKE | CONTACT_NEXT_ADDRESS},
	{10 * S, CONTACT_LOOKUP},
	{10 * S, CONTACT_NEW_HANDSHAKE | CONTACT_NEXT_ADDRESS},
};

static void test_silence(void)
{
	struct contact contact;
	struct contact_question question;
	uint64_t now_ns = S;

	connect_first(&contact);
	for (size_t i = 0; i < ARRAY_LENGTH(failures); i++) {
		tap_ok(contact_take(&contact, at(now_ns), &question), "a question");
		now_ns += 2500 * MS;
		tap_is_int(contact_unanswered(&contact, at(now_ns)), failures[i].acts,
			"it is not answered");
		tap_is_int((intmax_t)(contact.due_ns - START - now_ns),
			(intmax_t)failures[i].due_ns, "the next after that pause");
		tap_is_int(contact.tried, (intmax_t)i + 1, "so many were tried");
		tap_ok(contact.is_silent == (i >= 1), "silent from the second on");
		now_ns += failures[i].due_ns;
	}
	tap_ok(contact.since.monotonic_ns == START + S, "since it was heard last");
	tap_ok(contact_take(&contact, at(now_ns), &question) && question.wait_s == 0, "again");
	tap_is_int(contact_answered(&contact, at(now_ns + S)), 0, "and there it is");
	tap_ok(contact.is_connected && !contact.is_silent && contact.tried == 0, "connected");
	tap_ok(contact.since.monotonic_ns == START + now_ns + S, "since now");
}

static void test_never_heard(void)
{
	struct contact contact;
	struct contact_question question;

	contact_init(&contact, at(0));
	tap_ok(contact_take(&contact, at(0), &question), "asked");
	(void)contact_unanswered(&contact, at(S));
	tap_ok(!contact.is_silent, "once is no silence");
	tap_ok(contact_take(&contact, at(S), &question), "asked");
	(void)contact_unanswered(&contact, at(2 * S));
	tap_ok(contact.is_silent && contact.since.monotonic_ns == START, "silent since the start");
	tap_ok(contact.heard.monotonic_ns == 0, "never heard");
}

static void test_reached(void)
{
	static const uint64_t pauses_ms[] = {100, 200, 400, 800, 1600, 3200, 5000, 5000};
	struct contact contact;
	struct contact_question question;
	uint64_t now_ns = S;

	connect_first(&contact);
	for (size_t i = 0; i < ARRAY_LENGTH(pauses_ms); i++) {
		tap_ok(contact_take(&contact, at(now_ns), &question), "a question");
		tap_is_int(contact_reached(&contact, at(now_ns)), 0, "refused by the controller");
		tap_ok(contact.is_connected, "the tunnel works");
		now_ns += pauses_ms[i] * MS;
		tap_is_int((intmax_t)(contact.due_ns - START), (intmax_t)now_ns, "a pause");
	}
}

static void test_counters(void)
{
	struct contact contact;
	struct contact_question question;
	const struct contact_counters still = {1, 100, 100}, keepalive = {1, 100, 132},
				      sent = {1, 100, 300}, came = {1, 200, 400};

	connect_first(&contact);
	tap_ok(contact_take(&contact, at(S), &question), "an open question");
	tap_is_int(contact_counted(&contact, &still, at(2 * S)), 0, "first counters");
	tap_is_int(contact_counted(&contact, &keepalive, at(4 * S)), 0, "a keepalive");
	tap_is_int(contact_look_ms(&contact), CONTACT_LOOK_MS, "needs no answer");
	tap_is_int(contact_counted(&contact, &sent, at(6 * S)), 0, "something was sent");
	tap_is_int(contact_look_ms(&contact), CONTACT_LOOK_QUIET_MS, "looks earlier");
	tap_is_int(contact_counted(&contact, &came, at(7 * S)), 0, "something came");
	tap_is_int(contact_look_ms(&contact), CONTACT_LOOK_MS, "all is well");
	tap_is_int(contact_counted(&contact, &(struct contact_counters){1, 200, 800}, at(8 * S)), 0,
		"sent");
	tap_is_int(contact_counted(&contact, &(struct contact_counters){1, 200, 800}, at(9 * S)),
		CONTACT_CANCEL, "nothing came for a second");
	tap_is_int(contact_canceled(&contact, at(9 * S)), 0, "the open question ends");
	tap_ok(contact_take(&contact, at(9 * S), &question) && question.wait_s == 0, "asks now");
	tap_is_int(contact_unanswered(&contact, at(11 * S)), CONTACT_NEW_HANDSHAKE | CONTACT_LOOKUP,
		"one failure is enough now");
}

static void test_back(void)
{
	struct contact contact;
	struct contact_question question;

	connect_first(&contact);
	for (int i = 0; i < 5; i++) {
		tap_ok(contact_take(&contact, at(100 * S * (i + 1)), &question), "asked");
		(void)contact_unanswered(&contact, at(100 * S * (i + 1)));
	}
	tap_ok(!contact_take(&contact, at(500 * S), &question), "pauses");
	tap_is_int(contact_counted(&contact, &(struct contact_counters){7, 92, 148}, at(501 * S)),
		0, "a handshake");
	tap_ok(contact_take(&contact, at(501 * S), &question), "asks at once");
}

/* The controller hangs while the tunnel works: sessions are left alone. */
static void test_controller_hangs(void)
{
	struct contact contact;
	struct contact_question question;
	uint64_t now_ns = S;

	connect_first(&contact);
	for (unsigned i = 1; i <= 8; i++) {
		const struct contact_counters counters = {1, 100 * i, 100 * i};
		now_ns = contact.due_ns - START;
		tap_ok(contact_take(&contact, at(now_ns), &question), "asked");
		(void)contact_counted(&contact, &counters, at(now_ns + 1));
		unsigned acts = contact_unanswered(&contact, at(now_ns + 2 * S));
		tap_ok((acts & (CONTACT_NEW_HANDSHAKE | CONTACT_NEXT_ADDRESS)) == 0,
			"not answered, and no session ends");
	}
	tap_ok(contact.is_silent, "silent all the same");
}

static void test_moved(void)
{
	struct contact contact;
	struct contact_question question;

	connect_first(&contact);
	tap_ok(contact_take(&contact, at(S), &question), "an open question");
	tap_is_int(contact_moved(&contact, at(2 * S)), CONTACT_LOOKUP | CONTACT_CANCEL, "moved");
	(void)contact_canceled(&contact, at(2 * S));
	tap_ok(contact_take(&contact, at(2 * S), &question) && question.wait_s == 0, "asks now");
	tap_is_int(contact_moved(&contact, at(3 * S)), CONTACT_LOOKUP, "that one is left");
	(void)contact_answered(&contact, at(3 * S));
	tap_ok(contact.failures == 0, "all is well");
}

int main(void)
{
	test_open_question();
	test_silence();
	test_never_heard();
	test_reached();
	test_counters();
	test_back();
	test_controller_hangs();
	test_moved();
	return tap_done();
}
