/* SPDX-License-Identifier: ISC */
/* Deeds that are tried by a child in a sandbox, and how they went. Needs root. */
#pragma once

#include "tap.h"

#include "base/attributes.h"
#include "priv/sandbox_part.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NOBODY = 65534,
	/* Profiles as bits. */
	E = 1 << SANDBOX_ENGINE,
	C = 1 << SANDBOX_CONTROL,
	L = 1 << SANDBOX_CALLER,
	ALL = E | C | L,
	R = 1 << SANDBOX_RADAR,
};

/* How a deed went: its exit code, or what killed it. */
enum outcome {
	DONE,
	REFUSED, /* EACCES, EPERM and their like */
	FAILED,	 /* anything else */
	NOT_ENTERED,
	KILLED = 1000, /* SIGSYS */
	ABORTED,
	DIED,
};

struct deed {
	const char *name;
	unsigned profiles; /* in which it goes so */
	enum outcome want;
	enum outcome (*do_it)(void);
};

static char sandbox_writable[] = "/tmp/tacet-sandbox-w-XXXXXX";
static char sandbox_readable[] = "/tmp/tacet-sandbox-r-XXXXXX";

/* How a call went that says so by a negative result and errno. */
static inline enum outcome outcome_of(long result)
{
	if (result >= 0)
		return DONE;
	bool is_refused = errno == EACCES || errno == EPERM || errno == ENOTTY || errno == ENOSYS;
	return is_refused ? REFUSED : FAILED;
}

/* 0, SANDBOX_WITHOUT_LANDLOCK, or an error. */
static inline int enter_sandbox(enum sandbox_profile profile)
{
	const struct sandbox_folder folders[] = {
		{sandbox_writable, SANDBOX_WRITE},
		{sandbox_readable, SANDBOX_READ},
	};
	const struct sandbox_config config = {
		.profile = profile,
		.user = "nobody",
		.folders = folders,
		.folder_count = ARRAY_LENGTH(folders),
	};

	return sandbox_enter(&config);
}

static inline enum outcome wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	if (WIFEXITED(status))
		return (enum outcome)WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGSYS)
		return KILLED;
	return WTERMSIG(status) == SIGABRT ? ABORTED : DIED;
}

static inline void try_deed(const struct deed *deed, enum sandbox_profile profile)
{
	static const char *const profiles[] = {"engine", "control", "caller", "radar"};
	char name[128];

	(void)snprintf(name, sizeof name, "%s: %s", profiles[profile], deed->name);
	if (SANDBOX_IS_SANITIZED && deed->want == KILLED) {
		tap_skip(name, "a sanitizer's build is without seccomp");
		return;
	}
	(void)fflush(stdout); /* or a child that a sanitizer ends prints it again */
	pid_t child = fork();
	if (child == 0)
		_exit(enter_sandbox(profile) == 0 ? (int)deed->do_it() : NOT_ENTERED);
	tap_is_int(wait_for(child), deed->want, name);
}

static inline void try_deeds(const struct deed *deeds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (unsigned profile = SANDBOX_ENGINE; profile <= SANDBOX_RADAR; profile++) {
			if (deeds[i].profiles >> profile & 1)
				try_deed(&deeds[i], (enum sandbox_profile)profile);
		}
	}
}

/* A path below one of the folders; static. */
static inline const char *sandbox_path(const char *folder, const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

/* Makes the folders, which are nobody's. Whether there can be a sandbox here. */
static inline bool sandbox_begin(void)
{
	int ruleset;

	if (getuid() != 0) {
		tap_skip("a sandbox", "needs root, to give it up");
		return false;
	}
	if (sandbox_files_open(NULL, 0, &ruleset) < 0) {
		tap_skip("a sandbox", "this kernel has no Landlock");
		return false;
	}
	close(ruleset);
	if (!mkdtemp(sandbox_writable) || !mkdtemp(sandbox_readable) ||
		chown(sandbox_writable, NOBODY, NOBODY) < 0 || chmod(sandbox_readable, 0755) < 0)
		abort();
	int fd = open(sandbox_path(sandbox_readable, "file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || fchmod(fd, 0666) < 0 || close(fd) < 0)
		abort();
	return true;
}

static inline void sandbox_end(void)
{
	pid_t child = fork();

	if (child == 0) {
		execl("/bin/rm", "rm", "-rf", "--", sandbox_writable, sandbox_readable,
			(char *)NULL);
		_exit(1);
	}
	(void)wait_for(child);
}
