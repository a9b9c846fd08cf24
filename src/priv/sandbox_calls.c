/* SPDX-License-Identifier: ISC */
/*
 * seccomp: the system calls of each profile. What is not in these tables kills the process. A call
 * that libraries try, and do without where there is none, is refused by an error instead.
 */
#include "priv/sandbox_part.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* Profiles as bits. */
	ENGINE = 1 << SANDBOX_ENGINE,
	CALLER = 1 << SANDBOX_CALLER,
	CONTROL = 1 << SANDBOX_CONTROL | CALLER, /* and who can do more */
	ALL = ENGINE | CONTROL,
	RADAR = 1 << SANDBOX_RADAR,
	EVERY = ALL | RADAR,
	SERVER = CONTROL & ~CALLER,

	CONDITIONS_MAX = 3,
	BINARY_TREE = 2, /* how libseccomp orders its comparisons, so that none is far down */
};

/* Allowed whatever its arguments are. */
struct call {
	int number;
	unsigned profiles;
};

static const struct call calls[] = {
	/* memory; mmap and mprotect are below */
	{SCMP_SYS(brk), EVERY},
	{SCMP_SYS(munmap), EVERY},
	{SCMP_SYS(mremap), EVERY},
	{SCMP_SYS(madvise), EVERY},

	/* threads, signals, the end; clone, prctl and tgkill are below */
	{SCMP_SYS(futex), EVERY},
	{SCMP_SYS(set_robust_list), EVERY},
	{SCMP_SYS(rseq), EVERY},
	{SCMP_SYS(gettid), EVERY},
	{SCMP_SYS(sched_yield), EVERY},
	{SCMP_SYS(sched_getaffinity), ALL}, /* malloc: how many arenas */
	{SCMP_SYS(rt_sigaction), EVERY},
	{SCMP_SYS(rt_sigprocmask), EVERY},
	{SCMP_SYS(rt_sigreturn), EVERY},
	{SCMP_SYS(sigaltstack), EVERY},
	{SCMP_SYS(restart_syscall), EVERY},
	{SCMP_SYS(exit), EVERY},
	{SCMP_SYS(exit_group), EVERY},

	/* who and where we are, and what the time is */
	{SCMP_SYS(getpid), EVERY},
	{SCMP_SYS(getppid), EVERY},
	{SCMP_SYS(getuid), EVERY},
	{SCMP_SYS(geteuid), EVERY},
	{SCMP_SYS(getgid), EVERY},
	{SCMP_SYS(getegid), EVERY},
	{SCMP_SYS(sysinfo), EVERY}, /* qsort: how much memory there is */
	{SCMP_SYS(uname), ALL},
	{SCMP_SYS(getrandom), EVERY},
	{SCMP_SYS(clock_gettime), EVERY}, /* where the vDSO cannot tell; and so on */
	{SCMP_SYS(clock_getres), EVERY},
	{SCMP_SYS(gettimeofday), EVERY},
	{SCMP_SYS(time), EVERY},
	{SCMP_SYS(nanosleep), ALL},
	{SCMP_SYS(clock_nanosleep), ALL},

	/* a loop of libuv, and descriptors; fcntl and ioctl are below */
	{SCMP_SYS(epoll_create1), ALL},
	{SCMP_SYS(epoll_ctl), EVERY},
	{SCMP_SYS(epoll_wait), EVERY},
	{SCMP_SYS(epoll_pwait), EVERY},
	{SCMP_SYS(eventfd2), EVERY},
	{SCMP_SYS(pipe2), ALL},
	{SCMP_SYS(poll), EVERY},
	{SCMP_SYS(ppoll), EVERY},
	{SCMP_SYS(inotify_rm_watch), ENGINE}, /* engine/uapi_server, when it ends */
	{SCMP_SYS(read), EVERY},
	{SCMP_SYS(readv), EVERY},
	{SCMP_SYS(write), EVERY},
	{SCMP_SYS(writev), EVERY},
	{SCMP_SYS(close), EVERY},

	/* sockets that are there; socket and setsockopt are below */
	{SCMP_SYS(sendto), ALL},
	{SCMP_SYS(sendmsg), EVERY},
	{SCMP_SYS(sendmmsg), ENGINE | CALLER}, /* libc's resolver asks by it */
	{SCMP_SYS(recvfrom), EVERY},
	{SCMP_SYS(recvmsg), EVERY},
	{SCMP_SYS(recvmmsg), ENGINE},
	{SCMP_SYS(getsockopt), ALL},
	{SCMP_SYS(getsockname), ALL},
	{SCMP_SYS(getpeername), CONTROL},
	{SCMP_SYS(shutdown), CONTROL},
	{SCMP_SYS(accept4), ALL}, /* the engine: clients of wg(8)'s interface */
	{SCMP_SYS(accept), CONTROL},
	{SCMP_SYS(listen), CONTROL}, /* uv_listen() and the like do it again */
	{SCMP_SYS(connect), CALLER},
	{SCMP_SYS(bind), CALLER},

	/* files; Landlock says which. The engine has its timestamps */
	{SCMP_SYS(openat), ALL},
	{SCMP_SYS(open), ALL},
	{SCMP_SYS(fstat), ALL},
	{SCMP_SYS(newfstatat), ALL},
	{SCMP_SYS(stat), ALL},
	{SCMP_SYS(lseek), ALL},
	{SCMP_SYS(access), ALL},
	{SCMP_SYS(faccessat), ALL},
	{SCMP_SYS(fsync), ALL},
	{SCMP_SYS(mkdir), ALL},
	{SCMP_SYS(mkdirat), ALL},
	{SCMP_SYS(rename), ALL},
	{SCMP_SYS(renameat), ALL},
	{SCMP_SYS(renameat2), ALL},
	{SCMP_SYS(unlink), ALL},
	{SCMP_SYS(unlinkat), ALL},
	{SCMP_SYS(lstat), CONTROL},
	{SCMP_SYS(statx), CONTROL},
	{SCMP_SYS(faccessat2), CONTROL},
	{SCMP_SYS(readlink), CONTROL},
	{SCMP_SYS(readlinkat), CONTROL},
	{SCMP_SYS(getcwd), CONTROL},
	{SCMP_SYS(getdents64), CONTROL},
	{SCMP_SYS(pread64), CONTROL},
	{SCMP_SYS(preadv), CONTROL},
	{SCMP_SYS(pwrite64), ALL},
	{SCMP_SYS(pwritev), CONTROL},
	{SCMP_SYS(fdatasync), ALL},
	{SCMP_SYS(ftruncate), CONTROL},
	{SCMP_SYS(fallocate), CONTROL},
	{SCMP_SYS(fadvise64), CONTROL},
	{SCMP_SYS(flock), CONTROL},
	{SCMP_SYS(fchmod), CONTROL},
	{SCMP_SYS(rmdir), CONTROL},
	{SCMP_SYS(umask), CONTROL},
};

