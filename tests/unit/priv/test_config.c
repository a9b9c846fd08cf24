/* SPDX-License-Identifier: ISC */
/* Each key's values, each fault with its place, and that what is written reads the same. */
#include "tap.h"

#include "base/error.h"
#include "priv/config_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tacet-config-XXXXXX";

/* A path below the folder; static. */
static const char *below(const char *name)
{
	static char path[CONFIG_PATH_SIZE];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd) < 0)
		abort();
}

/* Reads a text from a file. */
static int read_text(const char *text, struct config *ret_config, char *ret_error)
{
	write_file(below("text"), text, strlen(text));
	return config_read(below("text"), ret_config, ret_error);
}

static void test_defaults(void)
{
	char error[CONFIG_ERROR_SIZE];
	struct config want, got;

	config_default(&want);
	tap_is_int(read_text("role: server\n", &got, error), 0, "a role is enough");
	tap_ok(strcmp(got.path, below("text")) == 0, "it knows its path");
	memset(got.path, 0, sizeof got.path);
	tap_is_bytes(&got, &want, sizeof want, "the rest holds by default");
	tap_ok(want.listen == 51820 && want.workers == 1 && want.log == LOG_LEVEL_INFO, "such as");
}

static void test_whole(void)
{
	static const char text[] = "role: client\ninterface: wg-1\nstate: '/s t'\nrun: \"/r\"\n"
				   "hosts: \"\"\nlisten: 0\ncontrol-port: 65535\nenrol-port: 1\n"
				   "workers: 16\nmark: 4294967295\ncookies: always\ndoor: "
				   "off\nreception: hidden\nengine-user: _e\n"
				   "control-user: c-1\nradar-user: r\nradar: off\n"
				   "log: debug\n";
	char error[CONFIG_ERROR_SIZE];
	struct config got;

	tap_is_int(read_text(text, &got, error), 0, "each key");
	tap_is_int(got.role, CONFIG_CLIENT, "role");
	tap_ok(strcmp(got.interface, "wg-1") == 0, "interface");
	tap_ok(strcmp(got.state, "/s t") == 0 && strcmp(got.run, "/r") == 0, "state and run");
	tap_ok(got.hosts[0] == '\0', "no hosts");
	tap_ok(got.listen == 0 && got.control_port == 65535 && got.enrol_port == 1, "ports");
	tap_ok(got.workers == 16 && got.mark == UINT32_MAX, "numbers");
	tap_ok(got.door == CONFIG_DOOR_OFF && got.reception == CONFIG_RECEPTION_HIDDEN,
		"door and reception");
	tap_ok(strcmp(got.engine_user, "_e") == 0 && strcmp(got.control_user, "c-1") == 0, "users");
	tap_is_int(got.cookies, CONFIG_COOKIES_ALWAYS, "cookies");
	tap_ok(strcmp(got.radar_user, "r") == 0 && !got.radar, "the radar");
	tap_is_int(got.log, LOG_LEVEL_DEBUG, "log");
}

#define KEYS                                                                                       \
	"role, interface, state, run, hosts, listen, control-port, enrol-port, workers, mark, "    \
	"cookies, door, reception, engine-user, control-user, radar-user, radar or log"
#define PATH "an absolute path of at most 255 visible characters"
#define USER "a user's name: 1 to 31 of a-z 0-9 _ -, beginning with a letter or _"

