/* SPDX-License-Identifier: ISC */
/*
 * Asks tacetd over its local socket (docs/api.md), says on stderr what went wrong, and gives the
 * exit code that stands for it: CLI_OK where *ret_json was set, which is the caller's.
 */
#pragma once

#include "cli/command.h"
#include "control/caller.h"

/* GET. */
enum cli_exit ask_get(const struct cli *cli, const char *path, json_t **ret_json) must_check;

/* As that; what is not there is no failure: CLI_OK, and *ret_json stays as it is. */
enum cli_exit ask_get_or_none(
	const struct cli *cli, const char *path, json_t **ret_json) must_check;

/* Any other method. Consumes body; NULL: none. An answer without a body is an empty object. */
enum cli_exit ask_act(const struct cli *cli, const char *method, const char *path, json_t *body,
	json_t **ret_json) must_check;

/* As the request says; *ret_json stays NULL where its answer goes to a file. */
enum cli_exit ask(
	const struct cli *cli, const struct caller_request *request, json_t **ret_json) must_check;

/* The path with each {} replaced by the next of the words, percent-encoded. The caller frees it. */
char *ask_path(const char *pattern, const char *const words[])
	__attribute__((returns_nonnull, warn_unused_result));

/* Says on stderr that tacetd does not answer, and how it is started. Gives CLI_NOT_RUNNING. */
enum cli_exit ask_not_running(const struct cli *cli);

/* Prints what was answered as it is, for --json; NULL as an empty object. Gives CLI_OK. */
enum cli_exit ask_print(const json_t *json);
