/* SPDX-License-Identifier: ISC */
/* Commands against a local socket that answers as it is told: requests, exit codes, words. */
#include "cli/capture.h"
#include "cli/fake_tacetd.h"
#include "cli/help.h"
#include "cli/table.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WORDS_MAX = 16,
};

static char folder[] = "/tmp/tacet-test-commands-XXXXXX";

struct row {
	const char *name;
	const char *line; /* the command; @ stands for the folder */
	struct fake_answer answers[FAKE_ANSWERS_MAX];
	const char *asked; /* all of it */
	enum cli_exit result;
	const char *out; /* what is in it; all of it if it begins with = */
	const char *err;
	bool wants_json;
};

#define USERS                                                                                      \
	"{\"users\": [{\"name\": \"alice\", \"groups\": [\"engineers\", \"ops\"], \"added\": 1}, " \
	"{\"name\": \"evil\\u001b[2J\\u202e\", \"groups\": [], \"added\": 0}, 7, {\"name\": 8}]}"
#define DEVICES                                                                                    \
	"{\"devices\": [{\"user\": \"alice\", \"name\": \"laptop\", \"state\": \"active\"}, "      \
	"{\"user\": \"alice\", \"name\": \"phone\", \"state\": \"quarantined\"}, "                 \
	"{\"user\": \"alice\", \"name\": \"old\", \"state\": \"revoked\"}, "                       \
	"{\"user\": \"bob\", \"name\": \"laptop\", \"state\": \"active\"}]}"
#define DEVICE                                                                                     \
	"{\"public_key\": \"DEVICEKEY=\", \"ipv4\": \"100.80.128.1\", \"ipv6\": \"fd00::8001\", "  \
	"\"services\": [\"db\"]}"
#define NETWORK                                                                                    \
	"{\"name\": \"tacet\", \"server_key\": \"SERVERKEY=\", "                                   \
	"\"endpoint\": \"gw.example.net:51820\"}"
#define SERVICES                                                                                   \
	"{\"services\": [{\"name\": \"intranet\", \"protocol\": \"tcp\", "                         \
	"\"vip\": \"100.80.64.1\", \"port\": 80, \"target\": \"127.0.0.1:80\"}, "                  \
	"{\"name\": \"db\", \"vip\": \"100.80.64.2\"}]}"
#define FAULTS                                                                                     \
	"{\"error\": \"ERR_POLICY\", \"message\": \"refused as a whole\", \"faults\": "            \
	"[{\"line\": 2, \"column\": 4, \"class\": \"unknown-name\", \"text\": \"found "            \
	"\\u009b\"}], "                                                                            \
	"\"more\": 3}"
#define SERVER_STATUS                                                                              \
	"{\"role\": \"server\", \"version\": \"0.1.0\", \"network\": \"tacet\", \"endpoint\": "    \
	"\"gw:1\", \"public_key\": \"K=\", \"listen_port\": 51820, \"since\": 1, \"plan\": "       \
	"{\"version\": 3, \"at\": 1, \"roles\": 1, \"devices\": 2, \"services\": 3, \"grants\": "  \
	"4}, \"engine\": {\"up\": true, \"starts\": 1, \"dropped\": 5}, \"enforcement\": "         \
	"{\"repaired\": 1, \"hardened\": false}, \"silence\": {\"text\": \"open: why\"}, "         \
	"\"invites_open\": 6, \"alarms\": [\"an invite "                                           \
	"was used twice\\u0007\"], \"devices\": [{\"user\": \"alice\", \"name\": \"laptop\", "     \
	"\"state\": \"active\", \"rx_bytes\": 1288490189, \"services\": [\"intranet\"]}]}"
#define CLIENT_STATUS                                                                              \
	"{\"role\": \"client\", \"network\": \"tacet\", \"user\": \"alice\", \"device\": "         \
	"\"laptop\", \"state\": \"pending\", \"ipv4\": \"100.80.128.1\", \"connected\": false, "   \
	"\"since\": 1, \"gateway\": {\"name\": \"gateway\", \"endpoint\": \"gw:1\"}, "             \
	"\"services\": [], \"silence\": {\"since\": 1, \"tried\": 7, \"hints\": "                  \
	"[\"UDP is blocked\", \"the clock is wrong\"]}}"

