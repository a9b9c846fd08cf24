/* SPDX-License-Identifier: ISC */
/* What all of `tacet prove` have in common: files of results, and how far it is. */
#pragma once

#include "cli/command.h"
#include "prover/run.h"

#include <jansson.h>
#include <stdio.h>

/* Writes a result to a file, if there is a path; says on stderr what went wrong. */
enum cli_exit prove_file_json(const char *path, const json_t *json) must_check;

/* The same for a page, which a function writes of its subject. */
typedef void prove_file_page(const void *subject, FILE *out);
enum cli_exit prove_file_html(
	const char *path, prove_file_page *write, const void *subject) must_check;

/* A run_progress: shows it on stderr; context: whether (bool). */
void prove_file_progress(void *context, const char *phase, size_t done, size_t total);
