/* SPDX-License-Identifier: ISC */
#include "prover/thorough.h"

#include "base/clock.h"
#include "base/memory.h"
#include "prover/craft.h"
#include "prover/dice.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum {
	WARM_UP = 5,		  /* blocks that do not count */
	GAP_LEAST_US = 500,	  /* between trials, and up to three times as much more */
	GAP_PER_DATAGRAM_US = 20, /* at most, so that what was sent has been dealt with */
	LISTEN_US = 2000,	  /* for answers, where there is no companion */
	SETTLE_US = 150,	  /* for answers that are behind the companion's */
	NS_PER_US = 1000,
	GOOD_SHARE = 95, /* percent of probes that have to be answered while nothing goes on */
	TRIAL_US = 1900, /* about, without what a datagram takes */
	DATAGRAM_US = 14,
	SLOTS_MAX = THOROUGH_CELLS_MAX * TRIAL_ARMS,
};

/* One cell at one arm. */
struct slot {
	struct thorough_cell *cell;
	enum trial_arm arm;
};

struct runner {
	struct thorough *thorough;
	struct wire *wire;
	const struct recorded *recorded;
	struct companion_asker askers[THOROUGH_COMPANIONS_MAX];
	struct companion_asker *asker; /* of the trial */
	struct trial *trial;	       /* that runs: what is seen is its; NULL: nobody's */
	struct packet frames[TRIAL_COUNT_MAX];
	struct slot slots[SLOTS_MAX];
	size_t slot_count;
	uint64_t dice;
	uint32_t frame_serial;
	uint16_t serial;		/* of the last probe */
	uint64_t asked_ns, answered_ns; /* when it passed; 0: not yet */
	uint16_t answer_id;
	int error;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* it is always there */
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* ---- what is seen ---- */

/* By its link address where no router is between. */
static bool is_of_target(const struct runner *runner, const struct wire_frame *frame,
	const struct sighting *sighting)
{
	const struct scene_path *path = runner->asker->path;

	if (!path->is_on_link || frame->size < PACKET_LINK_SIZE)
		return address_equal(&sighting->source, &path->target);
	return memcmp(frame->bytes + SCENE_MAC_SIZE, path->hop, SCENE_MAC_SIZE) == 0;
}

/* Whether it answers one of the datagrams themselves. */
static bool is_reply(const struct sighting *sighting)
{
	return companion_is_other(sighting->is_error ? sighting->quoted_from : sighting->to);
}

static void see(struct runner *runner, const struct wire_frame *frame)
{
	struct sighting sighting;

	sighting_read(frame->bytes, frame->size, &sighting);
	if (frame->is_ours) {
		if (runner->asked_ns == 0 &&
			companion_is_question(runner->asker, &sighting, runner->serial))
			runner->asked_ns = frame->at_ns;
		return;
	}
	if (runner->asked_ns != 0 && runner->answered_ns == 0 &&
		companion_is_answer(runner->asker, &sighting, runner->serial)) {
		runner->answered_ns = frame->at_ns;
		runner->answer_id = sighting.identification;
		return;
	}
	if (!runner->trial || companion_is_ours(runner->asker, &sighting))
		return;
	if (is_reply(&sighting))
		runner->trial->answers++;
	else if (is_of_target(runner, frame, &sighting))
		runner->trial->chatter++;
}

static void drain(struct runner *runner)
{
	struct wire_frame frame;
	int result;

	while ((result = wire_next(runner->wire, &frame)) == 1)
		see(runner, &frame);
	if (result < 0 && runner->error == 0)
		runner->error = result;
}

static void watch_us(struct runner *runner, uint64_t us)
{
	uint64_t until_ns = now_ns() + us * NS_PER_US;

	for (;;) {
		drain(runner);
		uint64_t now = now_ns();
		if (now >= until_ns || runner->error < 0)
			return;
		wire_wait_ns(runner->wire, until_ns - now);
	}
}

/* ---- probes ---- */

/* The round trip of one probe in microseconds, by the kernel's times of its frames. */
static double probe(struct runner *runner)
{
	uint64_t until_ns = now_ns() + (uint64_t)(TRIAL_LOST_US * NS_PER_US);

	runner->serial++;
	runner->asked_ns = runner->answered_ns = 0;
	int err = companion_ask(runner->asker, runner->serial);
	if (err < 0 && err != -ENOBUFS && err != -EAGAIN && runner->error == 0)
		runner->error = err;
	while (runner->error == 0) {
		drain(runner);
		uint64_t now = now_ns();
		if (runner->answered_ns != 0 || now >= until_ns)
			break;
		wire_wait_ns(runner->wire, until_ns - now);
	}
	if (runner->answered_ns <= runner->asked_ns)
		return TRIAL_LOST_US;
	return (double)(runner->answered_ns - runner->asked_ns) / NS_PER_US;
}

/* All after the datagrams; once one is lost, those behind it count so as well. */
static void probe_after(struct runner *runner, struct trial *trial)
{
	trial->probes = TRIAL_PROBES;
	for (unsigned i = 0; i < TRIAL_PROBES; i++) {
		bool is_lost = i > 0 && trial->after_us[i - 1] >= TRIAL_LOST_US;
		trial->after_us[i] = is_lost ? TRIAL_LOST_US : probe(runner);
	}
	trial->id_after = runner->answer_id;
}

/* ---- the datagrams ---- */

static uint16_t port_of(const struct thorough *thorough, enum trial_arm arm)
{
	switch (arm) {
	case TRIAL_PORT:
		return thorough->scene.port;
	case TRIAL_CONTROL:
		return thorough->scene.control_port;
	case TRIAL_BLIND:
		return thorough->options.blind_port;
	case TRIAL_CLOSED:
	case TRIAL_ARMS:
		break;
	}
	return thorough->options.closed_port;
}

static void make_frames(struct runner *runner, const struct slot *slot)
{
	const struct stimulus stimulus =
		trial_stimulus(slot->cell->kind, runner->asker->path->target.family);
	const struct recorded_message *message =
		recorded_at(runner->recorded, stimulus.size, runner->frame_serial);
	struct craft craft = {.port = port_of(runner->thorough, slot->arm)};

	if (slot->cell->kind == TRIAL_REPLAY && message) {
		craft.record = message->at;
		craft.record_size = message->size;
	}
	for (unsigned i = 0; i < slot->cell->count; i++) {
		craft.tag = (uint16_t)(COMPANION_OTHERS_FIRST +
				       dice_below(&runner->dice, COMPANION_OTHERS));
		craft.serial = ++runner->frame_serial;
		craft_frame(&runner->thorough->scene, &stimulus, &craft, &runner->frames[i]);
	}
}

static void send_frames(struct runner *runner, unsigned count)
{
	int sent = wire_burst(runner->wire, runner->frames, count);

	if (sent >= 0)
		runner->thorough->datagrams += (unsigned)sent;
	else if (sent != -ENOBUFS && sent != -EAGAIN && runner->error == 0)
		runner->error = sent;
}

/* ---- trials ---- */

static void pause_between(struct runner *runner, unsigned count)
{
	uint64_t us = GAP_LEAST_US + dice_below(&runner->dice, 3 * GAP_LEAST_US);

	us += dice_below(&runner->dice, 1 + GAP_PER_DATAGRAM_US * count);
	watch_us(runner, us);
}

static void keep(struct thorough_sample *sample, const struct trial *trial)
{
	size_t at = sample->count++;

	trial_features(trial, sample->features + at * TRIAL_FEATURES);
	sample->first_us[at] = trial->probes > 0 ? trial->after_us[0] : 0;
	sample->answers += trial->answers;
	for (unsigned i = 0; i < trial->probes; i++)
		sample->lost += trial->after_us[i] >= TRIAL_LOST_US;
}

static void run_trial(struct runner *runner, const struct slot *slot, bool counts)
{
	struct thorough *thorough = runner->thorough;
	bool has_companion = slot->cell->companion->kind != COMPANION_NONE;
	struct trial trial = {0};

	runner->asker = &runner->askers[slot->cell->companion - thorough->options.companions];
	make_frames(runner, slot);
	pause_between(runner, slot->cell->count);
	runner->trial = &trial;
	if (has_companion) {
		trial.before_us = probe(runner);
		trial.id_before = runner->answer_id;
		thorough->probes++;
		thorough->answered += trial.before_us < TRIAL_LOST_US;
	}
	send_frames(runner, slot->cell->count);
	if (has_companion)
		probe_after(runner, &trial);
	watch_us(runner, has_companion ? SETTLE_US : LISTEN_US);
	runner->trial = NULL;
	if (counts && runner->error == 0)
		keep(&slot->cell->samples[slot->arm], &trial);
}

static void shuffle(struct runner *runner)
{
	for (size_t i = runner->slot_count; i > 1; i--) {
		size_t other = dice_below(&runner->dice, (uint32_t)i);
		struct slot slot = runner->slots[i - 1];
		runner->slots[i - 1] = runner->slots[other];
		runner->slots[other] = slot;
	}
}

static void run_blocks(struct runner *runner, run_progress *progress, void *context)
{
	unsigned trials = runner->thorough->options.trials;

	for (unsigned block = 0; block < trials + WARM_UP && runner->error == 0; block++) {
		shuffle(runner);
		progress(context, "blocks of trials", block, trials + WARM_UP);
		if (block == WARM_UP && !thorough_could_see(runner->thorough))
			return; /* nobody answers: it would take for ever, and prove nothing */
		for (size_t i = 0; i < runner->slot_count && runner->error == 0; i++)
			run_trial(runner, &runner->slots[i], block >= WARM_UP);
		runner->thorough->unseen += wire_lost(runner->wire);
	}
}

/* ---- all of it ---- */

static void fill_slots(struct runner *runner)
{
	struct thorough *thorough = runner->thorough;

	for (size_t i = 0; i < thorough->cell_count; i++) {
		for (unsigned arm = 0; arm < TRIAL_ARMS; arm++) {
			if (thorough_has_arm(thorough, arm))
				runner->slots[runner->slot_count++] =
					(struct slot){&thorough->cells[i], arm};
		}
	}
}

static int keep_to(int cpu)
{
	cpu_set_t cpus;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&cpus);
	CPU_SET((unsigned)cpu, &cpus);
	return sched_setaffinity(0, sizeof cpus, &cpus) < 0 ? -errno : 0;
}

