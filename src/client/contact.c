/* SPDX-License-Identifier: ISC */
#include "client/contact.h"

enum {
	SPACING_MS = 100,	/* between two questions that are answered at once */
	PAUSE_MS = 1000,	/* the first while it is silent; then doubled */
	REACHED_PAUSE_MS = 100, /* the first while the controller refuses; then doubled */
	REACHED_LONGEST_MS = 5000,
	QUIET_MS = 1000,       /* sent and nothing came for so long: ask */
	KEEPALIVE_BYTES = 32,  /* on the wire; no answer is due to it */
	FAILURES_SILENT = 2,   /* in a row, before a gateway is called silent */
	FAILURES_NO_PAUSE = 3, /* so often at once: as it is, by a new handshake, and by the next */
};

#define MS_NS ((uint64_t)NS_PER_MS)
#define IS_OPEN UINT64_MAX

void contact_init(struct contact *contact, struct moment now)
{
	*contact = (struct contact){
		.since = now,
		.due_ns = now.monotonic_ns,
		.wants_now = true,
		.looked_up_ns = now.monotonic_ns,
	};
}

/* base_ms << times, at most longest_ms. */
static uint64_t pause_ns(uint32_t base_ms, uint32_t times, uint32_t longest_ms)
{
	uint64_t pause_ms = times < 16 ? (uint64_t)base_ms << times : longest_ms;

	return (pause_ms < longest_ms ? pause_ms : longest_ms) * MS_NS;
}

/* Has a question that is to be answered at once follow as soon as possible. */
static unsigned ask_now(struct contact *contact, struct moment now)
{
	contact->wants_now = true;
	if (contact->due_ns == IS_OPEN)
		return contact->is_waiting ? CONTACT_CANCEL : 0;
	contact->due_ns = now.monotonic_ns;
	return 0;
}

static uint32_t patience_ms(const struct contact *contact)
{
	if (contact->is_waiting)
		return CONTACT_WAIT_MS;
	return contact->is_in_doubt ? CONTACT_DOUBT_MS : CONTACT_NOW_MS;
}

bool contact_take(struct contact *contact, struct moment now, struct contact_question *ret_question)
{
	if (contact->due_ns == IS_OPEN || now.monotonic_ns < contact->due_ns)
		return false;
	contact->is_waiting = !contact->wants_now;
	contact->due_ns = IS_OPEN;
	contact->asked_ns = now.monotonic_ns;
	*ret_question = (struct contact_question){
		.wait_s = contact->is_waiting ? CONTACT_WAIT_S : 0,
		.total_ms = patience_ms(contact),
	};
	contact->wants_now = false;
	contact->is_in_doubt = false;
	return true;
}

static void connect_now(struct contact *contact, struct moment now)
{
	if (!contact->is_connected)
		contact->since = now;
	contact->is_connected = true;
	contact->is_silent = false;
	contact->heard = now;
	contact->tried = 0;
}

unsigned contact_answered(struct contact *contact, struct moment now)
{
	uint64_t earliest_ns = contact->asked_ns + SPACING_MS * MS_NS;

	connect_now(contact, now);
	contact->failures = 0;
	contact->due_ns = earliest_ns > now.monotonic_ns ? earliest_ns : now.monotonic_ns;
	return 0;
}

unsigned contact_reached(struct contact *contact, struct moment now)
{
	connect_now(contact, now);
	contact->wants_now = true;
	contact->due_ns = now.monotonic_ns +
			  pause_ns(REACHED_PAUSE_MS, contact->failures++, REACHED_LONGEST_MS);
	return 0;
}

unsigned contact_canceled(struct contact *contact, struct moment now)
{
	contact->wants_now = true;
	contact->due_ns = now.monotonic_ns;
	return 0;
}

static void fall_silent(struct contact *contact, struct moment now)
{
	if (contact->is_silent)
		return;
	contact->since = contact->heard.monotonic_ns ? contact->heard : contact->since;
	contact->looked_up_ns = now.monotonic_ns;
	contact->is_connected = false;
	contact->is_silent = true;
}

/* Whether it is time to look at the name again; then it is done. */
static unsigned look_up(struct contact *contact, struct moment now)
{
	if (now.monotonic_ns - contact->looked_up_ns < CONTACT_LOOKUP_S * (uint64_t)NS_PER_S)
		return 0;
	contact->looked_up_ns = now.monotonic_ns;
	return CONTACT_LOOKUP;
}

/* Every other time; and not while the tunnel works, and only the controller in it does not. */
static unsigned call_anew(const struct contact *contact)
{
	if (contact->has_tunnel || contact->failures % 2 != 0)
		return 0;
	if (contact->failures == FAILURES_SILENT)
		return CONTACT_NEW_HANDSHAKE;
	return CONTACT_NEW_HANDSHAKE | CONTACT_NEXT_ADDRESS;
}

unsigned contact_unanswered(struct contact *contact, struct moment now)
{
	unsigned acts = 0;

	contact->has_tunnel = contact->received.monotonic_ns >= contact->asked_ns;
	contact->tried++;
	contact->failures++;
	contact->wants_now = true;
	contact->due_ns = now.monotonic_ns;
	if (contact->failures < FAILURES_SILENT)
		return 0;
	if (!contact->is_silent)
		acts |= CONTACT_LOOKUP;
	fall_silent(contact, now);
	acts |= look_up(contact, now);
	acts |= call_anew(contact);
	if (contact->failures >= FAILURES_NO_PAUSE)
		contact->due_ns += pause_ns(
			PAUSE_MS, contact->failures - FAILURES_NO_PAUSE, CONTACT_PAUSE_LONGEST_MS);
	return acts;
}

/* Asks out of turn; when that fails too it is the second failure. */
static unsigned suspect(struct contact *contact, struct moment now)
{
	contact->failures = FAILURES_SILENT - 1;
	contact->is_in_doubt = contact->is_connected;
	contact->quiet_ns = 0;
	return ask_now(contact, now);
}

static void note_quiet(
	struct contact *contact, const struct contact_counters *counters, struct moment now)
{
	bool was_sent = counters->tx_bytes > contact->tx_bytes + KEEPALIVE_BYTES;

	if (counters->rx_bytes != contact->rx_bytes)
		contact->quiet_ns = 0;
	else if (was_sent && contact->quiet_ns == 0)
		contact->quiet_ns = now.monotonic_ns;
}

unsigned contact_counted(
	struct contact *contact, const struct contact_counters *counters, struct moment now)
{
	bool came_back = counters->handshake_ns > contact->handshake_ns ||
			 counters->rx_bytes > contact->rx_bytes;

	note_quiet(contact, counters, now);
	if (counters->rx_bytes > contact->rx_bytes)
		contact->received = now;
	contact->handshake_ns = counters->handshake_ns;
	contact->rx_bytes = counters->rx_bytes;
	contact->tx_bytes = counters->tx_bytes;
	if (!contact->is_connected)
		return came_back ? ask_now(contact, now) : 0;
	bool is_quiet =
		contact->quiet_ns && now.monotonic_ns - contact->quiet_ns >= QUIET_MS * MS_NS;
	return is_quiet && contact->is_waiting ? suspect(contact, now) : 0;
}

unsigned contact_moved(struct contact *contact, struct moment now)
{
	contact->looked_up_ns = now.monotonic_ns;
	return CONTACT_LOOKUP | suspect(contact, now);
}

uint32_t contact_look_ms(const struct contact *contact)
{
	return contact->quiet_ns ? CONTACT_LOOK_QUIET_MS : CONTACT_LOOK_MS;
}
