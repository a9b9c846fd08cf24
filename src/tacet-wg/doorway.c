/* SPDX-License-Identifier: ISC */
#include "tacet-wg/doorway.h"

#include "base/error.h"
#include "base/log.h"

static const enum door_kind kinds[] = {
	[OPTIONS_DOOR_OFF] = DOOR_NONE,
	[OPTIONS_DOOR_AUTO] = DOOR_TC,
	[OPTIONS_DOOR_TC] = DOOR_TC,
	[OPTIONS_DOOR_XDP] = DOOR_XDP,
};

static int open_parts(struct doorway *doorway, const struct door_config *config, unsigned shards,
	uv_loop_t *loop, char *ret_error)
{
	int err = doorman_open(loop, config, &doorway->doorman, ret_error);

	if (err < 0)
		return err;
	const struct keeper_maps maps = door_maps(doorman_door(doorway->doorman));
	return keeper_new(&maps, shards, &doorway->keeper);
}

void doorway_open(struct doorway *doorway, const struct options *options, uv_loop_t *loop)
{
	const struct door_config config = {
		.kind = options->is_hidden ? DOOR_HIDDEN : kinds[options->door],
		.interface = options->interface_name,
	};
	char error[DOOR_ERROR_SIZE] = "";

	if (config.kind == DOOR_NONE) {
		door_sweep(options->interface_name); /* of one that was killed */
		return;
	}
	int err = open_parts(doorway, &config, options->worker_count, loop, error);
	if (err == 0) {
		log_info(0, "%s: the door in the kernel is at %s of %u interfaces",
			options->interface_name, door_kind_word(config.kind),
			doorman_count(doorway->doorman));
		return;
	}
	if (options->door != OPTIONS_DOOR_AUTO || options->is_hidden)
		fatal(err, "%s: there can be no door in the kernel%s%s", options->interface_name,
			*error ? ": " : "", error);
	log_warn(err, "%s: there is no door in the kernel; the engine checks alone%s%s",
		options->interface_name, *error ? ": " : "", error);
	doorway_close(doorway);
	keeper_free(doorway->keeper);
	doorway->keeper = NULL;
}

void doorway_close(struct doorway *doorway)
{
	doorman_close(doorway->doorman);
	doorway->doorman = NULL;
}