/* Opens all that is needed; what was opened is closed by the caller, also after an error. */
static int open_all(struct runner *runner)
{
	struct thorough *thorough = runner->thorough;

	for (size_t i = 0; i < thorough->options.companion_count; i++)
		runner->askers[i].socket = -1;
	int err = keep_to(thorough->options.cpu);
	if (err == 0)
		err = wire_open(&thorough->scene, &runner->wire);
	for (size_t i = 0; i < thorough->options.companion_count && err == 0; i++)
		err = companion_open(&runner->askers[i], &thorough->options.companions[i],
			&thorough->scene, runner->wire);
	return err;
}

int thorough_run(struct thorough *thorough, const struct recorded *recorded, run_progress *progress,
	void *context)
{
	struct runner *runner = memory_new(1, sizeof *runner);
	struct moment began = clock_now();

	runner->thorough = thorough;
	runner->recorded = recorded;
	runner->dice = thorough->options.seed;
	fill_slots(runner);
	runner->error = open_all(runner);
	if (runner->error == 0)
		run_blocks(runner, progress, context);
	for (size_t i = 0; i < thorough->options.companion_count; i++)
		companion_close(&runner->askers[i]);
	wire_close(runner->wire);
	int err = runner->error;
	free(runner);
	thorough->started_s = began.realtime_ns / NS_PER_S;
	thorough->took_ns = clock_now().monotonic_ns - began.monotonic_ns;
	return err;
}

