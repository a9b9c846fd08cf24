/* SPDX-License-Identifier: ISC */
#include "priv/config.h"

#include "base/error.h"
#include "base/mark.h"
#include "base/memory.h"
#include "priv/config_parse.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FOLDER_SIZE = CONFIG_PATH_SIZE,
	FRESH_SIZE = CONFIG_PATH_SIZE + sizeof(".new"),
	/* Each path twice as long where all of it has to be escaped, and the comments. */
	TEXT_SIZE = 8 * CONFIG_PATH_SIZE + 4096,
	MORE_SIZE = sizeof("\nand 18446744073709551615 more"),
};

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* what was written has been synced */
}

#define AUTO_CLOSE __attribute__((cleanup(close_fd)))

void config_default(struct config *ret_config)
{
	*ret_config = (struct config){
		.role = CONFIG_SERVER,
		.interface = "tacet0",
		.state = "/var/lib/tacet",
		.run = "/run/tacet",
		.hosts = "/etc/hosts",
		.listen = 51820,
		.control_port = 7411,
		.enrol_port = 7412,
		.workers = 1,
		.mark = MARK_DAEMON,
		.engine_user = "tacet-engine",
		.control_user = "tacet-control",
		.radar_user = "tacet-radar",
		.radar = CONFIG_RADAR_ON,
		.log = LOG_LEVEL_INFO,
	};
}

/* "<folder>/<name>"; a path that does not fit is our own bug: names are ours, folders were read. */
static char *join(const char *folder, const char *name, char ret_path[static CONFIG_PATH_SIZE])
{
	int size = snprintf(ret_path, CONFIG_PATH_SIZE, "%s/%s", folder, name);

	if (size < 0 || size >= CONFIG_PATH_SIZE)
		abort();
	return ret_path;
}

char *config_state_path(
	const struct config *config, const char *name, char ret_path[static CONFIG_PATH_SIZE])
{
	return join(config->state, name, ret_path);
}

char *config_run_path(
	const struct config *config, const char *name, char ret_path[static CONFIG_PATH_SIZE])
{
	return join(config->run, name, ret_path);
}

/* ---- reading ---- */

/* Reads at most `size` bytes. How many, or -errno. */
static ssize_t read_file(const char *path, char *ret_bytes, size_t size)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t used = 0;

	if (fd < 0)
		return -errno;
	while (used < size) {
		ssize_t now = read(fd, ret_bytes + used, size - used);
		if (now < 0 && errno == EINTR)
			continue;
		if (now < 0)
			return -errno;
		if (now == 0)
			break;
		used += (size_t)now;
	}
	return (ssize_t)used;
}

/* The path from the root on: a daemon leaves the folder that it was started in. */
static int make_absolute(const char *path, char ret_path[static CONFIG_PATH_SIZE])
{
	char folder[CONFIG_PATH_SIZE] = "";
	const bool is_absolute = path[0] == '/';

	if (!is_absolute && !getcwd(folder, sizeof folder))
		return errno == ERANGE ? -ENAMETOOLONG : -errno;
	int size = snprintf(
		ret_path, CONFIG_PATH_SIZE, "%s%s%s", folder, is_absolute ? "" : "/", path);
	return size < 0 || size >= CONFIG_PATH_SIZE ? -ENAMETOOLONG : 0;
}

/* Writes all faults, a line each; says how many did not fit. */
static void tell(const char *path, const struct policy_faults *faults,
	char ret_error[static CONFIG_ERROR_SIZE])
{
	const size_t room = CONFIG_ERROR_SIZE - MORE_SIZE;
	size_t used = 0, told = 0;

	for (; told < faults->count; told++) {
		const struct policy_fault *fault = &faults->list[told];
		int size = snprintf(ret_error + used, room - used,
			"%s%s:%" PRIu32 ":%" PRIu32 ": %s", told ? "\n" : "", path, fault->at.line,
			fault->at.column, fault->text);

		if (size < 0 || (size_t)size >= room - used)
			break;
		used += (size_t)size;
	}
	ret_error[used] = '\0';
	size_t left = faults->count - told + faults->more;
	if (left > 0)
		(void)snprintf(ret_error + used, CONFIG_ERROR_SIZE - used, "%sand %zu more",
			used ? "\n" : "", left); /* there is room for it */
}

int config_read(
	const char *path, struct config *ret_config, char ret_error[static CONFIG_ERROR_SIZE])
{
	char whole[CONFIG_PATH_SIZE];
	struct policy_faults faults = {0};
	int result = make_absolute(path, whole);

	if (result < 0)
		return result;
	char *bytes = memory_new(1, CONFIG_FILE_MAX + 1);
	ssize_t size = read_file(path, bytes, CONFIG_FILE_MAX + 1);
	result = size < 0 ? (int)size : config_parse(bytes, (size_t)size, &faults, ret_config);
	free(bytes);
	if (result == 0)
		memcpy(ret_config->path, whole, sizeof whole);
	if (result == ERR_SYNTAX)
		tell(path, &faults, ret_error);
	policy_faults_done(&faults);
	return result;
}

