/* SPDX-License-Identifier: ISC */
/* Time passes and things happen: what contact.h says about that is done here. */
#include "client/devicestatus.h"
#include "client/follower_state.h"
#include "client/source.h"

#include "base/error.h"
#include "base/log.h"

#include <errno.h>

enum {
	SETTLE_MS = 500,  /* a network that changes does so in several steps */
	ASLEEP_MS = 5000, /* a look that comes so much too late: the machine slept */
};

/* ---- what is to be done ---- */

static uint64_t ms_until(uint64_t due_ns, struct moment now)
{
	if (due_ns <= now.monotonic_ns)
		return 0;
	return (due_ns - now.monotonic_ns + NS_PER_MS - 1) / NS_PER_MS;
}

static void ask_is_due(uv_timer_t *timer);

static int ask(struct follower *follower, const struct contact_question *question)
{
	uint64_t version = question->wait_s ? follower->device.netmap.version : 0;
	const struct asker_question asked = {
		/* a gateway's is long: it is not told again what it knows */
		.version = follower->is_gateway ? follower->told.version : version,
		.in_force = follower->in_force,
		.says_knock = follower->has_knock && !follower->is_gateway,
		.knock = follower->knock,
		.wait_s = question->wait_s,
		.total_ms = question->total_ms,
	};

	return asker_ask(follower->asker, &asked);
}

/* Asks what is due, or waits until something is. */
static void go_on(struct follower *follower)
{
	struct moment now = clock_now();
	struct contact_question question;

	/* what a gateway asks says what it has in force */
	bool is_early = follower->is_gateway && follower->planner.is_under_way;

	if (!follower->asker || is_early)
		return;
	if (contact_take(&follower->contact, now, &question)) {
		int err = ask(follower, &question);
		if (err == 0)
			return;
		log_err(err, "cannot ask the controller");
		(void)contact_unanswered(&follower->contact, now); /* acts can wait */
	}
	if (follower->contact.due_ns != UINT64_MAX)
		(void)uv_timer_start(&follower->ask_timer, ask_is_due, /* it is not closing */
			ms_until(follower->contact.due_ns, now), 0);
}

static void ask_is_due(uv_timer_t *timer)
{
	go_on(timer->data);
}

static void act(struct follower *follower, unsigned acts)
{
	if (acts & CONTACT_CANCEL)
		asker_cancel(follower->asker);
	for (size_t i = 0; acts & CONTACT_LOOKUP && i < follower->callee_count; i++)
		callee_look_up(&follower->callees[i]);
	if (acts & CONTACT_NEXT_ADDRESS && follower->callee_count &&
		callee_next(&follower->callees[0]))
		planner_want(&follower->planner);
	if (acts & CONTACT_NEW_HANDSHAKE)
		planner_want_handshakes(&follower->planner);
	go_on(follower);
}

/* ---- answers ---- */

static void log_change(struct follower *follower, bool was_connected, bool was_silent)
{
	const struct netmap_gateway *gateway = &follower->device.netmap.gateways[0];
	struct endpoint address = callee_address(&follower->callees[0]);
	char text[ENDPOINT_TEXT_SIZE] = "no address";

	if (address.remote.family != ADDRESS_NONE)
		(void)endpoint_format(&address, text);
	if (follower->contact.is_connected && !was_connected)
		log_info(0, "connected to gateway %s, %s (%s)", gateway->name, gateway->endpoint,
			text);
	if (follower->contact.is_silent && !was_silent)
		log_warn(ERR_SILENT, "%s, %s (%s): going on with what was granted last",
			gateway->name, gateway->endpoint, text);
}

/* Whether an error came from the other end of the tunnel, so that the tunnel works. */
static bool came_through(int err)
{
	return err == ERR_REFUSED || err == ERR_SYNTAX || err == -ECONNREFUSED ||
	       err == -ECONNRESET;
}

static unsigned judge(struct follower *follower, int err, const struct problem *problem)
{
	struct contact *contact = &follower->contact;
	struct moment now = clock_now();

	if (err == 0)
		return contact_answered(contact, now);
	if (err == -ECANCELED)
		return contact_canceled(contact, now);
	if (!came_through(err))
		return contact_unanswered(contact, now);
	if (contact->failures == 0)
		log_warn(err, "the controller did not say what is granted: %s",
			err == ERR_REFUSED ? problem->text : "asking again");
	return contact_reached(contact, now);
}

static void is_answered(void *context, int err, const json_t *json, const struct problem *problem)
{
	struct follower *follower = context;
	bool was_connected = follower->contact.is_connected;
	bool was_silent = follower->contact.is_silent;
	unsigned acts = judge(follower, err, problem);

	if (follower->callee_count)
		log_change(follower, was_connected, was_silent);
	if (err == 0) {
		follower_keep_address(follower);
		if (json)
			follower_take_answer(follower, json);
	}
	act(follower, acts);
}

void follower_contact_planned(struct follower *follower)
{
	const struct planner *planner = &follower->planner;
	bool is_news = !planner->is_wanted && follower->in_force != follower->planned;

	if (!follower->is_gateway || planner->is_under_way)
		return;
	if (is_news)
		follower->in_force = follower->planned;
	if (is_news && follower->asker && follower->contact.due_ns == UINT64_MAX)
		asker_cancel(follower->asker); /* it said what was in force before */
	go_on(follower);
}

/* ---- counters ---- */

