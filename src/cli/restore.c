/* SPDX-License-Identifier: ISC */
/* tacet restore: a backup in place of the database, while tacetd does not run. */
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/number.h"
#include "cli/ask.h"
#include "cli/database.h"
#include "cli/file.h"
#include "cli/options.h"
#include "cli/start.h"
#include "cli/text.h"
#include "store/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHUNK = 1 << 20, /* bytes copied at once */
};

/* Copies to the end of `from`. */
static int copy_all(int from, int to)
{
	for (;;) {
		ssize_t copied = sendfile(to, from, NULL, CHUNK);
		if (copied == 0)
			return 0;
		if (copied < 0 && errno != EINTR)
			return -errno;
	}
}

/* The database's owner cannot read root's files: it gets a copy, of its own. */
static int copy_in(int from, const char *copy)
{
	int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (to < 0)
		return -errno;
	int err = copy_all(from, to);
	if (close(to) < 0 && err == 0)
		err = -errno;
	return err;
}

/* With what SQLite made beside it. What stays is written over by the next attempt. */
static void remove_copy(const char *copy)
{
	static const char *const companions[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < ARRAY_LENGTH(companions); i++) {
		AUTO_TEXT char *path = text_format("%s%s", copy, companions[i]);
		(void)unlink(path);
	}
}

/* Where the log of what is to be replaced ends. Zero where there is nothing that can be read. */
static struct store_audit_head head_of(const char *path)
{
	struct store_audit_head head = {0};
	struct store *store = NULL;

	if (store_open(path, STORE_READ_ONLY, clock_now().realtime_ns, &store) < 0)
		return head;
	if (store_audit_head(store, &head) < 0)
		head = (struct store_audit_head){0};
	store_close(store);
	return head;
}

static void print_done(const char *path, bool had_one, const struct store_audit_head *head)
{
	char hash[2 * sizeof head->hash + 1];

	printf("%s is restored.\n", path);
	puts("The knock is preferred now, where it was required: devices may have newer keys than "
	     "the backup.\nOnce all have connected: tacet knock --mode required");
	if (!had_one)
		return;
	hex_format(head->hash, sizeof head->hash, hash);
	printf("What it replaced lies in %s.replaced", path);
	if (head->sequence > 0)
		printf("; its audit log ended with entry %llu, %s",
			(unsigned long long)head->sequence, hash);
	puts(".\nStart tacetd: what is enforced will follow.");
}

static enum cli_exit report(const char *backup, int err)
{
	AUTO_TEXT char *shown = text_escape(backup);

	log_err(err, "%s: was not restored; everything is as it was", shown);
	return err == ERR_LOCKED ? CLI_FAILED : CLI_REFUSED;
}

/* As the owner: the copy, the check and the exchange. Consumes nothing. */
static enum cli_exit exchange(const struct cli *cli, int from, const char *backup)
{
	const struct store_actor by = {
		.name = "root", .way = STORE_WAY_LOCAL, .now_ns = clock_now().realtime_ns};
	char path[CONFIG_PATH_SIZE];
	AUTO_TEXT char *copy = text_format("%s.restore", database_path(cli, path));
	bool had_one = faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0;
	struct store_audit_head replaced = head_of(path);

	int err = copy_in(from, copy);
	if (err == 0)
		err = store_restore(copy, &by, path);
	remove_copy(copy);
	if (err < 0)
		return report(backup, err);
	print_done(path, had_one, &replaced);
	return CLI_OK;
}

static enum cli_exit restore(const struct cli *cli, const char *backup)
{
	int from = open(backup, O_RDONLY | O_CLOEXEC);

	if (from < 0) {
		AUTO_TEXT char *shown = text_escape(backup);
		log_err(-errno, "%s: cannot read the backup", shown);
		return CLI_FAILED;
	}
	enum cli_exit result = database_act_as_owner(cli);
	if (result == CLI_OK) {
		result = exchange(cli, from, backup);
		file_act_as_root();
	}
	(void)close(from); /* it was read only */
	return result;
}

enum cli_exit cli_restore(const struct cli *cli, int argc, char **argv)
{
	const struct options_table table = {NULL, 0, 1, 1};
	char **words;

	if (!options_read(cli, argc, argv, &table, &words))
		return CLI_USAGE;
	if (start_is_running(cli)) {
		log_err(0, "tacetd runs: end it first (systemctl stop tacetd, or SIGTERM), since "
			   "it holds the database. Nothing was changed");
		return CLI_FAILED;
	}
	return restore(cli, words[0]);
}
