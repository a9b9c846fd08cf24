/* SPDX-License-Identifier: ISC */
#include "prover/run.h"

#include "base/clock.h"
#include "base/memory.h"
#include "prover/attribution.h"
#include "prover/scan.h"
#include "prover/wire.h"

#include <errno.h>
#include <stdlib.h>

enum {
	CHUNK = 256,	   /* frames that are made at once */
	MEMORY = 1024,	   /* hashes of our last frames: how far the capture may be behind */
	BASELINE_MS = 500, /* of listening before anything is sent */
	SETTLE_MS = 1000,  /* for the last answers */
	AFTER_MS = 500,
	TRIES_MAX = 200, /* to send one frame while the interface's queue is full, 1 ms apart */
};

struct run {
	struct proof *proof;
	struct wire *wire;
	const struct recorded *recorded;
	run_progress *progress;
	void *context;
	size_t done, total;
	uint64_t next_ns;		     /* when the next frame may be sent, by the rate */
	uint64_t quiet_ns[ADDRESS_IPV6 + 1]; /* and by the pace, of a family */
	uint64_t patient_ns;		     /* when the last patient one was sent */
	const struct stimulus *last;
	struct proof_scan *scan; /* what runs now: answers are its */
	uint64_t memory[MEMORY];
	size_t remembered;
	struct packet chunk[CHUNK];
	int error; /* the first of the wire's */
};

static uint64_t now_ns(void)
{
	return clock_now().monotonic_ns;
}

/* FNV-1a over what the capture keeps. */
static uint64_t hash(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0xcbf29ce484222325;

	for (size_t i = 0; i < size; i++)
		value = (value ^ bytes[i]) * 0x100000001b3;
	return value;
}

/* ---- what is seen ---- */

/* One of our own frames passed: was it one of ours indeed? */
static void see_own(struct run *run, const struct wire_frame *frame)
{
	uint64_t value = hash(frame->bytes, frame->size);
	size_t count = run->remembered < MEMORY ? run->remembered : MEMORY;

	for (size_t i = 1; i <= count; i++) {
		size_t at = (run->remembered - i) % MEMORY;
		if (run->memory[at] != value)
			continue;
		run->memory[at] = 0;
		run->proof->seen++;
		return;
	}
}

static void keep(
	const struct wire_frame *frame, const struct answer *answer, struct proof_frame *ret_frame)
{
	*ret_frame = (struct proof_frame){.answer = *answer, .wire_size = frame->wire_size};
	ret_frame->size = frame->size < PROOF_BYTES ? frame->size : PROOF_BYTES;
	memcpy(ret_frame->bytes, frame->bytes, ret_frame->size);
}

/* Counts what is of no stimulus, once for each text. */
static void keep_stray(struct run *run, const struct wire_frame *frame, const struct answer *answer,
	struct proof_stray *strays, size_t *count)
{
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(strays[i].frame.answer.text, answer->text) == 0) {
			strays[i].count++;
			return;
		}
	}
	if (*count == PROOF_STRAYS_MAX)
		return;
	struct proof_stray *stray = &strays[(*count)++];
	keep(frame, answer, &stray->frame);
	stray->after = run->last;
	stray->count = 1;
}

static void see_target(struct run *run, const struct wire_frame *frame, const struct answer *answer,
	uint64_t at_ns)
{
	struct proof *proof = run->proof;

	proof->heard++;
	if (answer->kind == ANSWER_ERROR)
		run->quiet_ns[answer->source.family] =
			at_ns + (uint64_t)proof->options.pace_ms * NS_PER_MS;
	if (run->scan && answer->kind != ANSWER_SEEKS) {
		if (run->scan->answers++ == 0)
			keep(frame, answer, &run->scan->first);
		return;
	}
	struct attribution found = attribution_find(proof, answer, at_ns);
	if (!found.row) {
		keep_stray(run, frame, answer, proof->strays, &proof->stray_count);
		return;
	}
	struct proof_cell *cell = &found.row->cells[found.arm];
	if (cell->answers++ > 0)
		return;
	keep(frame, answer, &cell->first);
	cell->first.is_by_time = found.is_by_time;
	cell->first.after_ns = at_ns - cell->sent_ns;
}

static void see(struct run *run, const struct wire_frame *frame)
{
	struct answer answer;

	if (frame->is_ours) {
		see_own(run, frame);
		return;
	}
	answer_read(frame->bytes, frame->size, &answer);
	switch (attribution_who(run->proof, frame->bytes, frame->size, &answer)) {
	case ATTRIBUTION_TARGET:
		see_target(run, frame, &answer, now_ns());
		return;
	case ATTRIBUTION_ROUTER:
		keep_stray(run, frame, &answer, run->proof->routers, &run->proof->router_count);
		return;
	case ATTRIBUTION_OTHER:
		return;
	}
}

