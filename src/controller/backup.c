/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "controller/answer.h"
#include "controller/routes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKUP_FILE "control/backup.db" /* below state; there for as long as it is made */

/* Makes the file and opens it; it is gone once whoever has it closes it. */
static int make(struct controller *controller, const struct store_actor *by, int *ret_fd,
	uint64_t *ret_size)
{
	char path[CONFIG_PATH_SIZE];
	struct stat about;
	int err = store_backup(
		controller->store, by, config_state_path(controller->config, BACKUP_FILE, path));

	if (err < 0)
		return err;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	err = fd < 0 ? -errno : 0;
	(void)unlink(path); /* left behind it is replaced by the next one */
	if (fd < 0)
		return err;
	if (fstat(fd, &about) < 0) {
		err = -errno;
		(void)close(fd);
		return err;
	}
	*ret_fd = fd;
	*ret_size = (uint64_t)about.st_size;
	return 0;
}

void api_backup_get(void *context, struct server_request *request, const char *const words[],
	const json_t *body)
{
	char actor[ANSWER_ACTOR_SIZE];
	const struct store_actor by = answer_actor(request, actor);
	uint64_t size = 0;
	int fd = -1;
	int err = make(context, &by, &fd, &size);

	(void)words;
	(void)body;
	if (err < 0)
		answer_refuse(request, err, "make a backup");
	else
		server_answer_file(request, fd, size);
}
