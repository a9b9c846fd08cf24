/* SPDX-License-Identifier: ISC */
/* The daemon as a unit of systemd's, by systemctl(1). What fails is logged here. */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>

#define UNIT "tacetd.service"

/* Whether systemd knows it. */
bool unit_is_there(void);

/* Now, and at each boot. -errno; -EIO: systemd said no. */
int unit_start(void) must_check;

/* Now. The same. */
int unit_stop(void) must_check;