/* Sees all that has passed. */
static void drain(struct run *run)
{
	struct wire_frame frame;
	int result;

	while ((result = wire_next(run->wire, &frame)) == 1)
		see(run, &frame);
	if (result < 0 && run->error == 0)
		run->error = result;
	run->proof->lost += wire_lost(run->wire);
}

/* Sees what passes until then. */
static void watch(struct run *run, uint64_t until_ns)
{
	for (;;) {
		drain(run);
		uint64_t now = now_ns();
		if (now >= until_ns || run->error < 0)
			return;
		wire_wait(run->wire, (unsigned)((until_ns - now) / NS_PER_MS + 1));
	}
}

static void watch_ms(struct run *run, unsigned ms)
{
	watch(run, now_ns() + (uint64_t)ms * NS_PER_MS);
}

/* ---- what is sent ---- */

static void transmit(struct run *run, const struct packet *packet)
{
	int err = wire_send(run->wire, packet);

	for (int i = 0; i < TRIES_MAX && (err == -ENOBUFS || err == -EAGAIN); i++) {
		watch_ms(run, 1);
		err = wire_send(run->wire, packet);
	}
	if (err < 0 && run->error == 0)
		run->error = err;
	if (err < 0)
		return;
	run->memory[run->remembered++ % MEMORY] = hash(packet->bytes, packet->size);
	run->proof->sent++;
}

/* Waits for its turn, by rate and pace. */
static void await_turn(struct run *run, uint8_t family)
{
	watch(run, run->next_ns);
	while (run->quiet_ns[family] > now_ns() && run->error == 0)
		watch(run, run->quiet_ns[family]);
	run->next_ns = now_ns() + NS_PER_S / run->proof->options.rate;
}

/* How many frames a stimulus is at a time. */
static unsigned frames_of(const struct proof *proof, const struct stimulus *stimulus)
{
	return stimulus->flags & (STIMULUS_BURST | STIMULUS_REPEAT) ? proof->options.burst : 1;
}

/* Frames of one stimulus, made before the first is sent: a burst is as fast as it can be. */
static void send_chunk(struct run *run, const struct stimulus *stimulus, struct craft *craft,
	struct proof_cell *cell, unsigned count)
{
	uint32_t serial = craft->serial;

	for (unsigned i = 0; i < count; i++) {
		craft_frame(&run->proof->scene, stimulus, craft, &run->chunk[i]);
		if (!(stimulus->flags & STIMULUS_REPEAT))
			craft->serial = ++serial;
	}
	for (unsigned i = 0; i < count && run->error == 0; i++) {
		cell->sent_ns = now_ns();
		cell->sent++;
		transmit(run, &run->chunk[i]);
		run->done++;
	}
	drain(run);
}

/* Sends one stimulus to one arm. */
static void send_one(struct run *run, size_t index, enum proof_arm arm, unsigned round)
{
	struct proof *proof = run->proof;
	const struct stimulus *stimulus = proof->rows[index].stimulus;
	struct proof_cell *cell = &proof->rows[index].cells[arm];

	const struct recorded_message *message = recorded_at(run->recorded, stimulus->size, round);
	struct craft craft = {.tag = attribution_tag(index, arm),
		.port = arm == PROOF_PORT ? proof->scene.port : proof->scene.control_port,
		.serial = round << 16};
	if (stimulus->make == STIMULUS_RECORDED && message) {
		craft.record = message->at;
		craft.record_size = message->size;
	}
	await_turn(run, stimulus->family);
	run->last = stimulus;
	for (unsigned left = frames_of(proof, stimulus); left > 0 && run->error == 0;) {
		unsigned count = left < CHUNK ? left : CHUNK;
		send_chunk(run, stimulus, &craft, cell, count);
		left -= count;
	}
	if (stimulus->flags & STIMULUS_PATIENT)
		run->patient_ns = cell->sent_ns;
}

/* Bursts are sent once; what was answered is not asked again. */
static bool is_due(const struct proof_row *row, enum proof_arm arm, unsigned round)
{
	if (row->result != CRAFT_OK || (arm == PROOF_CONTROL && !stimulus_is_aimed(row->stimulus)))
		return false;
	if (row->stimulus->flags & (STIMULUS_BURST | STIMULUS_REPEAT | STIMULUS_AFTER))
		return round == 0;
	return row->cells[arm].answers == 0;
}

