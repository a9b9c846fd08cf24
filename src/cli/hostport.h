/* SPDX-License-Identifier: ISC */
/* What devices call: a host, by name or address, and a UDP port. Pure. */
#pragma once

#include "base/attributes.h"

#include <stdint.h>

/*
 * Reads "gw.example.net:51820", "192.0.2.1:51820" or "[2001:db8::1]:51820". ERR_SYNTAX; ERR_RANGE:
 * the port, or the name is too long. A name is not looked up.
 */
int hostport_parse(const char *text, uint16_t *ret_port) must_check;
