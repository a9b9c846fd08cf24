/* SPDX-License-Identifier: ISC */
#include "client/asker.h"

#include "base/memory.h"
#include "control/caller.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	PATH_SIZE = 128,
	CONNECT_MS = 2500, /* three round trips, a handshake among them */
};

struct asker {
	struct asker_config config;
	struct caller *caller;
	uv_work_t work;
	bool is_asking;
	bool is_answering;	 /* within answered() */
	bool is_forgotten;	 /* nobody wants to know */
	atomic_bool is_canceled; /* no more than a hint to the thread: nothing is ordered by it */

	/* written before the work is queued and after it is done: libuv's queue orders that */
	char path[PATH_SIZE];
	uint32_t total_ms;
	int err;
	json_t *json;
	struct problem problem;
};

int asker_new(const struct asker_config *config, struct asker **ret_asker)
{
	struct asker *asker = memory_new(1, sizeof *asker);

	asker->config = *config;
	asker->work.data = asker;
	int err = caller_new_tunnel(
		&config->address, config->port, config->interface, &asker->caller);
	if (err < 0) {
		free(asker);
		return err;
	}
	*ret_asker = asker;
	return 0;
}

static void release(struct asker *asker)
{
	caller_free(asker->caller);
	free(asker);
}

/* On a thread of the pool. */
static void ask(uv_work_t *work)
{
	struct asker *asker = work->data;
	const struct caller_request request = {
		.method = "GET",
		.path = asker->path,
		.connect_ms = CONNECT_MS,
		.total_ms = asker->total_ms,
	};

	asker->err = atomic_load(&asker->is_canceled)
			     ? -ECANCELED
			     : caller_ask(asker->caller, &request, &asker->json, &asker->problem);
}

static void is_asked(uv_work_t *work, int status)
{
	struct asker *asker = work->data;
	json_t *json = asker->json;

	asker->json = NULL;
	asker->is_asking = false;
	asker->is_answering = true;
	if (!asker->is_forgotten)
		asker->config.answered(asker->config.context,
			status == UV_ECANCELED ? -ECANCELED : asker->err, json, &asker->problem);
	asker->is_answering = false;
	json_decref(json);
	if (asker->is_forgotten && !asker->is_asking)
		release(asker);
}

int asker_ask(struct asker *asker, const struct asker_question *question)
{
	assert(!asker->is_asking);
	int size = snprintf(asker->path, sizeof asker->path, "%s", asker->config.path);
	if (question->version)
		size += snprintf(asker->path + size, sizeof asker->path - (size_t)size,
			"?version=%" PRIu64 "&wait=%" PRIu32, question->version, question->wait_s);
	if (question->version && question->in_force)
		size += snprintf(asker->path + size, sizeof asker->path - (size_t)size,
			"&in_force=%" PRIu64, question->in_force);
	if (question->says_knock)
		(void)snprintf(asker->path + size, sizeof asker->path - (size_t)size, "%cknock=%u",
			question->version ? '&' : '?', question->knock); /* all of it fits */
	asker->total_ms = question->total_ms;
	asker->err = 0;
	atomic_store(&asker->is_canceled, false);
	int err = uv_queue_work(asker->config.loop, &asker->work, ask, is_asked);
	asker->is_asking = err == 0;
	return err;
}

void asker_cancel(struct asker *asker)
{
	if (!asker->is_asking)
		return;
	atomic_store(&asker->is_canceled, true);
	if (uv_cancel((uv_req_t *)&asker->work) != 0)
		caller_cancel(asker->caller); /* the thread has it */
}

void asker_free(struct asker *asker)
{
	if (!asker)
		return;
	asker->is_forgotten = true;
	if (asker->is_asking)
		asker_cancel(asker);
	else if (!asker->is_answering)
		release(asker);
}