/* One round over those that are patient, or over those that are not. */
static void send_round(struct run *run, bool are_patient, unsigned round)
{
	struct proof *proof = run->proof;

	for (size_t i = 0; i < proof->row_count && run->error == 0; i++) {
		struct proof_row *row = &proof->rows[i];
		bool is_patient = row->stimulus->flags & STIMULUS_PATIENT;
		if (is_patient != are_patient)
			continue;
		if (row->stimulus->flags & STIMULUS_AFTER && is_due(row, PROOF_PORT, round))
			watch_ms(run, AFTER_MS);
		for (unsigned arm = 0; arm < PROOF_ARMS; arm++) {
			/* every other round the control goes first */
			enum proof_arm turn = (arm + round) % PROOF_ARMS;
			if (is_due(row, turn, round))
				send_one(run, i, turn, round);
		}
		run->progress(
			run->context, are_patient ? "fragments" : "stimuli", run->done, run->total);
	}
}

/* Waits for those that may take a minute. */
static void be_patient(struct run *run)
{
	uint64_t settle_ns = now_ns() + (uint64_t)SETTLE_MS * NS_PER_MS;
	uint64_t until_ns = run->patient_ns + (uint64_t)run->proof->options.patience_s * NS_PER_S;

	if (run->patient_ns == 0 || until_ns < settle_ns)
		until_ns = settle_ns;
	while (now_ns() < until_ns && run->error == 0) {
		uint64_t left_s = (until_ns - now_ns()) / NS_PER_S;
		run->progress(run->context, "patience (seconds left)", (size_t)left_s, 0);
		uint64_t step_ns = now_ns() + NS_PER_S;
		watch(run, step_ns < until_ns ? step_ns : until_ns);
	}
}

/* ---- other programs ---- */

static void run_scan(struct run *run, size_t index)
{
	struct proof *proof = run->proof;
	struct proof_scan *row = &proof->scans[proof->scan_count];
	struct scan *scan = memory_new(1, sizeof *scan);

	int result = scan_start(proof, index, row, scan);
	if (result < 0 && run->error == 0)
		run->error = result;
	if (result >= 0)
		proof->scan_count++;
	if (result == 1) {
		uint64_t end_ns = now_ns() + (uint64_t)scan->seconds * NS_PER_S;
		run->scan = row;
		while (scan_go_on(scan) && now_ns() < end_ns && run->error == 0)
			watch_ms(run, 20);
		scan_end(scan, proof);
		watch_ms(run, 200);
		run->scan = NULL;
	}
	free(scan);
}

static void run_scans(struct run *run)
{
	size_t count = scan_count(run->proof);

	for (size_t i = 0; i < count && i < PROOF_SCANS_MAX && run->error == 0; i++) {
		run->progress(run->context, "other programs", i, count);
		run_scan(run, i);
	}
}

/* ---- all of it ---- */

/* Frames that a silent host is sent. */
static size_t count_frames(const struct proof *proof)
{
	size_t count = 0;

	for (size_t i = 0; i < proof->row_count; i++) {
		const struct proof_row *row = &proof->rows[i];
		for (unsigned round = 0; round < proof->options.times; round++) {
			for (unsigned arm = 0; arm < PROOF_ARMS; arm++) {
				if (is_due(row, arm, round))
					count += frames_of(proof, row->stimulus);
			}
		}
	}
	return count;
}

static void skip_unrecorded(struct run *run)
{
	for (size_t i = 0; i < run->proof->row_count; i++) {
		struct proof_row *row = &run->proof->rows[i];
		if (row->stimulus->make == STIMULUS_RECORDED && row->result == CRAFT_OK &&
			!recorded_at(run->recorded, row->stimulus->size, 0))
			row->result = CRAFT_NO_RECORD;
	}
}

unsigned run_seconds(const struct proof *proof)
{
	unsigned sending = (unsigned)(count_frames(proof) / proof->options.rate);

	return sending > proof->options.patience_s ? sending : proof->options.patience_s;
}

static void run_all(struct run *run)
{
	const struct proof_options *options = &run->proof->options;

	skip_unrecorded(run);
	run->total = count_frames(run->proof);
	watch_ms(run, BASELINE_MS);
	for (unsigned round = 0; round < options->times; round++)
		send_round(run, true, round);
	for (unsigned round = 0; round < options->times; round++)
		send_round(run, false, round);
	be_patient(run);
	if (options->has_scanners)
		run_scans(run);
	drain(run);
}

int run_proof(
	struct proof *proof, const struct recorded *recorded, run_progress *progress, void *context)
{
	struct run *run = memory_new(1, sizeof *run);
	struct moment began = clock_now();

	run->proof = proof;
	run->recorded = recorded;
	run->progress = progress;
	run->context = context;
	int err = wire_open(&proof->scene, &run->wire);
	if (err == 0) {
		run_all(run);
		wire_close(run->wire);
		err = run->error;
	}
	proof->started_s = began.realtime_ns / NS_PER_S;
	proof->took_ns = now_ns() - began.monotonic_ns;
	free(run);
	return err;
}
