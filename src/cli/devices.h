/* SPDX-License-Identifier: ISC */
/* The table of devices, which several commands print. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	DEVICES_CONNECTED_S = 180, /* after the last handshake a session has ended (paper, 6.1) */
};

/* Whether a session may live: something that shook hands then. Unix seconds. */
bool devices_is_connected(uint64_t last_handshake_s, uint64_t now_s);

/* Prints to stdout devices as GET /v1/devices gives them. */
void devices_print(const json_t *devices);