bool thorough_has_arm(const struct thorough *thorough, enum trial_arm arm)
{
	return arm != TRIAL_CLOSED || thorough->options.closed_port != 0;
}

unsigned thorough_seconds(const struct thorough *thorough)
{
	double us = 0;

	for (size_t i = 0; i < thorough->cell_count; i++)
		us += TRIAL_US + DATAGRAM_US * (double)thorough->cells[i].count;
	unsigned arms = thorough_has_arm(thorough, TRIAL_CLOSED) ? TRIAL_ARMS : TRIAL_ARMS - 1;
	return (unsigned)(us * arms * thorough->options.trials / 1e6);
}

bool thorough_could_see(const struct thorough *thorough)
{
	return thorough->answered * 100 >= thorough->probes * GOOD_SHARE;
}

static void add_cell(struct thorough *thorough, const struct companion *companion,
	enum trial_kind kind, unsigned count)
{
	struct thorough_cell *cell = &thorough->cells[thorough->cell_count++];
	size_t trials = thorough->options.trials;

	*cell = (struct thorough_cell){.companion = companion, .kind = kind, .count = count};
	for (unsigned arm = 0; arm < TRIAL_ARMS; arm++) {
		if (!thorough_has_arm(thorough, arm))
			continue;
		cell->samples[arm].features = memory_new(trials * TRIAL_FEATURES, sizeof(double));
		cell->samples[arm].first_us = memory_new(trials, sizeof(double));
	}
}

struct thorough *thorough_new(const struct scene *scene, const struct thorough_options *options,
	const struct recorded *recorded)
{
	struct thorough *thorough = memory_new(1, sizeof *thorough);

	thorough->scene = *scene;
	thorough->options = *options;
	thorough->has_kind[TRIAL_JUNK] = thorough->has_kind[TRIAL_SHAPED] = true;
	thorough->has_kind[TRIAL_MAC1] = scene->has_key;
	thorough->has_kind[TRIAL_REPLAY] = recorded_at(recorded, 1, 0) != NULL;
	for (size_t i = 0; i < options->companion_count; i++) {
		for (unsigned kind = 0; kind < TRIAL_KINDS; kind++) {
			for (unsigned n = 0; n < TRIAL_COUNTS && thorough->has_kind[kind]; n++)
				add_cell(thorough, &thorough->options.companions[i], kind,
					trial_counts[n]);
		}
	}
	return thorough;
}

void thorough_free(struct thorough *thorough)
{
	if (!thorough)
		return;
	for (size_t i = 0; i < thorough->cell_count; i++) {
		for (unsigned arm = 0; arm < TRIAL_ARMS; arm++) {
			free(thorough->cells[i].samples[arm].features);
			free(thorough->cells[i].samples[arm].first_us);
		}
	}
	free(thorough);
}
