/* SPDX-License-Identifier: ISC */
/* POST /v1/enrol: what a one-time key can ask for, once. */
#pragma once

#include "controller/state.h"

server_handler enrol_post;
