/* SPDX-License-Identifier: ISC */
/* What an administrator should know: logged, and kept for `tacet status`. */
#pragma once

#include "controller/state.h"

/* The text is printable; what is from outside in it was escaped. */
void alarms_raise(struct controller *controller, const char *format, ...) printf_like(2, 3);

/* All that holds now, then what was raised, the latest first: texts. The caller's. */
json_t *alarms_list(const struct controller *controller);
