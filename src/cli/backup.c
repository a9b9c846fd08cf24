/* SPDX-License-Identifier: ISC */
/* tacet backup: the whole state as one file. */
#include "base/log.h"
#include "cli/ask.h"
#include "cli/file.h"
#include "cli/options.h"
#include "cli/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BACKUP_MS = 60 * 60 * 1000, /* the longest that copying may take */
};

/* Makes it durable, and puts it in place of what was there. */
static int settle(int fd, const char *fresh, const char *path)
{
	if (fsync(fd) < 0)
		return -errno;
	if (rename(fresh, path) < 0)
		return -errno;
	return file_sync_folder(path);
}

static enum cli_exit print_done(const struct cli *cli, int fd, const char *path)
{
	AUTO_TEXT char *shown = text_escape(path);
	struct stat about;
	char size[TEXT_SIZE];

	if (fstat(fd, &about) < 0)
		about.st_size = 0; /* it is there all the same */
	if (cli->wants_json) {
		json_auto_t *json =
			json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)about.st_size);
		return ask_print(json);
	}
	printf("%s holds all of the state, %s, as of now. It does not hold %s/%s: keep a copy of "
	       "that, too.\n",
		shown, text_bytes((uint64_t)about.st_size, size), cli->config.state,
		CONFIG_SERVER_KEY);
	return CLI_OK;
}

static enum cli_exit fetch(const struct cli *cli, int fd, const char *fresh, const char *path)
{
	const struct caller_request request = {
		.method = "GET", .path = "/v1/backup", .total_ms = BACKUP_MS, .file_fd = fd};
	json_auto_t *none = NULL;

	enum cli_exit result = ask(cli, &request, &none);
	if (result != CLI_OK)
		return result;
	int err = settle(fd, fresh, path);
	if (err == 0)
		return print_done(cli, fd, path);
	AUTO_TEXT char *shown = text_escape(path);
	log_err(err, "%s: cannot write the backup", shown);
	return CLI_FAILED;
}

enum cli_exit cli_backup(const struct cli *cli, int argc, char **argv)
{
	const struct options_table table = {NULL, 0, 1, 1};
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	AUTO_TEXT char *fresh = text_format("%s.tmp-XXXXXX", words[0]);
	int fd = mkostemp(fresh, O_CLOEXEC); /* mode 0600, and nobody's link is followed */
	if (fd < 0) {
		AUTO_TEXT char *shown = text_escape(words[0]);
		log_err(-errno, "%s: cannot make the backup there", shown);
		return CLI_FAILED;
	}
	enum cli_exit result = fetch(cli, fd, fresh, words[0]);
	if (result != CLI_OK)
		(void)unlink(fresh); /* half a backup, or none; that it failed was said */
	(void)close(fd);	     /* it was synced */
	return result;
}
