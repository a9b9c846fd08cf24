/* SPDX-License-Identifier: ISC */
/* Built without clang or libbpf: there is no door, and the engine checks alone. */
#include "door/door.h"

#include <errno.h>
#include <stdio.h>

int door_open(const struct door_config *config, struct door **ret_door,
	char ret_error[static DOOR_ERROR_SIZE])
{
	(void)config, (void)ret_door;
	(void)snprintf(ret_error, DOOR_ERROR_SIZE, "built without BPF"); /* fits */
	return -EOPNOTSUPP;
}

void door_close(struct door *door)
{
	(void)door; /* there is none */
}

struct keeper_maps door_maps(const struct door *door)
{
	(void)door;
	return (struct keeper_maps){-1, -1, -1, 0, 0};
}

int door_tap_fd(const struct door *door)
{
	(void)door;
	return -1;
}

int door_places_fd(const struct door *door)
{
	(void)door;
	return -1;
}

int door_program_fd(const struct door *door)
{
	(void)door;
	return -1;
}

int door_attach(struct door *door, unsigned *ret_count)
{
	(void)door, (void)ret_count;
	return -EOPNOTSUPP;
}

void door_sweep(const char *interface)
{
	(void)interface; /* who built without leaves what others left */
}
