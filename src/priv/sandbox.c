/* SPDX-License-Identifier: ISC */
#include "priv/sandbox.h"

#include "base/error.h"
#include "priv/sandbox_part.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	ENTRY_SIZE = 16 * 1024, /* of a line of passwd(5) */
	NO_RULESET = -1,
};

/* Whom to become. */
struct identity {
	uid_t uid;
	gid_t gid;
};

/* Whoever asks to be confined as root would not be. */
static int find_user(const char *name, struct identity *ret_identity)
{
	char buffer[ENTRY_SIZE];
	struct passwd entry, *found = NULL;
	int err = getpwnam_r(name, &entry, buffer, sizeof buffer, &found);

	if (err != 0 && err != ENOENT)
		return -err;
	if (!found)
		return ERR_NOT_FOUND;
	if (entry.pw_uid == 0 || entry.pw_gid == 0)
		return -EINVAL;
	*ret_identity = (struct identity){entry.pw_uid, entry.pw_gid};
	return 0;
}

static int forbid_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* No core with keys in it; nobody of the same user may trace us or read /proc/<pid>/mem. */
static int forbid_dumps(void)
{
	if (SANDBOX_IS_SANITIZED)
		return 0;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

/*
 * Empties the bounding set, which takes CAP_SETPCAP: that goes with the ids, so this comes before
 * them, though it belongs to the capabilities. Who has not got it cannot gain by the set either:
 * nothing is executed any more, and no_new_privs is set. (For that reason, too, it does not matter
 * that it is this thread's alone.)
 */
static int empty_bounds(void)
{
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_BOTH);
	return capng_apply(CAPNG_SELECT_BOUNDS) < 0 ? -EPERM : 0;
}

/* In all threads: libc sees to that. */
static int become(const struct identity *identity)
{
	if (setgroups(0, NULL) < 0)
		return -errno;
	if (setresgid(identity->gid, identity->gid, identity->gid) < 0)
		return -errno;
	return setresuid(identity->uid, identity->uid, identity->uid) < 0 ? -errno : 0;
}

/* Believes nothing: looks at all of the ids, and tries to have the old ones back. */
static int check_identity(const struct identity *identity)
{
	uid_t real, effective, saved;
	gid_t real_group, effective_group, saved_group;

	if (getresuid(&real, &effective, &saved) < 0 ||
		getresgid(&real_group, &effective_group, &saved_group) < 0)
		return -errno;
	if (real != identity->uid || effective != identity->uid || saved != identity->uid)
		return -EPERM;
	if (real_group != identity->gid || effective_group != identity->gid ||
		saved_group != identity->gid || getgroups(0, NULL) != 0)
		return -EPERM;
	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setresgid((gid_t)-1, 0, (gid_t)-1) == 0)
		return -EPERM;
	return 0;
}

static int change_user(const struct identity *identity)
{
	int result = become(identity);

	return result < 0 ? result : check_identity(identity);
}

/*
 * What each thread has to do for itself; perhaps in a signal handler, so by bare system calls. The
 * ids have taken all capabilities but the inheritable ones, if there was a user to become.
 */
static int confine_thread(const void *context)
{
	const int *ruleset_fd = context;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
	int result = forbid_new_privileges();

	if (result < 0)
		return result;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	if (syscall(SYS_capset, &header, none) < 0)
		return -errno;
	return *ruleset_fd == NO_RULESET ? 0 : sandbox_files_enter(*ruleset_fd);
}

/* Believes nothing here either. */
static int check_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LENGTH(sets); i++) {
		if (sets[i].effective || sets[i].permitted || sets[i].inheritable)
			return -EPERM;
	}
	return 0;
}

/* All of it, in the order of the header. */
static int enter(
	const struct sandbox_config *config, const struct identity *identity, const int *ruleset_fd)
{
	int result = forbid_new_privileges();

	if (result == 0)
		result = forbid_dumps();
	if (result == 0)
		result = empty_bounds();
	if (result == 0 && config->user)
		result = change_user(identity);
	/* Once more: with the ids the kernel has set it anew, to fs.suid_dumpable. */
	if (result == 0)
		result = forbid_dumps();
	if (result == 0)
		result = sandbox_threads_each(confine_thread, ruleset_fd);
	if (result == 0)
		result = check_capabilities();
	if (result == 0 && !SANDBOX_IS_SANITIZED)
		result = sandbox_calls_enter(config->profile);
	return result;
}

int sandbox_enter(const struct sandbox_config *config)
{
	struct identity identity = {0};
	int ruleset_fd = NO_RULESET;
	int result = config->user ? find_user(config->user, &identity) : 0;

	if (result < 0)
		return result;
	result = sandbox_files_open(config->folders, config->folder_count, &ruleset_fd);
	if (result < 0 && result != -ENOSYS)
		return result;
	const int without = result == -ENOSYS ? SANDBOX_WITHOUT_LANDLOCK : 0;
	result = enter(config, &identity, &ruleset_fd);
	if (ruleset_fd != NO_RULESET)
		(void)close(ruleset_fd); /* it is in force, or we end */
	return result < 0 ? result : without;
}