static const struct row rows[] = {
	{"user add", "user add alice --group engineers --group ops", {{200, "{}"}},
		"POST /v1/users {\"name\":\"alice\",\"groups\":[\"engineers\",\"ops\"]}\n", CLI_OK,
		"alice is added", "=", false},
	{"as JSON", "user add alice", {{200, "{}"}},
		"POST /v1/users {\"name\":\"alice\",\"groups\":[]}\n", CLI_OK, "={}\n", "=", true},
	{"no body is an empty object", "user add alice", {{204, NULL}},
		"POST /v1/users {\"name\":\"alice\",\"groups\":[]}\n", CLI_OK, "={}\n", "=", true},
	{"refused", "user add alice",
		{{409, "{\"error\": \"ERR_EXISTS\", \"message\": \"there is an alice\\u001b[m\"}"}},
		"POST /v1/users {\"name\":\"alice\",\"groups\":[]}\n", CLI_FAILED, "=",
		"tacet: there is an alice", false},
	{"user remove", "user remove a/b", {{200, "{\"devices_revoked\": 1}"}},
		"DELETE /v1/users/a%2Fb\n", CLI_OK, "=a/b is removed; 1 device was revoked.\n", "=",
		false},
	{"user list", "user list", {{200, USERS}}, "GET /v1/users\n", CLI_OK,
		"alice                    engineers, ops  20", "=", false},
	{"user list, awkward", "user list", {{200, USERS}}, "GET /v1/users\n", CLI_OK,
		"evil\\x1b[2J\\xe2\\x80\\xae  -               never", "=", false},
	{"user list, as JSON", "user list", {{200, USERS}}, "GET /v1/users\n", CLI_OK,
		"\"evil\\u001B[2J\\u202E\"", "=", true},
	{"an answer that is a list", "user list", {{200, "[1, 2]"}}, "GET /v1/users\n", CLI_OK,
		"=USER  GROUPS  ADDED\n", "=", false},
	{"an answer that is no JSON", "user list", {{200, "<html>"}}, "GET /v1/users\n", CLI_FAILED,
		"=", "tacetd did not answer as it should", false},
	{"starting", "user list", {{503, "{\"message\": \"it opens its database\"}"}},
		"GET /v1/users\n", CLI_NOT_RUNNING, "=", "tacetd is starting", false},
	{"group add", "group add ops", {{200, "{}"}}, "POST /v1/groups {\"name\":\"ops\"}\n",
		CLI_OK, "ops is added", "=", false},
	{"group remove", "group remove ops", {{200, "{}"}}, "DELETE /v1/groups/ops\n", CLI_OK,
		"ops is removed", "=", false},
	{"group list", "group list",
		{{200, "{\"groups\": [{\"name\": \"ops\", \"members\": [\"a\", \"b\"], "
		       "\"source\": \"policy\"}]}"}},
		"GET /v1/groups\n", CLI_OK, "ops    a, b     policy\n", "=", false},
	{"group join", "group join ops alice", {{200, "{}"}},
		"POST /v1/groups/ops/members {\"user\":\"alice\"}\n", CLI_OK, "alice is in ops",
		"=", false},
	{"group leave", "group leave ops alice", {{200, "{}"}},
		"DELETE /v1/groups/ops/members/alice\n", CLI_OK, "alice is not in ops", "=", false},
	{"service add", "service add dns --target 10.0.0.7:53 --udp --port 54 --gateway west",
		{{200, "{\"name\": \"dns\", \"protocol\": \"udp\", \"port\": 54}"}},
		"POST /v1/services {\"name\":\"dns\",\"target\":\"10.0.0.7:53\","
		"\"gateway\":\"west\",\"protocol\":\"udp\",\"port\":54}\n",
		CLI_OK, "dns      udp", "=", false},
	{"service add, the least", "service add intranet --target 127.0.0.1:80", {{200, "{}"}},
		"POST /v1/services {\"name\":\"intranet\",\"target\":\"127.0.0.1:80\"}\n", CLI_OK,
		"until the policy says so", "=", false},
	{"service add without a target", "service add intranet", {{0}}, "", CLI_USAGE, "=",
		"--target HOST:PORT is missing", false},
	{"service list", "service list", {{200, SERVICES}}, "GET /v1/services\n", CLI_OK,
		"intranet  tcp  100.80.64.1    80  127.0.0.1:80  -\n", "=", false},
	{"service remove", "service remove dns", {{200, "{}"}}, "DELETE /v1/services/dns\n", CLI_OK,
		"dns is removed", "=", false},
	{"policy apply", "policy apply @/policy",
		{{200, "{\"version\": 7, \"roles\": 1, \"grants\": 2, \"gained\": 3, \"lost\": "
		       "4}"}},
		"PUT /v1/policy rules: []\n\n", CLI_OK,
		"=Version 7 of the policy is in force: 1 roles, 2 grants; gained 3, lost 4\n", "=",
		false},
	{"policy apply, refused", "policy apply @/policy", {{422, FAULTS}},
		"PUT /v1/policy rules: []\n\n", CLI_REFUSED, "=",
		"/policy:2:4: unknown-name: found \\xc2\\x9b\n", false},
	{"policy apply, refused: what did not fit", "policy apply @/policy", {{422, FAULTS}},
		"PUT /v1/policy rules: []\n\n", CLI_REFUSED, "=", "/policy: 3 more\n", false},
	{"policy apply, refused, as JSON", "policy apply @/policy", {{422, FAULTS}},
		"PUT /v1/policy rules: []\n\n", CLI_REFUSED, "\"column\": 4", "refused as a whole",
		true},
	{"policy apply without a file", "policy apply @/none", {{0}}, "", CLI_FAILED, "=",
		"/none: cannot read the policy", false},
	{"policy check", "policy check @/policy", {{200, "{\"roles\": 1}"}},
		"PUT /v1/policy?check=1 rules: []\n\n", CLI_OK, "nothing was changed", "=", false},
	{"policy show", "policy show",
		{{200, "{\"version\": 2, \"applied\": 1, \"actor\": \"root\", \"text\": "
		       "\"rules: []\\n# \\u00e4\\n\"}"}},
		"GET /v1/policy\n", CLI_OK, "=rules: []\n# \xc3\xa4\n", "version 2, applied ",
		false},
	{"policy show, a former one", "policy show --version 1",
		{{404, "{\"message\": \"no version 1\"}"}}, "GET /v1/policy?version=1\n",
		CLI_FAILED, "=", "no version 1", false},
	{"policy show, none yet", "policy show", {{404, "{\"message\": \"none\"}"}},
		"GET /v1/policy\n", CLI_OK, "=", "No policy was applied yet", false},
	{"invite", "invite alice --expires 30m",
		{{200, "{\"id\": 4, \"token\": \"tacet1-abc\", \"expires\": 1780000000}"}},
		"POST /v1/invites {\"user\":\"alice\",\"expires_s\":1800}\n", CLI_OK,
		"tacet1-abc\n\nInvite 4 for a device of alice, good once, expires ", "=", false},
	{"invite, with approval and QR code", "invite alice --approve --qr",
		{{200, "{\"id\": 4, \"token\": \"tacet1-abc\", \"expires\": 1}"}},
		"POST /v1/invites {\"user\":\"alice\",\"expires_s\":3600,\"approve\":true}\n",
		CLI_OK, "\xe2\x96\x88", "=", false},
	{"invite a gateway", "invite --gateway west", {{200, "{\"token\": \"tacet1-abc\"}"}},
		"POST /v1/invites {\"gateway\":\"west\",\"expires_s\":3600}\n", CLI_OK,
		"for the gateway west", "=", false},
	{"invite both", "invite alice --gateway west", {{0}}, "", CLI_USAGE, "=",
		"either a USER or --gateway", false},
	{"invite nobody", "invite", {{0}}, "", CLI_USAGE, "=", "either a USER", false},
	{"invite for too long", "invite alice --expires 31d", {{0}}, "", CLI_USAGE, "=",
		"at most 30 days", false},
	{"invite list", "invite list --all",
		{{200, "{\"invites\": [{\"id\": 1, \"kind\": \"device\", \"subject\": \"alice\", "
		       "\"state\": \"open\", \"needs_approval\": true}]}"}},
		"GET /v1/invites?all=1\n", CLI_OK, " 1  device  alice  open   never    never", "=",
		false},
	{"invite revoke", "invite revoke 1", {{200, "{}"}}, "DELETE /v1/invites/1\n", CLI_OK,
		"Invite 1 is revoked", "=", false},
	{"device approve", "device approve alice/laptop", {{200, "{}"}},
		"POST /v1/devices/alice/laptop/approve\n", CLI_OK, "alice/laptop is let in", "=",
		false},
	{"device quarantine, two words", "device quarantine alice laptop", {{200, "{}"}},
		"POST /v1/devices/alice/laptop/quarantine\n", CLI_OK, "quarantined", "=", false},
	{"device release, no device", "device release alice", {{0}}, "", CLI_USAGE, "=",
		"which device of that user?", false},
	{"device list", "device list", {{200, DEVICES}}, "GET /v1/devices\n", CLI_OK,
		"alice  phone   quarantined  no         never", "=", false},
	{"device add", "device add alice phone --public-key DEVICEKEY=",
		{{200, DEVICE}, {200, NETWORK}, {200, SERVICES}},
		"POST /v1/devices {\"user\":\"alice\",\"name\":\"phone\","
		"\"public_key\":\"DEVICEKEY=\"}\nGET /v1/network\nGET /v1/services\n",
		CLI_OK,
		"=[Interface]\n# the private half of DEVICEKEY=\n"
		"PrivateKey = PRIVATE-KEY-OF-THE-DEVICE\n"
		"Address = 100.80.128.1/32, fd00::8001/128\n\n[Peer]\nPublicKey = SERVERKEY=\n"
		"Endpoint = gw.example.net:51820\nAllowedIPs = 100.80.64.2/32\n"
		"PersistentKeepalive = 25\n# db.tacet is 100.80.64.2\n",
		"=", false},
	{"revoke one", "revoke alice --device laptop", {{200, "{\"flows_cut\": 3}"}},
		"DELETE /v1/devices/alice/laptop\n", CLI_OK,
		"=alice/laptop is revoked, for good; 3 flows were cut.\n", "=", false},
	{"revoke one, as JSON", "revoke alice --device laptop", {{200, "{\"flows_cut\": 3}"}},
		"DELETE /v1/devices/alice/laptop\n", CLI_OK, "={\n  \"flows_cut\": 3\n}\n", "=",
		true},
	{"revoke all that a user has, one", "revoke bob", {{200, DEVICES}, {200, "{}"}},
		"GET /v1/devices\nDELETE /v1/devices/bob/laptop\n", CLI_OK, "bob/laptop is", "=",
		false},
	{"revoke several unasked", "revoke alice", {{200, DEVICES}}, "GET /v1/devices\n", CLI_USAGE,
		"=", "has 2 devices (laptop, phone): say --device NAME, or --yes", false},
	{"revoke several", "revoke alice --yes", {{200, DEVICES}, {500, "{}"}, {200, "{}"}},
		"GET /v1/devices\nDELETE /v1/devices/alice/laptop\n"
		"DELETE /v1/devices/alice/phone\n",
		CLI_FAILED, "alice/phone is revoked", "tacet: ", false},
	{"revoke nobody", "revoke carol", {{200, DEVICES}}, "GET /v1/devices\n", CLI_FAILED, "=",
		"\"carol\" has no device", false},
	{"audit show", "audit show --last 5 --act device --actor a/b --object x",
		{{200, "{\"entries\": [{\"sequence\": 1, \"at\": 1780000000, \"actor\": \"root\", "
		       "\"way\": \"local\", \"act\": \"user.add\", \"object\": \"alice\", "
		       "\"details\": {\"user\": 1, \"groups\": []}}, {\"sequence\": 2}]}"}},
		"GET /v1/audit?last=5&actor=a%2Fb&act=device&object=x\n", CLI_OK,
		"     1  2026-05-28 20:26:40  root  local  user.add  alice  "
		"{\"groups\":[],\"user\":1}\n",
		"=", false},
	{"audit verify", "audit verify",
		{{200, "{\"fault\": \"sound\", \"sequence\": 9, \"hash\": \"ab\"}"}},
		"GET /v1/audit/verify\n", CLI_OK,
		"sound: 9 entries.\nIts head, to be kept on another host as a witness:\n"
		"tacet audit verify --sequence 9 --hash ab\n",
		"=", false},
	{"audit verify, altered", "audit verify",
		{{200, "{\"fault\": \"altered\", \"sequence\": 3, \"hash\": \"ab\"}"}},
		"GET /v1/audit/verify\n", CLI_REFUSED, "=", "entry 3 is altered", false},
	{"audit verify, altered, as JSON", "audit verify",
		{{200, "{\"fault\": \"altered\", \"sequence\": 3, \"hash\": \"ab\"}"}},
		"GET /v1/audit/verify\n", CLI_REFUSED, "\"sequence\": 3", "=", true},
	{"audit verify, an answer that says nothing", "audit verify", {{200, "{}"}},
		"GET /v1/audit/verify\n", CLI_REFUSED, "=", "tampered", false},
	{"audit verify, half a witness", "audit verify --sequence 3", {{0}}, "", CLI_USAGE, "=",
		"go together", false},
	{"audit verify, a hash that is none", "audit verify --sequence 3 --hash xy", {{0}}, "",
		CLI_USAGE, "=", "64 hexadecimal digits", false},
	{"backup", "backup @/backup", {{200, "all of it"}}, "GET /v1/backup\n", CLI_OK,
		"holds all of the state, 9 B", "=", false},
	{"backup, refused", "backup @/other", {{507, "{\"message\": \"the disk is full\"}"}},
		"GET /v1/backup\n", CLI_FAILED, "=", "the disk is full", false},
	{"backup to where nothing is", "backup @/none/backup", {{0}}, "", CLI_FAILED, "=",
		"/none/backup: cannot make the backup there", false},
	{"restore while it runs", "restore @/backup", {{0}}, "", CLI_FAILED, "=", "tacetd runs",
		false},
	{"status of a server", "status", {{200, SERVER_STATUS}}, "GET /v1/status\n", CLI_OK,
		"in force      1 roles, 2 devices, 3 services, 4 grants; put in force ", "=",
		false},
	{"status, an alarm", "status", {{200, SERVER_STATUS}}, "GET /v1/status\n", CLI_OK,
		"ALARM         an invite was used twice\\x07\n", "=", false},
	{"status, not hardened", "status", {{200, SERVER_STATUS}}, "GET /v1/status\n", CLI_OK,
		"hardened      NO: ", "=", false},
	{"status, silence of the host", "status", {{200, SERVER_STATUS}}, "GET /v1/status\n",
		CLI_OK, "silence       open: why\n", "=", false},
	{"status, bytes", "status", {{200, SERVER_STATUS}}, "GET /v1/status\n", CLI_OK, "1.2 GiB",
		"=", false},
	{"status of a device", "status", {{200, CLIENT_STATUS}}, "GET /v1/status\n", CLI_OK,
		"alice/laptop, pending: an administrator has to let it in", "=", false},
	{"status, silence", "status", {{200, CLIENT_STATUS}}, "GET /v1/status\n", CLI_OK,
		"  - UDP is blocked\n  - the clock is wrong\n", "=", false},
	{"status that says nothing", "status", {{200, "{}"}}, "GET /v1/status\n", CLI_OK, "network",
		"=", false},
	{"status of a server that says nothing", "status", {{200, "{\"role\": \"server\"}"}},
		"GET /v1/status\n", CLI_OK, "No device has joined yet", "=", false},
};

