/* SPDX-License-Identifier: ISC */
#include "engine/engine.h"

#include <stdlib.h>

void engine_change_done(struct engine_change *change)
{
	for (size_t i = 0; i < change->peer_count; i++)
		free(change->peers[i].prefixes);
	if (change->peers)
		bytes_wipe(change->peers, change->peer_count * sizeof *change->peers);
	free(change->peers);
	if (change->knock_keys)
		bytes_wipe(
			change->knock_keys, change->knock_key_count * sizeof *change->knock_keys);
	free(change->knock_keys);
	bytes_wipe(change, sizeof *change);
}
