/* SPDX-License-Identifier: ISC */
#include "crypto/method.h"

#include "base/attributes.h"
#include "crypto/ipsecmb.h"
#include "crypto/serial.h"
#include "crypto/wide.h"

#include <stdlib.h>

/* The last that is usable, and has enough packets, is the fastest: docs/decisions/aead.md. */
static const struct method methods[] = {
	{"libcrypto", 0, serial_is_usable, serial_seal, serial_open},
	{"ipsec-mb", 0, ipsecmb_is_usable, ipsecmb_seal, ipsecmb_open},
	{"wide", 4, wide_is_usable, wide_seal, wide_open},
};

const struct method *method_at(size_t i)
{
	return i < ARRAY_LENGTH(methods) ? &methods[i] : NULL;
}

const struct method *method_for(size_t count)
{
	size_t i = ARRAY_LENGTH(methods) - 1;

	while (i > 0 && (count < methods[i].least || !methods[i].is_usable()))
		i--;
	return &methods[i];
}
