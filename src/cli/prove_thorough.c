/* SPDX-License-Identifier: ISC */
#include "cli/prove_thorough.h"

#include "base/clock.h"
#include "base/log.h"
#include "cli/ask.h"
#include "cli/grid.h"
#include "cli/prove_file.h"
#include "prover/comparison.h"
#include "prover/thorough_html.h"
#include "prover/thorough_json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_p(struct grid *grid, double p)
{
	grid_format(grid, p < 0.001 ? "%.0e" : "%.3f", p);
}

static void print_cells(const struct comparison *comparison)
{
	static const struct grid_column columns[] = {{"COMPANION", GRID_LEFT}, {"SENT", GRID_LEFT},
		{"AT ONCE", GRID_RIGHT}, {"AUC", GRID_RIGHT}, {"95 %", GRID_RIGHT},
		{"P (AUC)", GRID_RIGHT}, {"P (M-W)", GRID_RIGHT}, {"MEDIAN US", GRID_RIGHT},
		{"DIFFERENCE, 90 %", GRID_RIGHT}, {"TELLS MOST", GRID_LEFT},
		{"VERDICT", GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);

	for (size_t i = 0; i < comparison->count; i++) {
		const struct comparison_cell *cell = &comparison->cells[i];
		char name[COMPANION_TEXT_SIZE];
		grid_text(&grid, companion_format(cell->cell->companion, name));
		grid_text(&grid, trial_kind_text(cell->cell->kind));
		grid_format(&grid, "%u", cell->cell->count);
		grid_format(&grid, "%.3f", cell->classifier.auc);
		grid_format(&grid, "%.3f to %.3f", cell->classifier.low, cell->classifier.high);
		print_p(&grid, cell->classifier_p);
		print_p(&grid, cell->first.p);
		grid_format(&grid, "%.1f", cell->control_us);
		grid_format(&grid, "%+.2f (%+.2f to %+.2f)", cell->us.difference, cell->us.low,
			cell->us.high);
		grid_format(&grid, "%s %.3f", trial_feature_text(cell->telling), cell->telling_auc);
		grid_text(&grid, comparison_verdict_text(cell->verdict));
	}
	grid_print(&grid, stdout);
}

static void print_comparison(const struct comparison *comparison)
{
	static const char *const heads[TRIAL_ARMS] = {
		[TRIAL_PORT] = "the tunnel's port against a dropped one",
		[TRIAL_BLIND] = "blind control: a dropped port against another",
		[TRIAL_CLOSED] = "control of the test: a closed port against a dropped one",
	};

	if (!comparison)
		return;
	(void)printf("\n%s: mean AUC %.4f (95 %%: %.4f to %.4f), %s\n", heads[comparison->arm],
		comparison->mean, comparison->low, comparison->high,
		comparison->is_apart ? "told apart" : "not told apart");
	print_cells(comparison);
}

static void print_verdict(
	const struct thorough *thorough, const struct comparison *const comparisons[])
{
	const struct comparison *port = comparisons[TRIAL_PORT];

	(void)printf("\nControl: %llu of %llu probes answered while nothing went on; the capture "
		     "missed %llu frames.\n",
		(unsigned long long)thorough->answered, (unsigned long long)thorough->probes,
		(unsigned long long)thorough->unseen);
	if (!thorough_could_see(thorough))
		(void)puts("COULD NOT SEE: the companion does not answer: nothing is proven.");
	else if (comparisons[TRIAL_BLIND]->is_apart)
		(void)puts("TOO NOISY: two dropped ports were told apart: nothing is proven. "
			   "More quiet, --cpu or more --trials may help.");
	else if (comparisons[TRIAL_CLOSED] && !comparisons[TRIAL_CLOSED]->is_apart)
		(void)puts("BLIND: the closed port was not told from a dropped one: nothing is "
			   "proven. Is it closed, and does it answer?");
	else if (port->is_apart)
		(void)printf("TOLD APART: in %zu of %zu cells; the mean area is %.4f.\n",
			port->apart, port->count, port->mean);
	else
		(void)printf("NOT TOLD APART: %zu cells, of which %zu are the same within %g "
			     "microseconds; %zu need more trials to say so.\n",
			port->count, port->count - port->undecided, COMPARISON_MARGIN_US,
			port->undecided);
}

/* Whether the test saw what it must see, and nothing where there is nothing. */
static bool is_good(const struct thorough *thorough, const struct comparison *const comparisons[])
{
	return thorough_could_see(thorough) && !comparisons[TRIAL_BLIND]->is_apart &&
	       (!comparisons[TRIAL_CLOSED] || comparisons[TRIAL_CLOSED]->is_apart);
}

static void write_page(const void *page, FILE *out)
{
	thorough_html(page, out);
}

static enum cli_exit write_html(const struct prove_options *options,
	const struct thorough *thorough, const struct comparison *const comparisons[])
{
	struct thorough_page page = {.thorough = thorough};

	memcpy(page.comparisons, comparisons, sizeof page.comparisons);
	return prove_file_html(options->html_path, write_page, &page);
}

static enum cli_exit tell(const struct cli *cli, const struct prove_options *options,
	const struct thorough *thorough, const struct comparison *const comparisons[])
{
	json_t *json = thorough_json(thorough, comparisons);
	enum cli_exit code = prove_file_json(options->json_path, json);

	if (code == CLI_OK)
		code = write_html(options, thorough, comparisons);
	if (cli->wants_json) {
		(void)ask_print(json); /* what cannot be written shows at the end */
	} else {
		(void)printf("%u trials of each cell and arm, %llu datagrams, %.1f seconds; port "
			     "%u, dropped ports %u and %u\n",
			thorough->options.trials, (unsigned long long)thorough->datagrams,
			(double)thorough->took_ns / NS_PER_S, thorough->scene.port,
			thorough->scene.control_port, thorough->options.blind_port);
		for (unsigned arm = 0; arm < TRIAL_ARMS; arm++)
			print_comparison(comparisons[arm]);
		print_verdict(thorough, comparisons);
	}
	json_decref(json);
	if (code != CLI_OK || !is_good(thorough, comparisons))
		return CLI_FAILED;
	return comparisons[TRIAL_PORT]->is_apart ? CLI_REFUSED : CLI_OK;
}

/* Compares each arm to the control. */
static enum cli_exit judge(
	const struct cli *cli, const struct prove_options *options, const struct thorough *thorough)
{
	struct comparison *comparisons[TRIAL_ARMS] = {NULL};

	for (unsigned arm = 0; arm < TRIAL_ARMS; arm++) {
		if (arm != TRIAL_CONTROL && thorough_has_arm(thorough, arm))
			comparisons[arm] = comparison_new(thorough, arm);
	}
	enum cli_exit code =
		tell(cli, options, thorough, (const struct comparison *const *)comparisons);
	for (unsigned arm = 0; arm < TRIAL_ARMS; arm++)
		comparison_free(comparisons[arm]);
	return code;
}

enum cli_exit prove_thorough(
	const struct cli *cli, const struct prove_options *options, const struct recorded *recorded)
{
	struct thorough *thorough = thorough_new(&options->scene, &options->thorough, recorded);
	bool is_shown = isatty(STDERR_FILENO);
	enum cli_exit code = CLI_FAILED;

	(void)fprintf(stderr, "tacet: about %u seconds\n", thorough_seconds(thorough));
	int err = thorough_run(thorough, recorded, prove_file_progress, &is_shown);
	if (is_shown)
		(void)fputs("\r\033[K", stderr);
	if (err < 0)
		log_err(err, "prove: cannot go on");
	else
		code = judge(cli, options, thorough);
	thorough_free(thorough);
	return code;
}