static void look_is_due(uv_timer_t *timer)
{
	struct follower *follower = timer->data;
	struct moment now = clock_now();
	const struct message_ask ask = {.nonce = ++follower->nonce};
	uint64_t interval_ns = now.monotonic_ns - follower->looked.monotonic_ns;
	uint64_t longest_ms = CONTACT_LOOK_MS + ASLEEP_MS;

	follower->looked = now;
	follower->counters = (struct contact_counters){0};
	channel_send(follower->channel, MESSAGE_STATUS_ASK, &ask, 1);
	planner_retry(&follower->planner);
	(void)uv_timer_start(timer, look_is_due, /* it is not closing */
		contact_look_ms(&follower->contact), 0);
	if (interval_ns > longest_ms * NS_PER_MS) {
		log_info(0, "the machine has slept: looking whether the gateway is still there");
		act(follower, contact_moved(&follower->contact, now));
	}
}

void follower_peer_counted(struct follower *follower, const struct message_peer_status *peer)
{
	const struct netmap *netmap = &follower->device.netmap;
	size_t at = 0;

	while (at < netmap->gateway_count &&
		memcmp(peer->public_key, netmap->gateways[at].public_key,
			sizeof peer->public_key) != 0)
		at++;
	if (at == netmap->gateway_count)
		return; /* a device's */
	if (at > 0) {
		follower_other_counted(follower, at, peer);
		return;
	}
	follower->counters = (struct contact_counters){
		.handshake_ns = peer->last_handshake_ns,
		.rx_bytes = peer->rx_bytes,
		.tx_bytes = peer->tx_bytes,
	};
}

void follower_all_counted(struct follower *follower, const struct message_status *status)
{
	if (status->nonce != follower->nonce || !status->is_engine_up)
		return;
	act(follower, contact_counted(&follower->contact, &follower->counters, clock_now()));
}

/* ---- this host moves ---- */

/* Whether the gateway is called by another address of ours than when this was asked last. */
static bool calls_from_elsewhere(struct follower *follower)
{
	struct endpoint address = follower_address(follower);
	struct address former = follower->source;

	follower->source = source_towards(&address);
	return !address_equal(&former, &follower->source);
}

/* Most changes are none to us: an address was confirmed, a container began. */
static void network_has_settled(uv_timer_t *timer)
{
	struct follower *follower = timer->data;
	bool is_elsewhere = calls_from_elsewhere(follower);

	if (!is_elsewhere && follower->contact.is_connected)
		return;
	log_info(0, "this host's addresses or routes have changed: looking for the gateway");
	act(follower, contact_moved(&follower->contact, clock_now()));
}

static void network_changes(uv_poll_t *poll, int status, int events)
{
	struct follower *follower = poll->data;

	(void)status, (void)events; /* reading says what is wrong */
	int changed = netwatch_read(follower->netwatch);
	if (changed < 0) {
		log_warn(changed, "cannot hear of this host's addresses any more");
		(void)uv_poll_stop(poll); /* always 0 */
	} else if (changed && !uv_is_active((const uv_handle_t *)&follower->settle_timer)) {
		(void)uv_timer_start(&follower->settle_timer, network_has_settled, /* not closing */
			SETTLE_MS, 0);
	}
}

static int watch(struct follower *follower)
{
	follower->netwatch_poll.data = follower;
	int err = uv_poll_init(
		&follower->loop, &follower->netwatch_poll, netwatch_fd(follower->netwatch));
	if (err < 0)
		return err;
	return uv_poll_start(&follower->netwatch_poll, UV_READABLE, network_changes);
}

/* ---- life ---- */

static int open_asker(struct follower *follower)
{
	const struct netmap *netmap = &follower->device.netmap;
	const struct asker_config config = {
		.loop = &follower->loop,
		.address = netmap->gateways[0].ipv4.family != ADDRESS_NONE
				   ? netmap->gateways[0].ipv4
				   : netmap->gateways[0].ipv6,
		.port = netmap->control_port,
		.interface = follower->config->interface,
		.path = follower->is_gateway ? "/v1/plan" : "/v1/netmap",
		.answered = is_answered,
		.context = follower,
	};

	return asker_new(&config, &follower->asker);
}

int follower_contact_begin(struct follower *follower)
{
	uv_timer_t *timers[] = {
		&follower->ask_timer, &follower->look_timer, &follower->settle_timer};

	for (size_t i = 0; i < ARRAY_LENGTH(timers); i++) {
		timers[i]->data = follower;
		(void)uv_timer_init(&follower->loop, timers[i]); /* always 0 */
	}
	int err = open_asker(follower);
	if (err == 0 && follower->netwatch)
		err = watch(follower);
	if (err < 0)
		return err;
	(void)calls_from_elsewhere(follower); /* it has not been asked before */
	follower->looked = clock_now();
	contact_init(&follower->contact, follower->looked);
	(void)uv_timer_start(&follower->look_timer, look_is_due, CONTACT_LOOK_MS, 0);
	go_on(follower);
	return 0;
}

static void close_handle(uv_handle_t *handle)
{
	if (handle->loop && !uv_is_closing(handle))
		uv_close(handle, NULL);
}

void follower_contact_end(struct follower *follower)
{
	asker_free(follower->asker);
	follower->asker = NULL;
	close_handle((uv_handle_t *)&follower->ask_timer);
	close_handle((uv_handle_t *)&follower->look_timer);
	close_handle((uv_handle_t *)&follower->settle_timer);
	close_handle((uv_handle_t *)&follower->netwatch_poll);
}
