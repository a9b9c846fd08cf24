/* SPDX-License-Identifier: ISC */
#include "cli/account.h"

#include "base/error.h"
#include "base/log.h"
#include "cli/spawn.h"

#include <errno.h>
#include <pwd.h>
#include <stddef.h>

enum {
	USERADD_MS = 30000, /* it may wait for the lock of /etc/passwd */
	USERADD_EXISTS = 9, /* useradd(8): somebody else was faster */
};

int account_find(const char *user, uid_t *ret_uid, gid_t *ret_gid)
{
	errno = 0;
	const struct passwd *entry = getpwnam(user);

	if (!entry)
		return errno == 0 || errno == ENOENT ? ERR_NOT_FOUND : -errno;
	*ret_uid = entry->pw_uid;
	*ret_gid = entry->pw_gid;
	return 0;
}

/* A child that should give up root must not become root again. */
static int refuse_root(const char *user)
{
	log_err(0, "%s: is root by another name: give the configuration a user of its own", user);
	return -EPERM;
}

static int add(const char *user)
{
	const char *const argv[] = {"/usr/sbin/useradd", "--system", "--user-group",
		"--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin",
		user, NULL};
	int code = spawn_and_wait(argv, SPAWN_SHOWN, USERADD_MS);

	if (code < 0) {
		log_err(code, "%s: cannot run %s to make this system user", user, argv[0]);
		return code;
	}
	if (code > 0 && code != USERADD_EXISTS) {
		log_err(0, "%s: %s ended with %d: make this system user by hand", user, argv[0],
			code);
		return -EIO;
	}
	return 0;
}

int account_ensure(const char *user)
{
	uid_t uid = 0;
	gid_t gid = 0;

	int err = account_find(user, &uid, &gid);
	if (err == 0)
		return uid == 0 ? refuse_root(user) : 0;
	if (err != ERR_NOT_FOUND) {
		log_err(err, "%s: cannot look this user up", user);
		return err;
	}
	err = add(user);
	if (err < 0)
		return err;
	err = account_find(user, &uid, &gid);
	if (err < 0)
		log_err(err, "%s: useradd made this user, and yet the system does not know it",
			user);
	return err;
}
