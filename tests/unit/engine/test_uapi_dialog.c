/* SPDX-License-Identifier: ISC */
#include "tap.h"

#include "engine/uapi_dialog.h"
#include "fake_engine.h"

#include <errno.h>
#include <stdlib.h>

#define KEY_A "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
#define KEY_B "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define SYNTAX "it is not written as expected"

static void test_text(void)
{
	struct uapi_text text = {0};

	for (size_t i = 0; i < 100000; i++)
		uapi_text_add(&text, "%08zu\n", i);
	tap_is_int((intmax_t)text.size, 900000, "a text grows");
	tap_ok(memcmp(text.at, "00000000\n", 9) == 0, "keeps its beginning");
	tap_ok(memcmp(text.at + text.size - 9, "00099999\n", 9) == 0, "and its end");
	uapi_text_done(&text);
	tap_ok(!text.at && text.size == 0, "and is empty when done");
}

/* Whether the text is just this. */
static bool text_is(const struct uapi_text *text, const char *wanted)
{
	bool held = text->size == strlen(wanted) &&
		    (text->size == 0 || memcmp(text->at, wanted, text->size) == 0);

	if (!held)
		printf("# got: %.*s\n", (int)text->size, text->at ? text->at : "");
	return held;
}

static const char request[] = "set=1\nprivate_key=" KEY_A "\nlisten_port=51820\nfwmark=51\n"
			      "replace_peers=true\npublic_key=" KEY_B "\npreshared_key=" KEY_A
			      "\nendpoint=[2001:db8::1]:7\npersistent_keepalive_interval=25\n"
			      "replace_allowed_ips=true\nallowed_ip=10.0.0.0/8\n"
			      "allowed_ip=fd00::/8\npublic_key=" KEY_A "\n\n";

static const char answer[] =
	"private_key=" KEY_A "\nlisten_port=51820\nfwmark=51\npublic_key=" KEY_B
	"\npreshared_key=" KEY_A "\nprotocol_version=1\nendpoint=[2001:db8::1]:7\n"
	"last_handshake_time_sec=1700000000\nlast_handshake_time_nsec=123456789\n"
	"tx_bytes=18446744073709551615\nrx_bytes=2\npersistent_keepalive_interval=25\n"
	"allowed_ip=10.0.0.0/8\nallowed_ip=fd00::/8\npublic_key=" KEY_A "\npreshared_key=" ZEROS
	"\nprotocol_version=1\nlast_handshake_time_sec=0\nlast_handshake_time_nsec=0\n"
	"tx_bytes=0\nrx_bytes=0\npersistent_keepalive_interval=0\nerrno=0\n\n";

/* Hands bytes over in pieces; all answers are appended. The last step. */
static enum uapi_step say(
	struct uapi_dialog *dialog, const char *bytes, size_t size, struct uapi_text *answers)
{
	enum uapi_step step = UAPI_STEP_MORE;

	while (size > 0) {
		size_t room;
		char *to = uapi_dialog_room(dialog, &room);
		size_t piece = size < room ? size : room;
		memcpy(to, bytes, piece);
		uapi_dialog_received(dialog, piece);
		bytes += piece;
		size -= piece;
		do
			step = uapi_dialog_step(dialog, answers);
		while (step == UAPI_STEP_ANSWER);
		if (step == UAPI_STEP_LAST_ANSWER)
			return step;
	}
	return step;
}

