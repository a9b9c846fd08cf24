/* SPDX-License-Identifier: ISC */
#include "base/memory.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_new(void)
{
	static const uint8_t zero[64];
	uint8_t *memory = memory_new(8, 8);
	void *none = memory_new(0, 8);

	tap_is_bytes(memory, zero, sizeof zero, "new memory is zero");
	tap_ok(none != NULL, "no objects still have an address");
	free(memory);
	free(none);
}

static void test_grow(void)
{
	uint8_t *memory = memory_grow(NULL, 2, 4);

	memcpy(memory, "tacet!!", 8);
	memory = memory_grow(memory, 1000, 4);
	tap_is_bytes(memory, "tacet!!", 8, "grown memory keeps what was there");
	free(memory);
}

/* Silences what a sanitizer would say about a request that is too great on purpose. */
static int status_of(void (*work)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		close(STDERR_FILENO);
		work();
		_exit(0);
	}
	waitpid(child, &status, 0);
	return status;
}

/* Volatile, for a compiler that knows the result warns about it. */
static volatile size_t too_many = SIZE_MAX / 4;

static void new_overflow(void)
{
	free(memory_new(too_many, 8));
}

static void grow_overflow(void)
{
	free(memory_grow(NULL, too_many, 8));
}

/* Ends by abort(), or by a sanitizer's own end: never goes on. */
static void test_overflow(void)
{
	tap_ok(status_of(new_overflow) != 0, "a product that overflows ends the program");
	tap_ok(status_of(grow_overflow) != 0, "and so when growing");
}

int main(void)
{
	test_new();
	test_grow();
	test_overflow();
	return tap_done();
}
