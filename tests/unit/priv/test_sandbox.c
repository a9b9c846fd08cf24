/* SPDX-License-Identifier: ISC */
/* What cannot be done any more, by whom, and what the kernel says about such a process. */
#include "sandbox_child.h"

#include "base/error.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* ---- files ---- */

static enum outcome open_shadow(void)
{
	return outcome_of(open("/etc/shadow", O_RDONLY | O_CLOEXEC));
}

/* Everybody may read it, by its mode. */
static enum outcome open_passwd(void)
{
	return outcome_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static enum outcome list_root(void)
{
	return outcome_of(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static enum outcome open_memory(void)
{
	return outcome_of(open("/proc/self/mem", O_RDWR | O_CLOEXEC));
}

/* Everybody may write there, by its mode. */
static enum outcome write_outside(void)
{
	return outcome_of(open("/tmp/tacet-sandbox-x", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static enum outcome rename_out(void)
{
	const char *path = sandbox_path(sandbox_writable, "own");

	if (open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0)
		return FAILED;
	if (rename(path, "/tmp/tacet-sandbox-x") == 0)
		return DONE;
	return errno == EXDEV || errno == EACCES ? REFUSED : FAILED; /* Landlock says either */
}

static enum outcome read_readable(void)
{
	return outcome_of(open(sandbox_path(sandbox_readable, "file"), O_RDONLY | O_CLOEXEC));
}

static enum outcome write_readable(void)
{
	return outcome_of(open(sandbox_path(sandbox_readable, "file"), O_WRONLY | O_CLOEXEC));
}

static enum outcome truncate_readable(void)
{
	return outcome_of(
		open(sandbox_path(sandbox_readable, "file"), O_RDONLY | O_TRUNC | O_CLOEXEC));
}

static enum outcome add_readable(void)
{
	return outcome_of(
		open(sandbox_path(sandbox_readable, "new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static enum outcome write_writable(void)
{
	int fd = open(sandbox_path(sandbox_writable, "own"),
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return outcome_of(fd < 0 ? fd : write(fd, "x", 1));
}

/* ---- calls ---- */

static enum outcome make_socket(int family, int type, int protocol)
{
	return outcome_of(socket(family, type | SOCK_CLOEXEC, protocol));
}

static enum outcome socket_tcp(void)
{
	return make_socket(AF_INET, SOCK_STREAM, 0);
}

static enum outcome socket_udp6(void)
{
	return make_socket(AF_INET6, SOCK_DGRAM, 0);
}

static enum outcome socket_raw(void)
{
	return make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static enum outcome socket_packet(void)
{
	return make_socket(AF_PACKET, SOCK_DGRAM, 0);
}

static enum outcome socket_unix(void)
{
	return make_socket(AF_UNIX, SOCK_DGRAM, 0);
}

static enum outcome socket_route(void)
{
	return make_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static enum outcome socket_netfilter(void)
{
	return make_socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
}

static enum outcome execute(void)
{
	return outcome_of(execl("/bin/true", "true", (char *)NULL));
}

static enum outcome fork_child(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return outcome_of(child);
}

static enum outcome become_root(void)
{
	return outcome_of(setuid(0));
}

static enum outcome trace(void)
{
	return outcome_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static enum outcome unshare_user(void)
{
	return outcome_of(unshare(CLONE_NEWUSER));
}

static enum outcome clone_network(void)
{
	return outcome_of(syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, NULL, NULL, NULL, NULL));
}

static enum outcome clone_by_memory(void)
{
	return outcome_of(syscall(SYS_clone3, NULL, 0));
}

static enum outcome dump(void)
{
	return outcome_of(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static enum outcome signal_parent(void)
{
	return outcome_of(kill(getppid(), 0));
}

static enum outcome signal_parent_thread(void)
{
	return outcome_of(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static enum outcome map_code(void)
{
	void *at = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return outcome_of(at == MAP_FAILED ? -1 : 0);
}

static enum outcome protect_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? FAILED : outcome_of(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static enum outcome push_terminal(void)
{
	return outcome_of(ioctl(0, TIOCSTI, "x"));
}

static enum outcome ask_terminal(void)
{
	return isatty(0) ? DONE : outcome_of(-1);
}

static enum outcome set_limit(void)
{
	const struct rlimit limit = {1, 1};

	return outcome_of(setrlimit(RLIMIT_CORE, &limit));
}

static enum outcome get_limit(void)
{
	struct rlimit limit;

	return outcome_of(getrlimit(RLIMIT_STACK, &limit));
}

static enum outcome set_mark(void)
{
	return outcome_of(setsockopt(0, SOL_SOCKET, SO_MARK, &(int){1}, sizeof(int)));
}

static enum outcome set_filter(void)
{
	return outcome_of(setsockopt(0, IPPROTO_IP, IP_TTL, &(int){1}, sizeof(int)));
}

static enum outcome own_descriptor(void)
{
	return outcome_of(fcntl(0, F_SETOWN, 1));
}

static enum outcome abort_here(void)
{
	abort();
}

#define BY_NUMBER(name)                                                                            \
	static enum outcome call_##name(void)                                                      \
	{                                                                                          \
		return outcome_of(syscall(SYS_##name, -1, 0, 0, 0, 0, 0));                         \
	}
#define NUMBERS(X)                                                                                 \
	X(mount)                                                                                   \
	X(umount2)                                                                                 \
	X(pivot_root)                                                                              \
	X(chroot)                                                                                  \
	X(init_module)                                                                             \
	X(bpf)                                                                                     \
	X(perf_event_open)                                                                         \
	X(keyctl)                                                                                  \
	X(add_key)                                                                                 \
	X(process_vm_readv)                                                                        \
	X(process_vm_writev)                                                                       \
	X(pidfd_open)                                                                              \
	X(userfaultfd)                                                                             \
	X(memfd_create)                                                                            \
	X(execveat)                                                                                \
	X(symlink)                                                                                 \
	X(link)                                                                                    \
	X(mknod)                                                                                   \
	X(chown)                                                                                   \
	X(setns)                                                                                   \
	X(open_by_handle_at)                                                                       \
	X(io_uring_enter)                                                                          \
	X(personality)                                                                             \
	X(seccomp)                                                                                 \
	X(landlock_create_ruleset)
NUMBERS(BY_NUMBER)

/* Refused by seccomp's word, which a sanitizer's build is without. */
#define FILTERED(profiles) (SANDBOX_IS_SANITIZED ? 0U : (unsigned)(profiles))

static const struct deed deeds[] = {
	{"/etc/shadow", ALL, REFUSED, open_shadow},
	{"/etc/passwd", ALL, REFUSED, open_passwd},
	{"a list of the root", ALL, REFUSED, list_root},
	{"our own memory", ALL, REFUSED, open_memory},
	{"a file outside", ALL, REFUSED, write_outside},
	{"a file that is taken out", ALL, REFUSED, rename_out},
	{"reading where only that is allowed", ALL, DONE, read_readable},
	{"writing there", ALL, REFUSED, write_readable},
	{"truncating there", ALL, REFUSED, truncate_readable},
	{"a new file there", ALL, REFUSED, add_readable},
	{"writing where that is allowed", ALL, DONE, write_writable},
	{"a TCP socket", FILTERED(E), REFUSED, socket_tcp},
	{"a TCP socket", C, KILLED, socket_tcp},
	{"a TCP socket", L, DONE, socket_tcp},
	{"a UDP socket", FILTERED(E | C), REFUSED, socket_udp6},
	{"a UDP socket", L, DONE, socket_udp6},
	{"a raw socket", FILTERED(E), REFUSED, socket_raw},
	{"a raw socket", C | L, KILLED, socket_raw},
	{"a packet socket", FILTERED(E), REFUSED, socket_packet},
	{"a packet socket", C | L, KILLED, socket_packet},
	{"a Unix socket", FILTERED(ALL), REFUSED, socket_unix},
	{"a socket for routes", FILTERED(E), REFUSED, socket_route},
	{"a socket for routes", C, KILLED, socket_route},
	{"a socket for routes", L, DONE, socket_route},
	{"a socket for the firewall", FILTERED(E), REFUSED, socket_netfilter},
	{"a socket for the firewall", C | L, KILLED, socket_netfilter},
	{"another program", ALL, KILLED, execute},
	{"another process", ALL, KILLED, fork_child},
	{"root's id", ALL, KILLED, become_root},
	{"tracing", ALL, KILLED, trace},
	{"a namespace of users", ALL, KILLED, unshare_user},
	{"a namespace of networks", ALL, KILLED, clone_network},
	{"clone3", FILTERED(ALL), REFUSED, clone_by_memory},
	{"being dumped", ALL, KILLED, dump},
	{"a signal to the parent", ALL, KILLED, signal_parent},
	{"a signal to its thread", ALL, KILLED, signal_parent_thread},
	{"memory that is code", FILTERED(ALL), REFUSED, map_code},
	{"memory that becomes code", FILTERED(ALL), REFUSED, protect_code},
	{"pushing into a terminal", ALL, KILLED, push_terminal},
	{"asking for a terminal", ALL, REFUSED, ask_terminal},
	{"setting a limit", ALL, KILLED, set_limit},
	{"asking for a limit", ALL, DONE, get_limit},
	{"an option of a socket", FILTERED(E), REFUSED, set_mark},
	{"an option of IP", C, KILLED, set_filter},
	{"signals by a descriptor", ALL, KILLED, own_descriptor},
	{"abort()", ALL | R, ABORTED, abort_here},
	{"/etc/passwd", FILTERED(R), KILLED, open_passwd},
	{"writing where folders allow it", FILTERED(R), KILLED, write_writable},
	{"a TCP socket", FILTERED(R), KILLED, socket_tcp},
	{"a raw socket", FILTERED(R), KILLED, socket_raw},
	{"a packet socket", FILTERED(R), KILLED, socket_packet},
	{"a Unix socket", FILTERED(R), KILLED, socket_unix},
	{"a socket for the firewall", FILTERED(R), KILLED, socket_netfilter},
	{"another program", FILTERED(R), KILLED, execute},
	{"another process", FILTERED(R), KILLED, fork_child},
	{"root's id", FILTERED(R), KILLED, become_root},
	{"tracing", FILTERED(R), KILLED, trace},
	{"a signal to the parent", FILTERED(R), KILLED, signal_parent},
	{"memory that is code", FILTERED(R), REFUSED, map_code},
	{"an option of a socket", FILTERED(R), KILLED, set_mark},
	{"setting a limit", FILTERED(R), KILLED, set_limit},
};

static const struct deed calls[] = {
#define X(name) {#name, ALL | FILTERED(R), KILLED, call_##name},
	NUMBERS(X)
#undef X
};

/* ---- what the kernel says ---- */

/* A child in its sandbox, which waits until it is killed. */
struct inmate {
	pid_t pid;
	pid_t thread; /* its second one */
};

static sem_t entered;
static int said; /* the end of a pipe */

/* A thread that was there before the sandbox: says how it went, then waits. */
static void *old_thread(void *context)
{
	pid_t thread = gettid();

	(void)context;
	if (write(said, &thread, sizeof thread) != sizeof thread)
		_exit(FAILED);
	while (sem_wait(&entered) < 0)
		continue; /* the signal that confines it */
	enum outcome outcome = open_passwd();
	if (write(said, &outcome, sizeof outcome) != sizeof outcome)
		_exit(FAILED);
	for (;;)
		(void)poll(NULL, 0, -1);
}

static void run_inmate(enum sandbox_profile profile)
{
	pthread_t thread;

	if (sem_init(&entered, 0, 0) < 0 || pthread_create(&thread, NULL, old_thread, NULL) != 0)
		_exit(FAILED);
	if (enter_sandbox(profile) != 0)
		_exit(NOT_ENTERED);
	(void)sem_post(&entered);
	for (;;)
		(void)poll(NULL, 0, -1);
}

static struct inmate start_inmate(enum sandbox_profile profile, enum outcome *ret_outcome)
{
	struct inmate inmate;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	said = ends[1];
	inmate.pid = fork();
	if (inmate.pid == 0)
		run_inmate(profile);
	close(ends[1]);
	if (read(ends[0], &inmate.thread, sizeof inmate.thread) != sizeof inmate.thread ||
		read(ends[0], ret_outcome, sizeof *ret_outcome) != sizeof *ret_outcome)
		*ret_outcome = FAILED;
	close(ends[0]);
	return inmate;
}

/* Whether the status of a thread has the line. */
static bool has_line(const struct inmate *inmate, pid_t thread, const char *line)
{
	char path[64], text[4096] = "";

	(void)snprintf(path, sizeof path, "/proc/%d/task/%d/status", inmate->pid, thread);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t size = read(fd, text, sizeof text - 1);
	close(fd);
	return size > 0 && strstr(text, line);
}

static void check_status(enum sandbox_profile profile)
{
	static const struct {
		const char *line;
		bool is_of_filter, is_of_first; /* thread only */
	} rows[] = {
		{"\nUid:\t65534\t65534\t65534\t65534\n", false, false},
		{"\nGid:\t65534\t65534\t65534\t65534\n", false, false},
		{"\nGroups:\t \n", false, false},
		{"\nCapInh:\t0000000000000000\n", false, false},
		{"\nCapPrm:\t0000000000000000\n", false, false},
		{"\nCapEff:\t0000000000000000\n", false, false},
		{"\nCapBnd:\t0000000000000000\n", false, true},
		{"\nCapAmb:\t0000000000000000\n", false, false},
		{"\nNoNewPrivs:\t1\n", false, false},
		{"\nSeccomp:\t2\n", true, false},
	};
	enum outcome outcome = FAILED;
	struct inmate inmate = start_inmate(profile, &outcome);
	struct stat status;
	char path[64];

	tap_is_int(outcome, REFUSED, "a thread that was there before is confined, too");
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		if (SANDBOX_IS_SANITIZED && rows[i].is_of_filter)
			continue;
		if (!tap_ok(has_line(&inmate, inmate.pid, rows[i].line), "the first thread"))
			printf("# %s", rows[i].line + 1);
		if (!rows[i].is_of_first &&
			!tap_ok(has_line(&inmate, inmate.thread, rows[i].line), "the second"))
			printf("# %s", rows[i].line + 1);
	}
	(void)snprintf(path, sizeof path, "/proc/%d/environ", inmate.pid);
	if (!SANDBOX_IS_SANITIZED)
		tap_ok(stat(path, &status) == 0 && status.st_uid == 0,
			"it cannot be dumped: what tells of it is root's");
	(void)kill(inmate.pid, SIGKILL);
	(void)wait_for(inmate.pid);
}

/* ---- what is refused ---- */

static int enter_with(const char *user, const char *folder)
{
	const struct sandbox_folder folders[] = {{folder, SANDBOX_READ}};
	const struct sandbox_config config = {
		.profile = SANDBOX_CONTROL,
		.user = user,
		.folders = folders,
		.folder_count = folder ? 1 : 0,
	};

	return sandbox_enter(&config);
}

static void test_errors(void)
{
	int fd;

	tap_is_int(enter_with("no-such-user", NULL), ERR_NOT_FOUND, "no such user");
	tap_is_int(enter_with("root", NULL), -EINVAL, "root is nobody to become");
	tap_is_int(enter_with("nobody", "/no/such/folder"), -ENOENT, "no such folder");
	tap_is_int(enter_with("nobody", "/etc/passwd"), -ENOTDIR, "a file is no folder");
	tap_ok(getuid() == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0, "nothing is given up");
	fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC);
	tap_ok(fd >= 0, "not a file either");
	close(fd);
}

/* Without a user to become it is root without root's rights. */
static enum outcome stay(void)
{
	if (enter_with(NULL, sandbox_readable) != 0)
		return NOT_ENTERED;
	return getuid() == 0 && read_readable() == DONE ? open_passwd() : FAILED;
}

/* Whoever is nobody already may stay so. */
static enum outcome stay_nobody(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return FAILED;
	return enter_with(NULL, sandbox_readable) == 0 ? open_passwd() : NOT_ENTERED;
}

static void test_stay(void)
{
	static const struct {
		const char *name;
		enum outcome (*run)(void);
	} rows[] = {{"root stays, without rights", stay}, {"nobody stays", stay_nobody}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		pid_t child = fork();
		if (child == 0)
			_exit((int)rows[i].run());
		tap_is_int(wait_for(child), REFUSED, rows[i].name);
	}
}

int main(void)
{
	if (!sandbox_begin())
		return tap_done();
	test_errors();
	test_stay();
	try_deeds(deeds, ARRAY_LENGTH(deeds));
	try_deeds(calls, ARRAY_LENGTH(calls));
	for (unsigned profile = SANDBOX_ENGINE; profile <= SANDBOX_CALLER; profile++)
		check_status((enum sandbox_profile)profile);
	sandbox_end();
	return tap_done();
}
