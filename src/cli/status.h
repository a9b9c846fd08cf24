/* SPDX-License-Identifier: ISC */
/* What tacet status prints for people, of either side's GET /v1/status. */
#pragma once

#include <jansson.h>

void status_print_server(const json_t *status);
void status_print_client(const json_t *status);
