/* SPDX-License-Identifier: ISC */
/*
 * Who looked at this host, and what died silently: asked of the parent when somebody wants to know.
 * All who ask meanwhile share one answer.
 */
#pragma once

#include "controller/state.h"

void radar_init(struct controller *controller);

/* Requests that wait are dropped by the server; closes the timer. */
void radar_done(struct controller *controller);

/* What the parent answers. */
void radar_received_counts(
	struct controller *controller, const struct message_count *counts, size_t count);
void radar_received_sightings(
	struct controller *controller, const struct message_sighting *sightings, size_t count);
void radar_received_end(struct controller *controller, const struct message_radar *end);