static void test_dialog(void)
{
	struct engine engine = {0};
	struct uapi_text text = {0};
	struct uapi_dialog *dialog = malloc(sizeof *dialog);

	uapi_dialog_init(dialog, &engine);
	(void)say(dialog, "get=1\n\n", 7, &text);
	tap_ok(text_is(&text, "errno=0\n\n"), "an engine without anything");
	uapi_text_done(&text);
	(void)say(dialog, request, sizeof request - 1, &text);
	tap_ok(text_is(&text, "errno=0\n\n"), "set");
	uapi_text_done(&text);
	struct fake_peer *peer = engine.peers[0];
	peer->last_handshake_ns = 1700000000123456789;
	peer->tx_bytes = UINT64_MAX;
	peer->rx_bytes = 2;
	(void)say(dialog, "get=1\n\n", 7, &text);
	tap_ok(text_is(&text, answer), "get gives all of it, in order");
	uapi_text_done(&text);
	uapi_dialog_done(dialog);
	free(dialog);
	fake_engine_done(&engine);
}

static void test_split(void)
{
	bool held = true;

	for (size_t at = 0; at < sizeof request; at++) {
		struct engine engine = {0};
		struct uapi_text text = {0};
		struct uapi_dialog dialog;

		uapi_dialog_init(&dialog, &engine);
		(void)say(&dialog, request, at, &text);
		held &= text.size == 0 || at == sizeof request - 1;
		(void)say(&dialog, request + at, sizeof request - 1 - at, &text);
		held &= text_is(&text, "errno=0\n\n") && engine.configured == 1 &&
			engine.peer_count == 2;
		uapi_text_done(&text);
		uapi_dialog_done(&dialog);
		fake_engine_done(&engine);
	}
	tap_ok(held, "a request cut in two at every byte");
}

struct dialog_row {
	const char *name;
	const char *requests;
	const char *answers;
	enum uapi_step step;
	unsigned configured; /* times */
	const char *complaint;
};

#define OK "errno=0\n\n"
#define INVALID "errno=-22\n\n"
#define PROTOCOL "errno=-71\n\n"
#define NO_REQUEST "a request begins with neither get=1 nor set=1: Protocol error"

static const struct dialog_row dialog_rows[] = {
	{"a set of nothing", "set=1\n\n", OK, UAPI_STEP_MORE, 1, ""},
	{"three requests at once", "set=1\n\nget=1\n\nset=1\nfwmark=0\n\n", OK OK OK,
		UAPI_STEP_MORE, 2, ""},
	{"a wrong line voids the whole", "set=1\nfwmark=7\nfwmark=x\nfwmark=y\n\n", INVALID,
		UAPI_STEP_MORE, 0, "line 2: fwmark: x: " SYNTAX},
	{"after it another request", "set=1\nfwmark=x\n\nget=1\n\n", INVALID OK, UAPI_STEP_MORE, 0,
		""},
	{"no equals sign", "set=1\nfwmark\n\n", PROTOCOL, UAPI_STEP_MORE, 0,
		"line 1: not written as key=value"},
	{"set without its end", "set=1\nfwmark=1\n", "", UAPI_STEP_MORE, 0, ""},
	{"get with something in it", "get=1\nfwmark=1\n\n", INVALID, UAPI_STEP_MORE, 0,
		"get: something follows it: Invalid argument"},
	{"another version", "get=2\n\n", PROTOCOL, UAPI_STEP_LAST_ANSWER, 0, NO_REQUEST},
	{"no operation", "fwmark=1\n\n", PROTOCOL, UAPI_STEP_LAST_ANSWER, 0, NO_REQUEST},
	{"an empty line", "\n", PROTOCOL, UAPI_STEP_LAST_ANSWER, 0, NO_REQUEST},
	{"an operation with more behind it", "get=1 \n\n", PROTOCOL, UAPI_STEP_LAST_ANSWER, 0,
		NO_REQUEST},
};

static void test_dialogs(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(dialog_rows); i++) {
		const struct dialog_row *row = &dialog_rows[i];
		struct engine engine = {0};
		struct uapi_text text = {0};
		struct uapi_dialog dialog;

		uapi_dialog_init(&dialog, &engine);
		enum uapi_step step = say(&dialog, row->requests, strlen(row->requests), &text);
		bool held = text_is(&text, row->answers) && step == row->step &&
			    engine.configured == row->configured &&
			    strcmp(uapi_dialog_complaint(&dialog), row->complaint) == 0;
		if (!tap_ok(held, row->name))
			printf("# %s\n", uapi_dialog_complaint(&dialog));
		uapi_text_done(&text);
		uapi_dialog_done(&dialog);
		fake_engine_done(&engine);
	}
}

