/* SPDX-License-Identifier: ISC */
/* The bytes of tacet.conf(5), for config.c, tests and the fuzzer; nobody else includes it. */
#pragma once

#include "policy/fault.h"
#include "priv/config.h"

/*
 * Reads any bytes. ERR_SYNTAX: there are faults, sorted by place; *ret_config is untouched then.
 * ret_config->path is empty. Release by policy_faults_done() in all cases. -ENOMEM.
 */
int config_parse(const void *bytes, size_t size, struct policy_faults *faults,
	struct config *ret_config) must_check;

/* The words of the file for a value; of a log level "" for silence; static. */
const char *config_role_word(enum config_role role);
const char *config_cookies_word(enum config_cookies cookies);
const char *config_level_word(enum log_level level);
const char *config_door_word(enum config_door door);
const char *config_reception_word(enum config_reception reception);