/* Allowed, or refused by an error, with such arguments. */
struct rule {
	int number;
	unsigned profiles;
	int error; /* 0: allowed */
	unsigned condition_count;
	struct scmp_arg_cmp conditions[CONDITIONS_MAX];
};

/* Argument number `at`, of the C type int: the kernel does not look at its upper half. */
#define IS_INT(at, value)                                                                          \
	{                                                                                          \
		(at), SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value)                            \
	}
#define HAS_BITS(at, mask, value)                                                                  \
	{                                                                                          \
		(at), SCMP_CMP_MASKED_EQ, (mask), (value)                                          \
	}
#define IS_ZERO(at)                                                                                \
	{                                                                                          \
		(at), SCMP_CMP_EQ, 0, 0                                                            \
	}
#define FCNTL(command, profiles)                                                                   \
	{                                                                                          \
		SCMP_SYS(fcntl), (profiles), 0, 1,                                                 \
		{                                                                                  \
			IS_INT(1, command)                                                         \
		}                                                                                  \
	}
#define IOCTL(request, profiles, error)                                                            \
	{                                                                                          \
		SCMP_SYS(ioctl), (profiles), (error), 1,                                           \
		{                                                                                  \
			IS_INT(1, request)                                                         \
		}                                                                                  \
	}
#define SETSOCKOPT(level, profiles)                                                                \
	{                                                                                          \
		SCMP_SYS(setsockopt), (profiles), 0, 1,                                            \
		{                                                                                  \
			IS_INT(1, level)                                                           \
		}                                                                                  \
	}
#define SOCKET(family, type, profiles, error)                                                      \
	{                                                                                          \
		SCMP_SYS(socket), (profiles), (error), 2,                                          \
		{                                                                                  \
			IS_INT(0, family), HAS_BITS(1, SOCKET_TYPE, type)                          \
		}                                                                                  \
	}

/* A thread shares all that a process has; a namespace would be a new world. */
#define SOCKET_TYPE 0xfU /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NAMESPACE_FLAGS                                                                            \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
		CLONE_NEWPID | CLONE_NEWNET)

