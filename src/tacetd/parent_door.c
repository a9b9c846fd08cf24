/* SPDX-License-Identifier: ISC */
/* The door in the kernel: the parent may load it, the engine feeds it. See docs/door.md. */
#include "base/error.h"
#include "base/log.h"
#include "tacetd/parent_state.h"

#include <stdio.h>

enum {
	LIVE_BITS_OF_DEVICE = 12, /* it has a peer or a few */
};

static enum door_kind kind_of(const struct config *config)
{
	if (config->reception == CONFIG_RECEPTION_HIDDEN)
		return DOOR_HIDDEN;
	return config->door == CONFIG_DOOR_OFF ? DOOR_NONE : DOOR_TC;
}

/* In words that fit into a status; a verifier's are for the log. */
static void keep_reason(struct parent *parent, int err, const char *said)
{
	(void)snprintf(
		parent->door_why, sizeof parent->door_why, "%s", err_str(err)); /* may be cut */
	log_warn(err,
		"%s: there is no door in the kernel: the engine checks all datagrams itself%s%s",
		parent->config->interface, *said ? ": " : "", said);
}

int parent_door_open(struct parent *parent)
{
	const struct config *config = parent->config;
	const struct door_config door = {
		.kind = kind_of(config),
		.interface = config->interface,
		.live_bits = parent_is_gateway(parent) ? 0 : LIVE_BITS_OF_DEVICE,
	};
	char error[DOOR_ERROR_SIZE] = "";

	if (door.kind == DOOR_NONE) {
		door_sweep(config->interface); /* of a daemon that was killed */
		(void)snprintf(parent->door_why, sizeof parent->door_why, "off in %s",
			"tacet.conf"); /* fits */
		return 0;
	}
	int err = doorman_open(&parent->loop, &door, &parent->doorman, error);
	if (err == 0) {
		log_info(0, "%s: the door in the kernel is at %s of %u interfaces",
			config->interface, door_kind_word(door.kind),
			doorman_count(parent->doorman));
		return 0;
	}
	keep_reason(parent, err, error);
	return door.kind == DOOR_HIDDEN ? err : 0;
}

enum door_kind parent_door_kind(const struct parent *parent)
{
	return parent->doorman ? kind_of(parent->config) : DOOR_NONE;
}
