/* SPDX-License-Identifier: ISC */
/* What an administrator should know: logged, and kept for `tacet status`. */
#pragma once

#include "controller/state.h"

void alarms_raise(struct controller *controller, const char *format, ...) printf_like(2, 3);

/* Makes '?' of what is not printable ASCII: a text that was cut may end within a character. */
void alarms_printable(char *text);

/* All that holds now, then what was raised, the latest first: texts. The caller's. */
json_t *alarms_list(const struct controller *controller);