static const struct rule rules[] = {
	/* no new code; whoever loads a module does without it */
	{SCMP_SYS(mmap), EVERY, 0, 1, {HAS_BITS(2, PROT_EXEC, 0)}},
	{SCMP_SYS(mmap), EVERY, EACCES, 1, {HAS_BITS(2, PROT_EXEC, PROT_EXEC)}},
	{SCMP_SYS(mprotect), EVERY, 0, 1, {HAS_BITS(2, PROT_EXEC, 0)}},
	{SCMP_SYS(mprotect), EVERY, EACCES, 1, {HAS_BITS(2, PROT_EXEC, PROT_EXEC)}},

	/* threads, no processes: clone3's flags lie in memory where a filter cannot see them */
	{SCMP_SYS(clone), ALL, 0, 1, {HAS_BITS(0, THREAD_FLAGS | NAMESPACE_FLAGS, THREAD_FLAGS)}},
	{SCMP_SYS(clone3), ALL, ENOSYS, 0, {{0}}},
	{SCMP_SYS(prctl), ALL, 0, 1, {IS_INT(0, PR_SET_NAME)}},
	/* pthread_create: the size of a stack; it may be asked for, ours only, not set */
	{SCMP_SYS(prlimit64), ALL, 0, 2, {IS_INT(0, 0), IS_ZERO(2)}},

	FCNTL(F_GETFD, EVERY),
	FCNTL(F_SETFD, EVERY),
	FCNTL(F_GETFL, EVERY),
	FCNTL(F_SETFL, EVERY),
	FCNTL(F_DUPFD_CLOEXEC, ALL),
	FCNTL(F_GETLK, CONTROL),
	FCNTL(F_SETLK, CONTROL),
	FCNTL(F_SETLKW, CONTROL),
	FCNTL(F_OFD_GETLK, CONTROL),
	FCNTL(F_OFD_SETLK, CONTROL),

	IOCTL(FIONBIO, EVERY, 0),
	IOCTL(FIOCLEX, ALL, 0),
	IOCTL(FIONREAD, ALL, 0),
	IOCTL(TCGETS, EVERY, ENOTTY),	      /* stdio asks whether it writes to a terminal */
	IOCTL(TUNGETDEVNETNS, ENGINE, EPERM), /* net/link: a device that was moved is given up */

	/* wg(8) may ask the engine for another port or mark: it goes on with what it has */
	{SCMP_SYS(socket), ENGINE, EPERM, 0, {{0}}},
	{SCMP_SYS(setsockopt), ENGINE, EPERM, 0, {{0}}},

	SETSOCKOPT(SOL_SOCKET, CONTROL),
	SETSOCKOPT(IPPROTO_TCP, CONTROL),
	SETSOCKOPT(IPPROTO_IP, CALLER),
	SETSOCKOPT(IPPROTO_IPV6, CALLER),

	SOCKET(AF_INET, SOCK_STREAM, CALLER, 0),
	SOCKET(AF_INET, SOCK_DGRAM, CALLER, 0),
	SOCKET(AF_INET6, SOCK_STREAM, CALLER, 0),
	SOCKET(AF_INET6, SOCK_DGRAM, CALLER, 0),
	/* if_nametoindex() takes any socket to ask by: an address with a scope must not kill */
	SOCKET(AF_UNIX, SOCK_DGRAM, CONTROL, EACCES), /* and syslog(3), after its logger is gone */
	SOCKET(AF_INET, SOCK_DGRAM, SERVER, EACCES),
	SOCKET(AF_INET6, SOCK_DGRAM, SERVER, EACCES),
	IOCTL(SIOCGIFINDEX, CALLER, 0),
	SOCKET(AF_UNIX, SOCK_STREAM, CONTROL, EACCES), /* libc's resolver looks for nscd */
	/* addresses and routes, for libc's resolver; nothing can be changed without a capability */
	{SCMP_SYS(socket), CALLER, 0, 2, {IS_INT(0, AF_NETLINK), IS_INT(2, NETLINK_ROUTE)}},
	/* libcurl, to wake itself */
	{SCMP_SYS(socketpair), CALLER, 0, 1, {IS_INT(0, AF_UNIX)}},

	/* younger versions of libuv go without */
	{SCMP_SYS(io_uring_setup), ALL, ENOSYS, 0, {{0}}},
};

static int add_calls(scmp_filter_ctx filter, unsigned profile)
{
	for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
		if (!(calls[i].profiles & profile))
			continue;
		int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i].number, 0);
		if (result < 0)
			return result;
	}
	return 0;
}

static int add_rules(scmp_filter_ctx filter, unsigned profile)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
		const struct rule *rule = &rules[i];
		const uint32_t action =
			rule->error ? SCMP_ACT_ERRNO((uint32_t)rule->error) : SCMP_ACT_ALLOW;

		if (!(rule->profiles & profile))
			continue;
		int result = seccomp_rule_add_array(
			filter, action, rule->number, rule->condition_count, rule->conditions);
		if (result < 0)
			return result;
	}
	return 0;
}

/* abort() and assert() end by a signal to ourselves; nobody else may get one. */
static int add_own_signal(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)getpid()));
}

static int set_attributes(scmp_filter_ctx filter)
{
	static const struct {
		enum scmp_filter_attr attribute;
		uint32_t value;
	} rows[] = {
		{SCMP_FLTATR_CTL_TSYNC, 1}, /* all threads */
		{SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS},
		{SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		int result = seccomp_attr_set(filter, rows[i].attribute, rows[i].value);
		if (result < 0)
			return result;
	}
	return 0;
}

int sandbox_calls_enter(enum sandbox_profile profile)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (!filter)
		return -ENOMEM;
	int result = set_attributes(filter);
	if (result == 0)
		result = add_calls(filter, 1U << profile);
	if (result == 0)
		result = add_rules(filter, 1U << profile);
	if (result == 0)
		result = add_own_signal(filter);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result;
}
