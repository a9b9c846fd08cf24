/* SPDX-License-Identifier: ISC */
#include "engine/uapi_dialog.h"

#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

_Static_assert(UAPI_INPUT_SIZE > UAPI_LINE_MAX + 1, "a line and its end fit into the input");

/* What the protocol, which knows errno only, says for an error of ours. */
static const struct {
	enum error code;
	int number;
} errnos[] = {
	{ERR_TRUNCATED, EPROTO},
	{ERR_TRAILING, EPROTO},
	{ERR_SYNTAX, EINVAL},
	{ERR_RANGE, EINVAL},
	{ERR_KEY, EINVAL},
	{ERR_WEAK_KEY, EINVAL},
	{ERR_AUTHENTICATION, EINVAL},
	{ERR_CRYPTO, EIO},
	{ERR_UNKNOWN_WORD, EINVAL},
	{ERR_NO_PRIVATE_KEY, EINVAL},
	{ERR_TIMESTAMPS, EIO},
};

/* The positive errno for a result. */
static int errno_of(int result)
{
	for (size_t i = 0; i < ARRAY_LENGTH(errnos); i++) {
		if (errnos[i].code == result)
			return errnos[i].number;
	}
	if (result >= 0)
		return 0;
	return result > -1000 ? -result : EIO;
}

void uapi_dialog_init(struct uapi_dialog *dialog, struct engine *engine)
{
	*dialog = (struct uapi_dialog){.engine = engine};
	uapi_set_init(&dialog->set);
}

void uapi_dialog_done(struct uapi_dialog *dialog)
{
	uapi_set_done(&dialog->set);
	bytes_wipe(dialog, sizeof *dialog);
}

char *uapi_dialog_room(struct uapi_dialog *dialog, size_t *ret_size)
{
	*ret_size = sizeof dialog->input - dialog->filled;
	return dialog->input + dialog->filled;
}

void uapi_dialog_received(struct uapi_dialog *dialog, size_t size)
{
	assert(size <= sizeof dialog->input - dialog->filled);
	dialog->filled += size;
}

const char *uapi_dialog_complaint(const struct uapi_dialog *dialog)
{
	return dialog->set.complaint;
}

/* Keeps the first thing that is wrong with a request. */
static void fail(struct uapi_dialog *dialog, int result, const char *words)
{
	if (dialog->result < 0)
		return;
	dialog->result = result;
	(void)snprintf(dialog->set.complaint, sizeof dialog->set.complaint, "%s: %s", words,
		err_str(result)); /* cut is fine */
}

/* Ends the answer and the request; what it amounted to is freed. */
static void finish(struct uapi_dialog *dialog, struct uapi_text *answer)
{
	/* Negative, whatever the specification's words: wg(8) has strerror(-errno) of it. */
	uapi_text_add(answer, "errno=%d\n\n", -errno_of(dialog->result));
	engine_change_done(&dialog->set.change);
	dialog->request = UAPI_REQUEST_NONE;
}

/* Answers what cannot be read any further. */
static enum uapi_step give_up(
	struct uapi_dialog *dialog, int result, const char *words, struct uapi_text *answer)
{
	fail(dialog, result, words);
	finish(dialog, answer);
	return UAPI_STEP_LAST_ANSWER;
}

/* Starts from nothing with each request. */
static void begin(struct uapi_dialog *dialog, enum uapi_request request)
{
	uapi_set_done(&dialog->set);
	uapi_set_init(&dialog->set);
	dialog->result = 0;
	dialog->request = request;
}

static bool is_word(const char *line, size_t size, const char *word)
{
	return size == strlen(word) && memcmp(line, word, size) == 0;
}

/* The first line of a request; anything else cannot be told from the middle of one. */
static enum uapi_step take_operation(
	struct uapi_dialog *dialog, const char *line, size_t size, struct uapi_text *answer)
{
	if (is_word(line, size, "get=1")) {
		begin(dialog, UAPI_REQUEST_GET);
		return UAPI_STEP_MORE;
	}
	if (is_word(line, size, "set=1")) {
		begin(dialog, UAPI_REQUEST_SET);
		return UAPI_STEP_MORE;
	}
	begin(dialog, UAPI_REQUEST_NONE);
	return give_up(dialog, -EPROTO, "a request begins with neither get=1 nor set=1", answer);
}

static enum uapi_step take_get_line(
	struct uapi_dialog *dialog, size_t size, struct uapi_text *answer)
{
	if (size > 0) {
		fail(dialog, -EINVAL, "get: something follows it");
		return UAPI_STEP_MORE;
	}
	if (dialog->result == 0)
		uapi_get(dialog->engine, answer);
	finish(dialog, answer);
	return UAPI_STEP_ANSWER;
}

/* After a line that is wrong the rest is read, so that whoever sends it comes to hear of it. */
static enum uapi_step take_set_line(
	struct uapi_dialog *dialog, const char *line, size_t size, struct uapi_text *answer)
{
	if (size > 0) {
		if (dialog->result == 0)
			dialog->result = uapi_set_line(&dialog->set, line, size);
		return UAPI_STEP_MORE;
	}
	int result = dialog->result < 0 ? 0 : engine_configure(dialog->engine, &dialog->set.change);
	if (result < 0)
		fail(dialog, result, "cannot be applied");
	finish(dialog, answer);
	return UAPI_STEP_ANSWER;
}

static enum uapi_step take_line(
	struct uapi_dialog *dialog, const char *line, size_t size, struct uapi_text *answer)
{
	switch (dialog->request) {
	case UAPI_REQUEST_NONE:
		return take_operation(dialog, line, size, answer);
	case UAPI_REQUEST_GET:
		return take_get_line(dialog, size, answer);
	case UAPI_REQUEST_SET:
		return take_set_line(dialog, line, size, answer);
	}
	return give_up(dialog, -EPROTO, "no such request", answer);
}

/* Forgets the first `taken` bytes of the input. */
static void forget(struct uapi_dialog *dialog, size_t taken)
{
	size_t left = dialog->filled - taken;

	memmove(dialog->input, dialog->input + taken, left);
	bytes_wipe(dialog->input + left, taken);
	dialog->filled = left;
}

enum uapi_step uapi_dialog_step(struct uapi_dialog *dialog, struct uapi_text *answer)
{
	enum uapi_step step = UAPI_STEP_MORE;
	size_t taken = 0;

	while (step == UAPI_STEP_MORE && taken < dialog->filled) {
		const char *line = dialog->input + taken;
		size_t left = dialog->filled - taken;
		const char *end = memchr(line, '\n', left);
		size_t size = end ? (size_t)(end - line) : left;
		if (size > UAPI_LINE_MAX) {
			taken = dialog->filled;
			step = give_up(dialog, -EMSGSIZE, "a line is too long", answer);
		} else if (end) {
			taken += size + 1;
			step = take_line(dialog, line, size, answer);
		} else {
			break;
		}
	}
	forget(dialog, taken);
	return step;
}