/* A request of set with one line of `size` bytes, ended or not. */
static bool long_line(size_t size, bool is_ended, const char *wanted, enum uapi_step wanted_step)
{
	char bytes[6 + UAPI_LINE_MAX + 4] = "set=1\n";
	struct engine engine = {0};
	struct uapi_text text = {0};
	struct uapi_dialog dialog;

	memset(bytes + 6, 'x', size);
	memcpy(bytes + 6 + size, "\n\n", 2);
	uapi_dialog_init(&dialog, &engine);
	enum uapi_step step = say(&dialog, bytes, 6 + size + (is_ended ? 2 : 0), &text);
	bool held = step == wanted_step && text_is(&text, wanted);
	uapi_text_done(&text);
	uapi_dialog_done(&dialog);
	return held;
}

static void test_dialog_line_limit(void)
{
	static const char too_long[] = "errno=-90\n\n";

	tap_ok(long_line(UAPI_LINE_MAX, true, PROTOCOL, UAPI_STEP_MORE), "a line of the limit");
	tap_ok(long_line(UAPI_LINE_MAX, false, "", UAPI_STEP_MORE), "it waits for its end");
	tap_ok(long_line(UAPI_LINE_MAX + 1, true, too_long, UAPI_STEP_LAST_ANSWER),
		"a line above the limit");
	tap_ok(long_line(UAPI_LINE_MAX + 1, false, too_long, UAPI_STEP_LAST_ANSWER),
		"it is not waited for");
}

static void test_refused_by_engine(void)
{
	static const struct {
		int result;
		const char *answer;
	} rows[] = {
		{-EADDRINUSE, "errno=-98\n\n"},
		{-1007, INVALID},
		{-1008, "errno=-5\n\n"},
		{-1999, "errno=-5\n\n"},
		{-1001, PROTOCOL},
		{-1010, INVALID},
		{-1011, "errno=-5\n\n"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct engine engine = {.result = rows[i].result};
		struct uapi_text text = {0};
		struct uapi_dialog dialog;
		char name[64];

		uapi_dialog_init(&dialog, &engine);
		(void)say(&dialog, "set=1\n\n", 7, &text);
		(void)snprintf(name, sizeof name, "the engine says %d", rows[i].result);
		tap_ok(text_is(&text, rows[i].answer), name);
		tap_ok(strncmp(uapi_dialog_complaint(&dialog), "cannot be applied: ", 19) == 0,
			"and a person hears of it");
		uapi_text_done(&text);
		uapi_dialog_done(&dialog);
	}
}

static void test_dialog_wiped(void)
{
	struct engine engine = {0};
	struct uapi_text text = {0};
	static const struct uapi_dialog zero;
	struct uapi_dialog dialog;

	uapi_dialog_init(&dialog, &engine);
	(void)say(&dialog, request, sizeof request - 1, &text);
	tap_ok(memcmp(dialog.input, zero.input, sizeof dialog.input) == 0,
		"what was understood is wiped");
	tap_ok(!dialog.set.change.peers && !dialog.set.change.sets_private_key,
		"and what it amounted to");
	uapi_dialog_done(&dialog);
	tap_ok(memcmp(&dialog, &zero, sizeof dialog) == 0, "a dialog that is done is all zero");
	uapi_text_done(&text);
	fake_engine_done(&engine);
}

int main(void)
{
	test_text();
	test_dialog();
	test_split();
	test_dialogs();
	test_dialog_line_limit();
	test_refused_by_engine();
	test_dialog_wiped();
	return tap_done();
}
