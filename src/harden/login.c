/* SPDX-License-Identifier: ISC */
#include "harden/login.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PATH_SIZE = 64,		   /* "/proc/<pid>/environ" */
	STAT_SIZE = 1024,	   /* of /proc/<pid>/stat */
	ENVIRON_SIZE = 128 * 1024, /* of an environment; what is behind is not looked at */
	CLIMB_MAX = 64,		   /* parents of parents */
	COMM_SIZE = 32,
	STAT_PARENT = 1, /* fields behind the name in /proc/<pid>/stat, from 0 */
	STAT_SESSION = 3,
	STAT_BEGAN = 19,
	STAT_FIELDS = 20,
};

/* Programs that begin a session of their own on behalf of the one that they were called in. */
static const char *const go_betweens[] = {"sudo", "su", "doas", "runuser", "pkexec"};

/* A process as /proc/<pid>/stat has it. */
struct process {
	pid_t pid, parent, session;
	uint64_t began_ticks; /* since the machine started */
	char name[COMM_SIZE];
};

/* Reads a whole file of /proc, at most `room` bytes. -errno. */
static ssize_t read_file(pid_t pid, const char *name, char *ret_text, size_t room)
{
	char path[PATH_SIZE];
	size_t size = 0;

	(void)snprintf(path, sizeof path, "/proc/%d/%s", pid, name); /* it fits */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t got = 1;
	while (size < room && (got = read(fd, ret_text + size, room - size)) > 0)
		size += (size_t)got;
	ssize_t result = got < 0 ? -errno : (ssize_t)size;
	(void)close(fd); /* it was only read */
	return result;
}

/* Takes the fields behind the name apart; the name may have spaces and brackets itself. */
static int parse_stat(char *text, size_t size, struct process *process)
{
	uint64_t numbers[STAT_FIELDS] = {0};

	const char *start = memchr(text, '(', size), *end = memrchr(text, ')', size);
	if (!start || !end || end < start)
		return -EPROTO;
	size_t length = (size_t)(end - start - 1);
	if (length >= sizeof process->name)
		length = sizeof process->name - 1;
	memcpy(process->name, start + 1, length);
	process->name[length] = '\0';
	const char *at = end + 1, *last = text + size;
	for (size_t i = 0; i < STAT_FIELDS; i++) {
		while (at < last && *at == ' ')
			at++;
		const char *word = at;
		while (at < last && *at != ' ' && *at != '\n')
			at++;
		if (at == word)
			return -EPROTO;
		/* The state is a letter and some are negative: those stay 0, nobody asks. */
		if (number_parse(word, (size_t)(at - word), UINT64_MAX, &numbers[i]) < 0)
			numbers[i] = 0;
	}
	process->parent = (pid_t)numbers[STAT_PARENT];
	process->session = (pid_t)numbers[STAT_SESSION];
	process->began_ticks = numbers[STAT_BEGAN];
	return 0;
}

static int read_process(pid_t pid, struct process *ret_process)
{
	char text[STAT_SIZE];
	struct process process = {.pid = pid};

	ssize_t size = read_file(pid, "stat", text, sizeof text);
	if (size < 0)
		return (int)size;
	int result = parse_stat(text, (size_t)size, &process);
	if (result == 0)
		*ret_process = process;
	return result;
}

static bool is_go_between(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(go_betweens); i++)
		if (strcmp(name, go_betweens[i]) == 0)
			return true;
	return false;
}

/* The leader of the login's session, past sessions that sudo and the like began. */
static int find_leader(struct process *ret_leader)
{
	struct process leader = {0}, parent = {0};

	/* A leader that has ended: we are then ourselves the oldest that is known. */
	if (read_process(getsid(0), &leader) < 0) {
		int result = read_process(getpid(), &leader);
		if (result < 0)
			return result;
	}
	for (unsigned i = 0; i < CLIMB_MAX && leader.parent > 0; i++) {
		if (read_process(leader.parent, &parent) < 0 || !is_go_between(parent.name))
			break;
		if (read_process(parent.session, &leader) < 0)
			leader = parent;
	}
	*ret_leader = leader;
	return 0;
}

/* The next word of a text parted by spaces. */
static size_t word_at(const char *text, size_t size, size_t *at, const char **ret_word)
{
	while (*at < size && text[*at] == ' ')
		++*at;
	size_t start = *at;
	while (*at < size && text[*at] != ' ')
		++*at;
	*ret_word = text + start;
	return *at - start;
}

