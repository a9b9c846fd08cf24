/* SPDX-License-Identifier: ISC */
/*
 * Gateways other than the controller's. Nothing is asked of them: the engine keeps calling them, so
 * one that answers has a handshake that is not old.
 */
#include "client/follower_state.h"

enum {
	ADDRESS_S = 6,	/* for an address to answer: two handshakes */
	LOOKUP_S = 30,	/* between two look-ups of a name that leads nowhere */
	SILENT_S = 180, /* without a new handshake: the session is over (the paper, 6.2) */
};

static bool is_silent(const struct message_peer_status *peer, struct moment now)
{
	return peer->last_handshake_ns == 0 ||
	       now.realtime_ns > peer->last_handshake_ns + SILENT_S * (uint64_t)NS_PER_S;
}

static bool has_passed(uint64_t since_ns, uint64_t seconds, struct moment now)
{
	return now.monotonic_ns - since_ns >= seconds * NS_PER_S;
}

void follower_other_counted(
	struct follower *follower, size_t gateway, const struct message_peer_status *peer)
{
	struct moment now = clock_now();

	if (gateway >= follower->callee_count)
		return; /* it is not called yet */
	struct callee *callee = &follower->callees[gateway];
	if (callee->tried_ns == 0 || !is_silent(peer, now)) {
		callee->tried_ns = callee->looked_up_ns = now.monotonic_ns;
		return;
	}
	if (has_passed(callee->looked_up_ns, LOOKUP_S, now)) {
		callee->looked_up_ns = now.monotonic_ns;
		callee_look_up(callee);
	}
	if (!has_passed(callee->tried_ns, ADDRESS_S, now))
		return;
	callee->tried_ns = now.monotonic_ns;
	if (callee_next(callee))
		planner_want(&follower->planner);
}
