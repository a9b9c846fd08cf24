/* SPDX-License-Identifier: ISC */
/*
 * Knock keys in a network that runs (docs/knock.md): the next one is made when it is time, gateways
 * accept it, and only then devices are told. Whom a key is told to is on the disk before it is.
 */
#pragma once

#include "controller/state.h"

void knocks_init(struct controller *controller);
void knocks_done(struct controller *controller);

/* An act has made or spoiled keys, in the store: the world is to know. */
void knocks_changed(struct controller *controller);

/*
 * Whether the next key is due, by the clock on the wall or by that of the process: so a clock that
 * was set back only lets a key live longer, until this process has run for a whole rotation.
 */
bool knocks_is_due(uint64_t made_realtime_ns, uint64_t seen_monotonic_ns, uint32_t rotation_s,
	struct moment now);

/* About to tell a device the newest key that is in force. Where it cannot be written down, the
 * device is told what it was told before. */
void knocks_tell_device(struct controller *controller, const struct store_device *device);

/* As that, for all devices that wait for news, in one go. */
void knocks_tell_waiting(struct controller *controller);

/* As that, for gateways and their plans. */
void knocks_tell_gateways(struct controller *controller);

/* Which key a device that was told up to `told` uses at a gateway of the world; 0: none. */
uint64_t knocks_number_at(const struct controller *controller, size_t gateway, uint64_t told);

/* What somebody says to have: written down soon. */
void knocks_heard(struct controller *controller, const struct store_knock_news *news);

/* What there is, for people; docs/api.md. The caller's. */
json_t *knocks_encode(const struct controller *controller);