/* Without "%eth0" behind it, which a link-local address has. */
static int parse_address(const char *word, size_t size, struct address *ret_address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const char *scope = memchr(word, '%', size);
	struct address address;

	int result = address_parse(word, scope ? (size_t)(scope - word) : size, &address);
	if (result < 0)
		return result;
	if (address.family == ADDRESS_IPV6 && memcmp(address.bytes, mapped, sizeof mapped) == 0) {
		struct address ipv4 = {.family = ADDRESS_IPV4};
		memcpy(ipv4.bytes, address.bytes + sizeof mapped, 4);
		address = ipv4;
	}
	*ret_address = address;
	return 0;
}

static int parse_port(const char *word, size_t size, uint16_t *ret_port)
{
	uint64_t number;

	int result = number_parse(word, size, UINT16_MAX, &number);
	if (result == 0)
		*ret_port = (uint16_t)number;
	return result;
}

int login_parse_ssh(const char *text, size_t size, struct rules_session *ret_session)
{
	struct rules_session session = {0};
	const char *word;
	size_t at = 0, length;

	length = word_at(text, size, &at, &word);
	int result = parse_address(word, length, &session.there);
	if (result < 0)
		return result;
	length = word_at(text, size, &at, &word);
	result = parse_port(word, length, &session.port_there);
	if (result < 0)
		return result;
	length = word_at(text, size, &at, &word);
	result = parse_address(word, length, &session.here);
	if (result < 0)
		return result;
	length = word_at(text, size, &at, &word);
	result = parse_port(word, length, &session.port_here);
	if (result < 0)
		return result;
	if (session.there.family != session.here.family)
		return ERR_SYNTAX;
	*ret_session = session;
	return 0;
}

/* Finds SSH_CONNECTION in an environment. */
static bool find_ssh(const char *environment, size_t size, struct rules_session *ret_session)
{
	static const char name[] = "SSH_CONNECTION=";

	for (size_t at = 0; at < size;) {
		const char *entry = environment + at;
		size_t length = strnlen(entry, size - at);
		at += length + 1;
		if (length < sizeof name - 1 || memcmp(entry, name, sizeof name - 1) != 0)
			continue;
		return login_parse_ssh(entry + sizeof name - 1, length - (sizeof name - 1),
			       ret_session) == 0;
	}
	return false;
}

/*
 * By which SSH connection the login came. sudo(8) takes the variable away, so it is looked for in
 * the processes above us too, where root may look.
 */
static void read_ssh(struct rules_session *ret_session)
{
	char *environment = memory_new(1, ENVIRON_SIZE);
	struct process process = {.parent = getpid()};

	for (unsigned i = 0; i < CLIMB_MAX && process.parent > 1; i++) {
		ssize_t size = read_file(process.parent, "environ", environment, ENVIRON_SIZE);
		if (size > 0 && find_ssh(environment, (size_t)size, ret_session))
			break;
		if (read_process(process.parent, &process) < 0)
			break;
	}
	bytes_wipe(environment, ENVIRON_SIZE); /* it may hold secrets of others */
	free(environment);
}

int login_read(struct login *ret_login)
{
	struct process leader = {0};
	struct login login = {0};

	int result = find_leader(&leader);
	if (result < 0)
		return result;
	long ticks_a_second = sysconf(_SC_CLK_TCK);
	if (ticks_a_second <= 0)
		return -EINVAL;
	/* Ticks are rounded down; who begins within one counts as begun at its end. */
	login.began_ns = (leader.began_ticks + 1) * (NS_PER_S / (uint64_t)ticks_a_second);
	read_ssh(&login.ssh);
	*ret_login = login;
	return 0;
}

static bool is_same(const struct rules_session *a, const struct rules_session *b)
{
	return address_equal(&a->there, &b->there) && address_equal(&a->here, &b->here) &&
	       a->port_there == b->port_there && a->port_here == b->port_here;
}

bool login_is_new(
	const struct login *login, const struct rules_session *applied_by, uint64_t applied_ns)
{
	if (applied_by->there.family != ADDRESS_NONE && is_same(&login->ssh, applied_by))
		return false;
	return login->began_ns >= applied_ns;
}