/* One fault each; its line and what is said. */
static void test_faults(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"", "1:1: found no role, expected it with server, client or gateway"},
		{"# nothing\n", "1:1: found no role, expected it with server, client or gateway"},
		{"log: info\n", "1:1: found no role, expected it with server, client or gateway"},
		{"role: router\n", "1:7: found \"router\", expected server, client or gateway"},
		{"role: \"server\\0\"\n",
			"1:7: found \"server\\x00\", expected server, client or gateway"},
		{"role:\n", "1:6: found nothing, expected server, client or gateway"},
		{"role: [server]\n", "1:7: found a list, expected server, client or gateway"},
		{"role: {a: b}\n", "1:7: found a mapping, expected server, client or gateway"},
		{"role: server\nrole: client\n", "2:1: found role twice, expected it once"},
		{"role: server\nlisten-port: 1\n", "2:1: found \"listen-port\", expected " KEYS},
		{"role: server\nlog_: info\n",
			"2:1: found \"log_\", expected " KEYS "; did you mean log?"},
		{"role: server\n[a]: b\n", "2:1: found a list, expected " KEYS},
		{"- role\n", "1:1: found a list, expected " KEYS},
		{"role\n", "1:1: found \"role\", expected " KEYS},
		{"role: server\ninterface: a/b\n",
			"2:12: found \"a/b\", expected an interface's name: 1 to 15 of a-z A-Z "
			"0-9 _ = + . -"},
		{"role: server\ninterface: abcdefghijklmnop\n",
			"2:12: found \"abcdefghijklmnop\", expected an interface's name: 1 to 15 "
			"of a-z A-Z 0-9 _ = + . -"},
		{"role: server\nstate: var\n", "2:8: found \"var\", expected " PATH},
		{"role: server\nstate: \"\"\n", "2:8: found \"\", expected " PATH},
		{"role: server\nrun: \"/a\\nb\"\n", "2:6: found \"/a\\x0ab\", expected " PATH},
		{"role: server\nhosts:\n",
			"2:7: found nothing, expected " PATH ", or \"\" for none"},
		{"role: server\nhosts: hosts\n",
			"2:8: found \"hosts\", expected " PATH ", or \"\" for none"},
		{"role: server\nlisten: 65536\n",
			"2:9: found \"65536\", expected a port from 0 to 65535, 0 for any"},
		{"role: server\nlisten: -1\n",
			"2:9: found \"-1\", expected a port from 0 to 65535, 0 for any"},
		{"role: server\ncontrol-port: 0\n",
			"2:15: found \"0\", expected a port from 1 to 65535"},
		{"role: server\nenrol-port: 0\n",
			"2:13: found \"0\", expected a port from 1 to 65535"},
		{"role: server\nenrol-port: 7411\n",
			"1:1: found 7411 for both control-port and enrol-port, expected two ports"},
		{"role: server\nworkers: 0\n", "2:10: found \"0\", expected a number from 1 to 16"},
		{"role: server\nworkers: 17\n",
			"2:10: found \"17\", expected a number from 1 to 16"},
		{"role: server\nmark: 4294967296\n",
			"2:7: found \"4294967296\", expected a number from 0 to 4294967295"},
		{"role: server\ncookies: sometimes\n",
			"2:10: found \"sometimes\", expected never, familiar or always"},
		{"role: server\nmark: 0x10\n",
			"2:7: found \"0x10\", expected a number from 0 to 4294967295"},
		{"role: server\nradar: yes\n", "2:8: found \"yes\", expected on or off"},
		{"role: server\nengine-user: 0day\n", "2:14: found \"0day\", expected " USER},
		{"role: server\nengine-user: \"\"\n", "2:14: found \"\", expected " USER},
		{"role: server\ncontrol-user: Root\n", "2:15: found \"Root\", expected " USER},
		{"role: server\ncontrol-user: abcdefghijklmnopqrstuvwxyzabcdef\n",
			"2:15: found \"abcdefghijklmnopqrstuvwxyzabcdef\", expected " USER},
		{"role: server\nlog: silent\n",
			"2:6: found \"silent\", expected error, warning, info or debug"},
		{"role: &a server\n", "1:7: found an anchor (&...), expected each thing to be "
				      "written where it is meant"},
		{"%YAML 1.2\n---\nrole: server\n", "1:1: found a directive (%...), expected none"},
		{"role: server\n\tlog: info\n", "2:1: found a tab (U+0009), expected spaces"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		char error[CONFIG_ERROR_SIZE] = "", want[CONFIG_ERROR_SIZE];
		struct config got = {.listen = 77};
		int result = read_text(rows[i].text, &got, error);

		(void)snprintf(want, sizeof want, "%s:%s", below("text"), rows[i].want);
		if (!tap_ok(result == ERR_SYNTAX && strcmp(error, want) == 0, "a fault"))
			printf("# row %zu: %d\n#  got %s\n# want %s\n", i, result, error, want);
		tap_ok(got.listen == 77 && got.path[0] == '\0', "nothing is handed out");
	}
}

static void test_all_at_once(void)
{
	char error[CONFIG_ERROR_SIZE], want[CONFIG_ERROR_SIZE];
	struct config got;

	tap_is_int(read_text("listen: x\nrole: y\nworkers: z\n", &got, error), ERR_SYNTAX,
		"three faults");
	(void)snprintf(want, sizeof want,
		"%1$s:1:9: found \"x\", expected a port from 0 to 65535, 0 for any\n"
		"%1$s:2:7: found \"y\", expected server, client or gateway\n"
		"%1$s:3:10: found \"z\", expected a number from 1 to 16",
		below("text"));
	if (!tap_ok(strcmp(error, want) == 0, "in three lines, by place"))
		printf("# %s\n", error);
}

/* More faults than there is room for are counted. */
static void test_too_many_faults(void)
{
	char text[4096] = "", error[CONFIG_ERROR_SIZE];
	size_t used = 0, lines = 1;
	struct config got;

	for (int i = 0; i < 150; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "k%d: a\n", i);
	tap_is_int(read_text(text, &got, error), ERR_SYNTAX, "many faults");
	for (const char *at = error; *at; at++)
		lines += *at == '\n';
	const char *last = strrchr(error, '\n');
	char want[32];
	(void)snprintf(want, sizeof want, "\nand %zu more", 151 - (lines - 1));
	if (!tap_ok(last && strcmp(last, want) == 0, "are all told of or counted"))
		printf("# %s\n", error);
}

