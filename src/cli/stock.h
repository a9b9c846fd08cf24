/* SPDX-License-Identifier: ISC */
/* The configuration of a device that runs a stock WireGuard. */
#pragma once

#include <jansson.h>
#include <stdio.h>

/*
 * Prints it as wg-quick(8) reads it, with a placeholder for the private key, and addresses for
 * what the device may reach only. The JSON: a device, GET /v1/network, a list of services.
 */
void stock_print(const json_t *device, const json_t *network, const json_t *services, FILE *out);