/* Whether it is in the text, or, where `want` begins with =, is all of it. */
static bool fits(const char *text, const char *want)
{
	return *want == '=' ? strcmp(text, want + 1) == 0 : strstr(text, want) != NULL;
}

/* The words of a line, @ replaced by the folder; the caller frees *ret_line. */
static int split(const char *line, char **ret_line, char *ret_argv[WORDS_MAX])
{
	int argc = 0;
	char *rest = NULL;

	*ret_line = calloc(1, strlen(line) + 2 * sizeof folder);
	for (char *at = *ret_line; *line; line++) {
		size_t size = *line == '@' ? sizeof folder - 1 : 1;
		memcpy(at, *line == '@' ? folder : line, size);
		at += size;
	}
	for (char *word = strtok_r(*ret_line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		ret_argv[argc++] = word;
	ret_argv[argc] = NULL;
	return argc;
}

static enum cli_exit run(const struct cli *common, const char *line, struct capture *capture)
{
	char *copy, *argv[WORDS_MAX];
	int argc = split(line, &copy, argv), count = 0;
	struct cli cli = *common;

	cli.entry = help_find(table_commands, argc, argv, &count);
	if (!cli.entry)
		abort();
	capture_begin(capture);
	enum cli_exit result = cli.entry->run(&cli, argc - count + 1, argv + count - 1);
	capture_end(capture);
	free(copy);
	return result;
}

static void test_row(struct cli *cli, struct fake_tacetd *fake, const struct row *row)
{
	struct capture capture;

	fake_prepare(fake, row->answers);
	cli->wants_json = row->wants_json;
	enum cli_exit result = run(cli, row->line, &capture);
	const char *asked = fake_asked(fake);
	bool held = result == row->result && fits(capture.out, row->out) &&
		    fits(capture.err, row->err) && strcmp(asked, row->asked) == 0;
	if (!tap_ok(held, row->name))
		printf("# exit %d\n# asked %s\n# out %s\n# err %s\n", (int)result, asked,
			capture.out, capture.err);
	capture_done(&capture);
}

static void test_backup_file(void)
{
	char path[sizeof folder + 16];
	struct stat about;

	(void)snprintf(path, sizeof path, "%s/backup", folder);
	tap_ok(stat(path, &about) == 0 && (about.st_mode & 0777) == 0600 && about.st_size == 9,
		"the backup is there, for its owner only");
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/policy", folder);
	(void)unlink(path);
	tap_ok(rmdir(folder) == 0, "and nothing else was left behind");
}

/* Who asks when nobody answers. */
static void test_nobody(struct cli *cli)
{
	struct capture capture;

	cli->wants_json = false;
	tap_is_int(run(cli, "user list", &capture), CLI_NOT_RUNNING, "nobody answers");
	tap_ok(strstr(capture.err, "start it by tacetd -c /x/tacet.conf"), "how it is started");
	capture_done(&capture);
	cli->has_config = false;
	tap_is_int(run(cli, "status", &capture), CLI_NOT_RUNNING, "nothing is set up");
	tap_ok(strstr(capture.err, "tacet init") && strstr(capture.err, "tacet join"),
		"and what to do");
	capture_done(&capture);
}

static void write_policy(void)
{
	char path[sizeof folder + 16];

	(void)snprintf(path, sizeof path, "%s/policy", folder);
	FILE *file = fopen(path, "w");
	if (!file || fputs("rules: []\n", file) < 0 || fclose(file) != 0)
		abort();
}

int main(void)
{
	struct cli cli = {.has_config = true, .config_path = "/x/tacet.conf"};
	char path[CONFIG_PATH_SIZE];
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (!mkdtemp(folder) || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0)
		abort();
	config_default(&cli.config);
	(void)snprintf(cli.config.run, sizeof cli.config.run, "%s", folder);
	write_policy();
	struct fake_tacetd *fake = fake_start(config_run_path(&cli.config, CONFIG_SOCKET, path));
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		test_row(&cli, fake, &rows[i]);
	fake_stop(fake);
	test_backup_file();
	test_nobody(&cli);
	return tap_done();
}