static void test_size(void)
{
	static char text[CONFIG_FILE_MAX + 2] = "role: server\n";
	char error[CONFIG_ERROR_SIZE];
	struct config got;

	memset(text + strlen(text), '\n', CONFIG_FILE_MAX - strlen(text));
	tap_is_int(read_text(text, &got, error), 0, "the largest file");
	text[CONFIG_FILE_MAX] = '\n';
	tap_is_int(read_text(text, &got, error), ERR_SYNTAX, "a byte more");
	tap_ok(strstr(error, ":1:1: found more than 65536 bytes, ") != NULL, "is told of");
}

static void test_unreadable(void)
{
	char error[CONFIG_ERROR_SIZE], path[CONFIG_PATH_SIZE + 1];
	struct config got;

	tap_is_int(config_read(below("absent"), &got, error), -ENOENT, "no file");
	tap_is_int(config_read(folder, &got, error), -EISDIR, "a folder");
	memset(path, 'x', sizeof path - 1);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	tap_is_int(config_read(path, &got, error), -ENAMETOOLONG, "a path that is too long");
}

static void test_relative(void)
{
	char error[CONFIG_ERROR_SIZE];
	struct config got;

	write_file(below("text"), "role: server\n", 13);
	if (chdir(folder) < 0)
		abort();
	tap_is_int(config_read("text", &got, error), 0, "a relative path");
	tap_ok(strcmp(got.path, below("text")) == 0, "is made absolute");
	if (chdir("/") < 0)
		abort();
}

static bool reads_the_same(const struct config *config)
{
	char error[CONFIG_ERROR_SIZE] = "";
	struct config got;
	int result = config_read(below("written"), &got, error);

	if (result < 0)
		printf("# %d %s\n", result, error);
	memset(got.path, 0, sizeof got.path);
	return result == 0 && memcmp(&got, config, sizeof got) == 0;
}

static void test_write(void)
{
	struct config config;
	struct stat status;

	config_default(&config);
	tap_is_int(config_write(&config, below("written")), 0, "the defaults are written");
	tap_ok(stat(below("written"), &status) == 0 && (status.st_mode & 07777) == 0644, "0644");
	tap_ok(reads_the_same(&config), "and read the same");
	tap_ok(access(below("written.new"), F_OK) < 0, "in one step");

	config.role = CONFIG_CLIENT;
	config.listen = 0;
	config.mark = UINT32_MAX;
	config.log = LOG_LEVEL_ERROR;
	memset(config.state, '"', sizeof config.state - 1);
	memset(config.run, '\\', sizeof config.run - 1);
	config.state[0] = config.run[0] = '/';
	memset(config.hosts, 0, sizeof config.hosts);
	tap_is_int(config_write(&config, below("written")), 0, "others are written over them");
	tap_ok(reads_the_same(&config), "and read the same");
}

/* What would not read is not written. */
static void test_write_fails(void)
{
	struct config config;

	config_default(&config);
	tap_is_int(config_write(&config, below("absent/written")), -ENOENT, "no folder");
	if (mkdir(below("occupied"), 0700) < 0)
		abort();
	tap_is_int(config_write(&config, below("occupied")), -EISDIR, "a folder in its place");
	tap_ok(access(below("occupied.new"), F_OK) < 0, "nothing is left over");
	config.workers = 17;
	tap_is_int(config_write(&config, below("wrong")), -EINVAL, "a number out of range");
	config_default(&config);
	config.log = LOG_LEVEL_SILENT;
	tap_is_int(config_write(&config, below("wrong")), -EINVAL, "a level that has no word");
	config_default(&config);
	config.state[2] = '\n';
	tap_is_int(config_write(&config, below("wrong")), -EINVAL, "a path of two lines");
	tap_ok(access(below("wrong"), F_OK) < 0, "none of them is written");
}

static void test_paths(void)
{
	struct config config;
	char path[CONFIG_PATH_SIZE];

	config_default(&config);
	tap_ok(strcmp(config_state_path(&config, CONFIG_DATABASE, path),
		       "/var/lib/tacet/control/tacet.db") == 0,
		"a path of the state");
	tap_ok(strcmp(config_run_path(&config, CONFIG_SOCKET, path), "/run/tacet/control.sock") ==
			0,
		"a path below run");
}

static void clean_up(void)
{
	static const char *const names[] = {"text", "written", "occupied"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		(void)remove(below(names[i]));
	(void)rmdir(folder);
}

int main(void)
{
	if (!mkdtemp(folder))
		abort();
	test_defaults();
	test_whole();
	test_faults();
	test_all_at_once();
	test_too_many_faults();
	test_size();
	test_unreadable();
	test_relative();
	test_write();
	test_write_fails();
	test_paths();
	clean_up();
	return tap_done();
}
