/* SPDX-License-Identifier: ISC */
#include "priv/doorman.h"

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/netwatch.h"

#include <stdio.h>
#include <stdlib.h>

struct doorman {
	struct door *door;
	char interface[32]; /* the tunnel's */
	struct netwatch *watch;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned open_handles;
	uint64_t looked_ms; /* when it was attached last, the loop's time */
	unsigned count;
	int error; /* of the last look; said once */
};

static void look(struct doorman *doorman)
{
	unsigned count = 0;
	int err = door_attach(doorman->door, &count);

	doorman->looked_ms = uv_now(doorman->timer.loop);
	if (err < 0 && err != doorman->error)
		log_err(err, "%s: the door in the kernel cannot be attached to some interface",
			doorman->interface);
	if (err == 0 && doorman->error)
		log_info(0, "%s: the door in the kernel is attached again", doorman->interface);
	doorman->error = err;
	if (count != doorman->count)
		log_debug(0, "%s: the door in the kernel is at %u interfaces", doorman->interface,
			count);
	doorman->count = count;
}

static void set_timer(struct doorman *doorman, uint64_t ms);

static void timer_is_due(uv_timer_t *timer)
{
	look(timer->data);
	set_timer(timer->data, DOORMAN_CHECK_MS);
}

static void set_timer(struct doorman *doorman, uint64_t ms)
{
	uv_timer_start(&doorman->timer, timer_is_due, ms, 0);
}

/* At once; but a storm of changes costs a look each DOORMAN_PAUSE_MS only. */
static void links_have_changed(uv_poll_t *poll, int status, int events)
{
	struct doorman *doorman = poll->data;
	uint64_t since_ms = uv_now(poll->loop) - doorman->looked_ms;

	(void)status, (void)events; /* reading says what is wrong */
	int changed = netwatch_read(doorman->watch);
	if (changed < 0) {
		log_warn(changed, "%s: changes of interfaces are seen within seconds only",
			doorman->interface);
		uv_poll_stop(poll);
	}
	if (changed == 0)
		return;
	if (since_ms >= DOORMAN_PAUSE_MS)
		look(doorman);
	else
		set_timer(doorman, DOORMAN_PAUSE_MS - since_ms);
}

/* ---- life ---- */

/* Frees it with the last of its handles. */
static void is_closed(uv_handle_t *handle)
{
	struct doorman *doorman = handle->data;

	if (--doorman->open_handles > 0)
		return;
	netwatch_close(doorman->watch);
	free(doorman);
}

static int watch(uv_loop_t *loop, struct doorman *doorman)
{
	int err = netwatch_open(doorman->interface, &doorman->watch);

	if (err < 0)
		return err;
	doorman->poll.data = doorman->timer.data = doorman;
	err = uv_poll_init(loop, &doorman->poll, netwatch_fd(doorman->watch));
	if (err < 0) {
		netwatch_close(doorman->watch);
		return err;
	}
	(void)uv_timer_init(loop, &doorman->timer); /* cannot fail */
	doorman->open_handles = 2;
	return uv_poll_start(&doorman->poll, UV_READABLE, links_have_changed);
}

/* One interface that cannot have it is no reason for the others to go without. */
static int attach_first(struct doorman *doorman)
{
	doorman->error = door_attach(doorman->door, &doorman->count);
	if (doorman->error < 0 && doorman->count > 0)
		log_warn(doorman->error, "%s: some interface cannot have a door in the kernel",
			doorman->interface);
	return doorman->count > 0 ? 0 : doorman->error;
}

int doorman_open(uv_loop_t *loop, const struct door_config *config, struct doorman **ret_doorman,
	char ret_error[static DOOR_ERROR_SIZE])
{
	struct door *door;
	int err = door_open(config, &door, ret_error);

	if (err < 0)
		return err;
	struct doorman *doorman = memory_new(1, sizeof *doorman);
	doorman->door = door;
	(void)snprintf(
		doorman->interface, sizeof doorman->interface, "%s", config->interface); /* fits */
	err = watch(loop, doorman);
	if (err == 0)
		err = attach_first(doorman);
	if (err < 0) {
		(void)snprintf(ret_error, DOOR_ERROR_SIZE, "cannot attach"); /* fits */
		doorman_close(doorman);
		return err;
	}
	doorman->looked_ms = uv_now(loop);
	set_timer(doorman, DOORMAN_CHECK_MS);
	*ret_doorman = doorman;
	return 0;
}

void doorman_close(struct doorman *doorman)
{
	if (!doorman)
		return;
	door_close(doorman->door);
	doorman->door = NULL;
	if (doorman->open_handles == 0) {
		free(doorman);
		return;
	}
	uv_close((uv_handle_t *)&doorman->poll, is_closed);
	uv_close((uv_handle_t *)&doorman->timer, is_closed);
}

const struct door *doorman_door(const struct doorman *doorman)
{
	return doorman->door;
}

unsigned doorman_count(const struct doorman *doorman)
{
	return doorman->count;
}
