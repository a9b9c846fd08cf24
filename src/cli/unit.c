/* SPDX-License-Identifier: ISC */
#include "cli/unit.h"

#include "base/log.h"
#include "cli/spawn.h"

#include <errno.h>
#include <stddef.h>

enum {
	PATIENCE_MS = 30000, /* for the daemon to be ready, or to end */
};

bool unit_is_there(void)
{
	const char *const argv[] = {"systemctl", "--quiet", "cat", UNIT, NULL};

	return spawn_and_wait(argv, SPAWN_HIDDEN, PATIENCE_MS) == 0;
}

/* `verb` is what it shall do, for people. */
static int ask(const char *const argv[], const char *verb)
{
	int code = spawn_and_wait(argv, SPAWN_SHOWN, PATIENCE_MS);

	if (code == 0)
		return 0;
	log_err(code < 0 ? code : 0, "systemd could not %s " UNIT ": see journalctl --unit " UNIT,
		verb);
	return code < 0 ? code : -EIO;
}

int unit_start(void)
{
	const char *const argv[] = {"systemctl", "enable", "--now", "--quiet", UNIT, NULL};

	return ask(argv, "start");
}

int unit_stop(void)
{
	const char *const argv[] = {"systemctl", "stop", "--quiet", UNIT, NULL};

	return ask(argv, "stop");
}
