/* SPDX-License-Identifier: ISC */
/* What the engine knows of itself and its peers, as messages. On the engine's thread. */
#pragma once

#include "engine/engine.h"
#include "priv/channel.h"

/* Answers MESSAGE_RADAR_ASK: MESSAGE_RADAR_COUNTS of its drops, then MESSAGE_RADAR_END. */
void enginestatus_send_drops(struct engine *engine, struct channel *channel, uint64_t nonce);

/* Answers MESSAGE_STATUS_ASK: MESSAGE_STATUS_PEERS, then MESSAGE_STATUS_END. */
void enginestatus_send(struct engine *engine, struct channel *channel, uint64_t nonce);

/* Its own public key, and its port. */
void enginestatus_identify(struct engine *engine, uint8_t ret_public_key[static MESSAGE_KEY_SIZE],
	uint16_t *ret_listen_port);
