/* SPDX-License-Identifier: ISC */
#include "prover/thorough_html.h"

#include "base/clock.h"
#include "prover/page.h"

#include <math.h>

enum {
	ROW_HEIGHT = 16,
	LEFT = 190,  /* where the scale begins */
	WIDTH = 560, /* from an area of 0 to one of 1 */
	TOP = 22,
};

static const char *const heads[TRIAL_ARMS] = {
	[TRIAL_PORT] = "The tunnel's port against a dropped one",
	[TRIAL_BLIND] = "Blind control: a dropped port against another",
	[TRIAL_CLOSED] = "Control of the test: a closed port against a dropped one",
};

static double place_of(double auc)
{
	return LEFT + WIDTH * fmin(fmax(auc, 0), 1);
}

static const char *class_of(enum comparison_verdict verdict)
{
	static const char *const classes[] = {
		[COMPARISON_SAME] = "s", [COMPARISON_UNDECIDED] = "k", [COMPARISON_APART] = "o"};

	return classes[verdict];
}

static void write_name(FILE *out, const struct thorough_cell *cell)
{
	char name[COMPANION_TEXT_SIZE];

	page_text(out, companion_format(cell->companion, name));
	(void)fprintf(out, " %s %u", trial_kind_text(cell->kind), cell->count);
}

/* A line from the one end of its interval to the other, and a square at the value. */
static void write_interval(
	FILE *out, const char *class, double auc, double low, double high, unsigned y)
{
	(void)fprintf(out,
		"<rect class=\"%s\" x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"2\"/>"
		"<rect class=\"%s\" x=\"%.1f\" y=\"%u\" width=\"8\" height=\"8\"/>\n",
		class, place_of(low), y + 7, fmax(place_of(high) - place_of(low), 1), class,
		place_of(auc) - 4, y + 4);
}

static void write_scale(FILE *out, unsigned height)
{
	for (unsigned tenth = 0; tenth <= 10; tenth += 5)
		(void)fprintf(out,
			"<rect class=\"k\" x=\"%.1f\" y=\"%d\" width=\"1\" height=\"%u\"/>"
			"<text x=\"%.1f\" y=\"14\">%.1f</text>\n",
			place_of(tenth / 10.0), TOP, height - TOP, place_of(tenth / 10.0) - 8,
			tenth / 10.0);
}

static void write_chart(FILE *out, const struct comparison *comparison)
{
	unsigned height = TOP + (unsigned)(comparison->count + 1) * ROW_HEIGHT, y = TOP;

	(void)fprintf(out,
		"<svg viewBox=\"0 0 840 %u\" role=\"img\" aria-label=\"area under the curve\">\n",
		height);
	write_scale(out, height);
	for (size_t i = 0; i < comparison->count; i++, y += ROW_HEIGHT) {
		const struct comparison_cell *cell = &comparison->cells[i];
		(void)fprintf(out, "<text x=\"0\" y=\"%u\">", y + 12);
		write_name(out, cell->cell);
		(void)fputs("</text>", out);
		write_interval(out, class_of(cell->verdict), cell->classifier.auc,
			cell->classifier.low, cell->classifier.high, y);
	}
	(void)fprintf(out, "<text x=\"0\" y=\"%u\">mean</text>", y + 12);
	write_interval(out, comparison->is_apart ? "o" : "s", comparison->mean, comparison->low,
		comparison->high, y);
	(void)fputs("</svg>\n", out);
}

static void write_row(FILE *out, const struct comparison_cell *cell)
{
	static const char *const words[] = {[COMPARISON_SAME] = "silent",
		[COMPARISON_UNDECIDED] = "skipped",
		[COMPARISON_APART] = "oracle"};

	(void)fputs("<tr><td>", out);
	write_name(out, cell->cell);
	(void)fprintf(out,
		"</td><td>%zu</td><td>%.3f (%.3f to %.3f)</td><td>%.2g</td><td>%.2g</td>"
		"<td>%.1f</td><td>%+.2f (%+.2f to %+.2f)</td><td>%s, %.3f</td>"
		"<td><span class=\"word %s\">%s</span></td></tr>\n",
		cell->count, cell->classifier.auc, cell->classifier.low, cell->classifier.high,
		cell->classifier_p, cell->first.p, cell->control_us, cell->us.difference,
		cell->us.low, cell->us.high, trial_feature_text(cell->telling), cell->telling_auc,
		words[cell->verdict], comparison_verdict_text(cell->verdict));
}

static void write_comparison(FILE *out, const struct comparison *comparison)
{
	if (!comparison || comparison->count == 0)
		return;
	(void)fprintf(out,
		"<h2>%s: %s</h2><p>Mean area <strong>%.4f</strong> (95 %%: %.4f to %.4f); "
		"%zu of %zu cells told apart, %zu undecided.</p>\n",
		heads[comparison->arm], comparison->is_apart ? "told apart" : "not told apart",
		comparison->mean, comparison->low, comparison->high, comparison->apart,
		comparison->count, comparison->undecided);
	write_chart(out, comparison);
	(void)fputs("<details><summary>Numbers</summary><table><tr><th>cell</th><th>trials</th>"
		    "<th>area, 95 %</th><th>p</th><th>p (Mann-Whitney)</th><th>median, µs</th>"
		    "<th>difference, µs, 90 %</th><th>tells most</th><th>verdict</th></tr>\n",
		out);
	for (size_t i = 0; i < comparison->count; i++)
		write_row(out, &comparison->cells[i]);
	(void)fputs("</table></details>\n", out);
}

void thorough_html(const struct thorough_page *page, FILE *out)
{
	const struct thorough *thorough = page->thorough;

	page_begin(out, "tacet prove --thorough");
	(void)fprintf(out,
		"<h1>Can the port be told from a dropped one?</h1><p>Port %u, dropped ports %u and "
		"%u; %u trials of each cell and arm, %llu datagrams, %.0f seconds. "
		"Tacet " TACET_VERSION ".</p>\n",
		thorough->scene.port, thorough->scene.control_port, thorough->options.blind_port,
		thorough->options.trials, (unsigned long long)thorough->datagrams,
		(double)thorough->took_ns / NS_PER_S);
	(void)fprintf(out,
		"<p class=\"dim\">The area under the curve of a classifier that was trained on "
		"half "
		"of the trials and tried on the rest: 0.5 is guessing, 1 certainty. A cell is what "
		"answered, what was sent, how many at once. Control: %llu of %llu probes were "
		"answered while nothing went on%s</p>\n",
		(unsigned long long)thorough->answered, (unsigned long long)thorough->probes,
		thorough_could_see(thorough) ? "." : ": nothing is proven.");
	for (unsigned arm = 0; arm < TRIAL_ARMS; arm++)
		write_comparison(out, page->comparisons[arm]);
	page_end(out);
}
