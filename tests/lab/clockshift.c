/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into a program, it shows it a clock of ours: the real time plus CLOCKSHIFT_SECONDS. For
 * tests of devices whose clock was set back.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Takes the place of the C library's function. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	const char *shift = getenv("CLOCKSHIFT_SECONDS");
	int result = (int)syscall(SYS_clock_gettime, clock, ret_time);

	if (result == 0 && clock == CLOCK_REALTIME && shift)
		ret_time->tv_sec += strtol(shift, NULL, 10);
	return result;
}
