/* SPDX-License-Identifier: ISC */
/* By which of this host's addresses another is reached, as its routes are now. Any thread. */
#pragma once

#include "base/address.h"

/* The address; ADDRESS_NONE: there is no way to it. Nothing is sent. */
struct address source_towards(const struct endpoint *endpoint);
