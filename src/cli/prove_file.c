/* SPDX-License-Identifier: ISC */
#include "cli/prove_file.h"

#include "base/log.h"

#include <errno.h>

enum cli_exit prove_file_json(const char *path, const json_t *json)
{
	if (!path || json_dump_file(json, path, JSON_INDENT(1)) == 0)
		return CLI_OK;
	log_err(errno ? -errno : 0, "prove: %s: cannot write it", path);
	return CLI_FAILED;
}

enum cli_exit prove_file_html(const char *path, prove_file_page *write, const void *subject)
{
	if (!path)
		return CLI_OK;
	FILE *file = fopen(path, "we");
	if (file)
		write(subject, file);
	bool is_good = file && fflush(file) == 0 && !ferror(file);
	int err = -errno;
	if (file)
		(void)fclose(file); /* it was flushed */
	if (is_good)
		return CLI_OK;
	log_err(err, "prove: %s: cannot write it", path);
	return CLI_FAILED;
}

void prove_file_progress(void *context, const char *phase, size_t done, size_t total)
{
	const bool *is_shown = context;

	if (!*is_shown)
		return;
	if (total > 0)
		(void)fprintf(stderr, "\r\033[K%s: %zu of %zu", phase, done, total);
	else
		(void)fprintf(stderr, "\r\033[K%s: %zu", phase, done);
}
