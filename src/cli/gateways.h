/* SPDX-License-Identifier: ISC */
/* A list of gateways for people. */
#pragma once

#include <jansson.h>

/* Prints the array of docs/api.md's gateways. */
void gateways_print(const json_t *gateways);