/* ---- writing ---- */

/* A path with what YAML has to have escaped in quotes. */
struct quoted {
	char text[2 * CONFIG_PATH_SIZE];
};

static struct quoted quote(const char *text)
{
	struct quoted quoted;
	size_t used = 0;

	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			quoted.text[used++] = '\\';
		quoted.text[used++] = *text;
	}
	quoted.text[used] = '\0';
	return quoted;
}

/* The size of the text, or -errno. */
static int format(const struct config *config, char ret_text[static TEXT_SIZE])
{
	int size = snprintf(ret_text, TEXT_SIZE,
		"# tacet.conf(5): where things are and who we run as. Names and addresses of the\n"
		"# network are in its database, not here.\n"
		"\n"
		"# server: controller and gateway; client: a device; gateway: one whose controller "
		"is\n"
		"# another host\n"
		"role: %s\n"
		"\n"
		"# the tunnel's interface\n"
		"interface: \"%s\"\n"
		"# UDP port of the tunnel; 0: any (a device)\n"
		"listen: %u\n"
		"# threads that move packets, 1 to 16\n"
		"workers: %u\n"
		"# firewall mark of the tunnel's datagrams; hardening knows them by it; 0: none\n"
		"mark: %" PRIu32 "\n"
		"# who gets a cookie reply under load, where no knock is asked for: never, "
		"familiar or\n"
		"# always; whoever gets one knows that we are here\n"
		"cookies: %s\n"
		"# the door in the kernel, which drops strangers' datagrams there: auto or off\n"
		"door: %s\n"
		"# normal: by sockets; hidden: before the kernel sees what comes, which has no "
		"port\n"
		"# open then\n"
		"reception: %s\n"
		"\n"
		"# TCP ports inside the tunnel, never outside\n"
		"control-port: %u\n"
		"enrol-port: %u\n"
		"\n"
		"# what is kept: keys, the database\n"
		"state: \"%s\"\n"
		"# what goes with the daemon: its socket, its process id\n"
		"run: \"%s\"\n"
		"# where a device writes the names of services; \"\": nowhere\n"
		"hosts: \"%s\"\n"
		"\n"
		"# whom the daemon's processes run as, once they have what they need\n"
		"engine-user: \"%s\"\n"
		"control-user: \"%s\"\n"
		"radar-user: \"%s\"\n"
		"\n"
		"# on or off: whether who looks at this host is recorded (tacet radar)\n"
		"radar: %s\n"
		"\n"
		"# error, warning, info or debug\n"
		"log: %s\n",
		config_role_word(config->role), config->interface, config->listen, config->workers,
		config->mark, config_cookies_word(config->cookies), config_door_word(config->door),
		config_reception_word(config->reception), config->control_port, config->enrol_port,
		quote(config->state).text, quote(config->run).text, quote(config->hosts).text,
		config->engine_user, config->control_user, config->radar_user,
		config->radar ? "on" : "off", config_level_word(config->log));

	return size < 0 || size >= TEXT_SIZE ? -EINVAL : size;
}

/* Whether what is written will be read as it was meant: it is there for every start to come. */
static bool reads_well(const char *text, size_t size)
{
	char again[TEXT_SIZE];
	struct policy_faults faults = {0};
	struct config config;
	int result = config_parse(text, size, &faults, &config);

	policy_faults_done(&faults);
	if (result < 0)
		return false;
	return format(&config, again) == (int)size && memcmp(again, text, size) == 0;
}

/* Writes a file that is not there yet, or is left over. */
static int write_fresh(const char *path, const char *text, size_t size)
{
	(void)unlink(path); /* it may not be there */
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0644) < 0)
		return -errno;
	ssize_t written = write(fd, text, size);
	if (written < 0)
		return -errno;
	if ((size_t)written != size)
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

/* Makes the new name outlive a power failure. */
static int sync_folder(const char *path)
{
	char copy[FOLDER_SIZE];

	(void)snprintf(copy, sizeof copy, "%s", path); /* it was found to fit */
	AUTO_CLOSE int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

int config_write(const struct config *config, const char *path)
{
	char text[TEXT_SIZE], fresh[FRESH_SIZE];
	int size = format(config, text);

	if (size < 0)
		return size;
	if (!reads_well(text, (size_t)size))
		return -EINVAL;
	if (strlen(path) >= CONFIG_PATH_SIZE)
		return -ENAMETOOLONG;
	(void)snprintf(fresh, sizeof fresh, "%s.new", path); /* it fits */
	int result = write_fresh(fresh, text, (size_t)size);
	if (result == 0 && rename(fresh, path) < 0)
		result = -errno;
	if (result < 0) {
		(void)unlink(fresh); /* it may not be there */
		return result;
	}
	return sync_folder(path);
}
