/* SPDX-License-Identifier: ISC */
#include "wireguard/timers.h"

static bool is_running(const struct timers *timers, enum timer timer)
{
	return timers->due_ns[timer] != TIMER_OFF;
}

static void start(struct timers *timers, enum timer timer, uint64_t due_ns)
{
	timers->due_ns[timer] = due_ns;
}

static void stop(struct timers *timers, enum timer timer)
{
	timers->due_ns[timer] = TIMER_OFF;
}

/* Up to a third of a second, so that two peers do not keep calling at the same time. */
static uint64_t jitter_ns(struct entropy entropy)
{
	return entropy_u32(entropy) % (uint32_t)REKEY_TIMEOUT_JITTER_MAX_NS;
}

void timers_init(struct timers *timers)
{
	*timers = (struct timers){0};
	timers_stop(timers);
}

void timers_stop(struct timers *timers)
{
	for (enum timer timer = 0; timer < TIMER_COUNT; timer++)
		stop(timers, timer);
	timers->last_handshake_sent_ns = 0;
	timers->handshake_attempts = 0;
	timers->needs_another_keepalive = false;
	timers->has_sent_last_minute_handshake = false;
}

void timers_set_persistent_keepalive(struct timers *timers, uint16_t seconds)
{
	timers->persistent_keepalive_ns = seconds * SECONDS_NS;
	if (seconds == 0)
		stop(timers, TIMER_PERSISTENT_KEEPALIVE);
}

void timers_started(struct timers *timers, uint64_t now_ns)
{
	if (timers->persistent_keepalive_ns)
		start(timers, TIMER_PERSISTENT_KEEPALIVE, now_ns);
}

void timers_data_sent(struct timers *timers, uint64_t now_ns, struct entropy entropy)
{
	if (is_running(timers, TIMER_NEW_HANDSHAKE))
		return;
	start(timers, TIMER_NEW_HANDSHAKE,
		now_ns + KEEPALIVE_TIMEOUT_NS + REKEY_TIMEOUT_NS + jitter_ns(entropy));
}

void timers_data_received(struct timers *timers, uint64_t now_ns)
{
	if (is_running(timers, TIMER_SEND_KEEPALIVE))
		timers->needs_another_keepalive = true;
	else
		start(timers, TIMER_SEND_KEEPALIVE, now_ns + KEEPALIVE_TIMEOUT_NS);
}

void timers_any_authenticated_packet_sent(struct timers *timers)
{
	stop(timers, TIMER_SEND_KEEPALIVE);
}

void timers_any_authenticated_packet_received(struct timers *timers)
{
	stop(timers, TIMER_NEW_HANDSHAKE);
}

void timers_any_authenticated_packet_traversed(struct timers *timers, uint64_t now_ns)
{
	bool runs_on = timers->is_steady && is_running(timers, TIMER_PERSISTENT_KEEPALIVE);

	if (timers->persistent_keepalive_ns && !runs_on)
		start(timers, TIMER_PERSISTENT_KEEPALIVE, now_ns + timers->persistent_keepalive_ns);
}

void timers_handshake_initiated(struct timers *timers, uint64_t now_ns, struct entropy entropy)
{
	start(timers, TIMER_RETRANSMIT_HANDSHAKE, now_ns + REKEY_TIMEOUT_NS + jitter_ns(entropy));
}

void timers_handshake_completed(struct timers *timers, uint64_t realtime_ns)
{
	stop(timers, TIMER_RETRANSMIT_HANDSHAKE);
	timers->handshake_attempts = 0;
	timers->has_sent_last_minute_handshake = false;
	timers->last_handshake_complete_ns = realtime_ns;
}

void timers_identity_changed(struct timers *timers)
{
	timers->last_handshake_sent_ns = 0; /* kernel: wg_noise_expire_current_peer_keypairs() */
}

void timers_session_derived(struct timers *timers, uint64_t now_ns)
{
	start(timers, TIMER_ZERO_KEY_MATERIAL, now_ns + 3 * REJECT_AFTER_TIME_NS);
}

void timers_handshake_given_up(struct timers *timers, uint64_t now_ns)
{
	stop(timers, TIMER_SEND_KEEPALIVE);
	if (!is_running(timers, TIMER_ZERO_KEY_MATERIAL))
		start(timers, TIMER_ZERO_KEY_MATERIAL, now_ns + 3 * REJECT_AFTER_TIME_NS);
}

void timers_keepalive_expired(struct timers *timers, uint64_t now_ns)
{
	if (!timers->needs_another_keepalive)
		return;
	timers->needs_another_keepalive = false;
	start(timers, TIMER_SEND_KEEPALIVE, now_ns + KEEPALIVE_TIMEOUT_NS);
}

void timers_persistent_keepalive_expired(struct timers *timers, uint64_t now_ns)
{
	/* Whether or not one can be sent now: there may be an endpoint and a key by the next. */
	timers_any_authenticated_packet_traversed(timers, now_ns);
}

bool timers_may_initiate(const struct timers *timers, uint64_t now_ns)
{
	return timers->last_handshake_sent_ns == 0 ||
	       now_ns - timers->last_handshake_sent_ns >= REKEY_TIMEOUT_NS;
}

bool timers_handshake_is_hopeless(const struct timers *timers)
{
	return timers->handshake_attempts > MAX_TIMER_HANDSHAKES;
}

uint64_t timers_next_ns(const struct timers *timers)
{
	uint64_t next = TIMER_OFF;
	for (enum timer timer = 0; timer < TIMER_COUNT; timer++) {
		if (timers->due_ns[timer] < next)
			next = timers->due_ns[timer];
	}
	return next;
}

enum timer timers_take_due(struct timers *timers, uint64_t now_ns)
{
	for (enum timer timer = 0; timer < TIMER_COUNT; timer++) {
		if (timers->due_ns[timer] <= now_ns) {
			stop(timers, timer);
			return timer;
		}
	}
	return TIMER_COUNT;
}
