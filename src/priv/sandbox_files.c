/* SPDX-License-Identifier: ISC */
/* Landlock: which files there are, for a process that is root no more. Paths mean nothing else. */
#include "priv/sandbox_part.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights that are younger than the system's headers may be (kernel: uapi/linux/landlock.h). */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

/* The last right over files that each version of Landlock has. */
static const uint64_t last_rights[] = {
	[1] = LANDLOCK_ACCESS_FS_MAKE_SYM,
	[2] = LANDLOCK_ACCESS_FS_REFER,
	[3] = LANDLOCK_ACCESS_FS_TRUNCATE,
	[4] = LANDLOCK_ACCESS_FS_TRUNCATE,
	[5] = LANDLOCK_ACCESS_FS_IOCTL_DEV,
};

/* What a folder allows, with all below it. None makes devices, sockets or links, or executes. */
static const uint64_t granted[] = {
	[SANDBOX_READ] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	[SANDBOX_WRITE] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
			  LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
			  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
			  LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |
			  LANDLOCK_ACCESS_FS_REFER,
};

/* All rights over files that this kernel knows: what is not among them cannot be refused. */
static int find_rights(uint64_t *ret_rights)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	const long last = (long)ARRAY_LENGTH(last_rights) - 1;

	if (version < 1)
		return version < 0 && errno != EOPNOTSUPP ? -errno : -ENOSYS;
	*ret_rights = (last_rights[version < last ? version : last] << 1) - 1;
	return 0;
}

static int add_folder(int ruleset_fd, const struct sandbox_folder *folder, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = granted[folder->access] & rights,
		.parent_fd = open(folder->path, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	int result = 0;

	if (rule.parent_fd < 0)
		return -errno;
	if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		result = -errno;
	(void)close(rule.parent_fd); /* nothing was written */
	return result;
}

int sandbox_files_open(const struct sandbox_folder *folders, size_t count, int *ret_fd)
{
	struct landlock_ruleset_attr attributes = {0};
	uint64_t rights = 0;
	int result = find_rights(&rights);

	if (result < 0)
		return result;
	attributes.handled_access_fs = rights;
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < count && result == 0; i++)
		result = add_folder(fd, &folders[i], rights);
	if (result < 0) {
		(void)close(fd); /* nothing was written */
		return result;
	}
	*ret_fd = fd;
	return 0;
}

int sandbox_files_enter(int ruleset_fd)
{
	return syscall(SYS_landlock_restrict_self, ruleset_fd, 0) < 0 ? -errno : 0;
}
