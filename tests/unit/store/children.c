/* SPDX-License-Identifier: ISC */
#include "children.h"

#include "store_lab.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits until the other end of the pipe is closed. */
static void await(const int gate[2])
{
	char byte;

	lab_must(close(gate[1]) == 0, "close");
	lab_must(read(gate[0], &byte, 1) == 0, "wait for the others");
}

void children_run(int count, children_work *work, void *context, int ret_results[])
{
	pid_t children[CHILDREN_MOST];
	int gate[2], status;

	lab_must(count <= CHILDREN_MOST && pipe(gate) == 0, "make a gate");
	(void)fflush(stdout); /* or the children say it again */
	for (int i = 0; i < count; i++) {
		children[i] = fork();
		lab_must(children[i] >= 0, "fork");
		if (children[i] == 0) {
			await(gate);
			_exit(work(context, i));
		}
	}
	lab_must(close(gate[0]) == 0 && close(gate[1]) == 0, "open the gate");
	for (int i = 0; i < count; i++) {
		lab_must(waitpid(children[i], &status, 0) == children[i], "wait");
		ret_results[i] = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	}
}
