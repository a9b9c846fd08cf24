/* SPDX-License-Identifier: ISC */
#include "prover/proof_html.h"

#include "base/clock.h"
#include "base/number.h"
#include "prover/catalogue.h"
#include "prover/page.h"

#include <time.h>

enum {
	BAR_HEIGHT = 22,
	BAR_LEFT = 210,	 /* where bars begin */
	BAR_WIDTH = 560, /* of the longest */
	DOT = 12,	 /* the side of one square of the strip, with its gap */
	DOTS_A_LINE = 64,
};

static void write_frame(FILE *out, const struct proof_frame *frame)
{
	char hex[2 * PROOF_BYTES + 1];

	hex_format(frame->bytes, frame->size, hex);
	(void)fputs("<code>", out);
	page_text(out, frame->answer.text);
	(void)fprintf(out, "%s<span class=\"hex\">%s%s</span></code>",
		frame->is_by_time ? " (by when it came)" : "", hex,
		frame->wire_size > frame->size ? "…" : "");
}

/* ---- charts ---- */

/* One piece of a bar; returns where the next begins. */
static double write_piece(
	FILE *out, const char *class, double x, unsigned y, double scale, size_t count)
{
	double width = scale * (double)count;

	if (count > 0)
		(void)fprintf(out,
			"<rect class=\"%s\" x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%d\"/>",
			class, x, y, width, BAR_HEIGHT - 6);
	return x + width;
}

static void write_bar(
	FILE *out, const char *name, struct proof_count count, unsigned y, double scale)
{
	double x = BAR_LEFT;

	(void)fprintf(out, "<text x=\"0\" y=\"%u\">", y + 13);
	page_text(out, name);
	(void)fputs("</text>", out);
	x = write_piece(out, "o", x, y, scale, count.oracles);
	x = write_piece(out, "a", x, y, scale, count.answered - count.oracles);
	x = write_piece(out, "s", x, y, scale, count.silent);
	x = write_piece(out, "k", x, y, scale, count.skipped);
	(void)fprintf(out, "<text x=\"%.1f\" y=\"%u\">%zu/%zu</text>\n", x + 6, y + 13,
		count.answered, count.stimuli - count.skipped);
}

/* Groups as bars: oracles, answered, silent, skipped. */
static void write_groups(FILE *out, const struct proof *proof)
{
	size_t most = 1;
	unsigned groups = 0, y = 0;

	for (unsigned i = 0; i < LESSON_COUNT; i++) {
		size_t stimuli = proof_count(proof, i).stimuli;
		most = stimuli > most ? stimuli : most;
		groups += stimuli > 0;
	}
	(void)fprintf(out,
		"<h2>By group</h2><p class=\"dim\">Answered of those that were sent; red: port and "
		"control port differ, amber: answered, green: silent, grey: not sent.</p>\n"
		"<svg viewBox=\"0 0 840 %u\" role=\"img\" aria-label=\"answers by group\">\n",
		groups * BAR_HEIGHT);
	for (unsigned i = 0; i < LESSON_COUNT; i++) {
		struct proof_count count = proof_count(proof, i);
		if (count.stimuli == 0)
			continue;
		write_bar(out, lesson_text(i)->group, count, y, BAR_WIDTH / (double)most);
		y += BAR_HEIGHT;
	}
	(void)fputs("</svg>\n", out);
}

/* One arm of all stimuli aimed at the port, a square each. */
static unsigned write_strip(
	FILE *out, const struct proof *proof, enum proof_arm arm, const char *name, unsigned y)
{
	size_t count = 0;

	(void)fprintf(out, "<text x=\"0\" y=\"%u\">%s</text>", y + 12, name);
	y += 18;
	for (size_t i = 0; i < proof->row_count; i++) {
		const struct proof_row *row = &proof->rows[i];
		if (row->cells[PROOF_CONTROL].sent == 0)
			continue;
		const char *class = row->cells[arm].answers == 0	 ? "s"
				    : proof_verdict(row) == PROOF_ORACLE ? "o"
									 : "a";
		(void)fprintf(out,
			"<rect class=\"%s\" x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\"><title>",
			class, count % DOTS_A_LINE * DOT, y + count / DOTS_A_LINE * DOT, DOT - 2,
			DOT - 2);
		page_text(out, row->stimulus->name);
		(void)fputs("</title></rect>", out);
		count++;
	}
	return y + (unsigned)((count + DOTS_A_LINE - 1) / DOTS_A_LINE) * DOT + 12;
}

static void write_control(FILE *out, const struct proof *proof)
{
	char name[32];
	size_t aimed = 0;

	for (size_t i = 0; i < proof->row_count; i++)
		aimed += proof->rows[i].cells[PROOF_CONTROL].sent > 0;
	if (aimed == 0)
		return;
	(void)fprintf(out,
		"<h2>The port beside a dropped port</h2><p class=\"dim\">The same %zu stimuli to "
		"both. They must look the same: what differs finds the tunnel.</p>\n"
		"<svg viewBox=\"0 0 %d %zu\" role=\"img\" aria-label=\"port and control port\">\n",
		aimed, DOTS_A_LINE * DOT, 2 * (30 + (aimed + DOTS_A_LINE - 1) / DOTS_A_LINE * DOT));
	(void)snprintf(name, sizeof name, "port %u", proof->scene.port);
	unsigned y = write_strip(out, proof, PROOF_PORT, name, 0);
	(void)snprintf(name, sizeof name, "control port %u", proof->scene.control_port);
	(void)write_strip(out, proof, PROOF_CONTROL, name, y);
	(void)fputs("</svg>\n", out);
}

/* ---- tables ---- */

static void write_cells(FILE *out, const struct proof *proof, const struct proof_row *row)
{
	static const char *const names[] = {"port", "control port"};
	const uint16_t ports[] = {proof->scene.port, proof->scene.control_port};
	bool is_aimed = row->cells[PROOF_CONTROL].sent > 0;

	for (size_t i = 0; i < PROOF_ARMS; i++) {
		const struct proof_cell *cell = &row->cells[i];
		if (cell->sent == 0)
			continue;
		if (is_aimed)
			(void)fprintf(out, "<div>%s %u: ", names[i], ports[i]);
		else
			(void)fputs("<div>", out);
		if (cell->answers > 0)
			write_frame(out, &cell->first);
		else
			(void)fputs("silence", out);
		(void)fputs("</div>", out);
	}
}

/* Findings of one verdict, with what they tell and how to stop them. */
static void write_findings(FILE *out, const struct proof *proof, enum proof_verdict wanted)
{
	for (size_t i = 0; i < proof->row_count; i++) {
		const struct proof_row *row = &proof->rows[i];
		const struct lesson_text *lesson = lesson_text(row->stimulus->lesson);
		if (proof_verdict(row) != wanted)
			continue;
		(void)fprintf(out, "<tr><td><span class=\"word %s\">%s</span></td><td><code>",
			proof_verdict_text(wanted), proof_verdict_text(wanted));
		page_text(out, row->stimulus->name);
		(void)fputs("</code><br>", out);
		page_text(out, row->stimulus->what);
		write_cells(out, proof, row);
		(void)fputs(
			"<details><summary>What it tells, and how to stop it</summary><p>", out);
		page_text(out, lesson->tells);
		(void)fputs("</p><p>", out);
		page_text(out, lesson->stop);
		(void)fputs("</p></details></td></tr>\n", out);
	}
}

static void write_strays(
	FILE *out, const char *head, const struct proof_stray *strays, size_t count)
{
	if (count == 0)
		return;
	(void)fprintf(out, "<h2>%s</h2><table>\n", head);
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(out, "<tr><td>%u×</td><td>", strays[i].count);
		write_frame(out, &strays[i].frame);
		(void)fputs("</td><td>first after <code>", out);
		page_text(out, strays[i].after ? strays[i].after->name : "nothing");
		(void)fputs("</code></td></tr>\n", out);
	}
	(void)fputs("</table>\n", out);
}

static void write_scans(FILE *out, const struct proof *proof)
{
	if (proof->scan_count == 0)
		return;
	(void)fputs("<h2>Other scanners</h2><table><tr><th>command</th><th>frames back</th>"
		    "<th>port</th><th>control port</th></tr>\n",
		out);
	for (size_t i = 0; i < proof->scan_count; i++) {
		const struct proof_scan *scan = &proof->scans[i];
		(void)fputs("<tr><td><code>", out);
		page_text(out, scan->command);
		if (scan->was_there)
			(void)fprintf(out, "</code>%s</td><td>%u</td>",
				scan->ended ? "" : " (ended by us)", scan->answers);
		else
			(void)fputs("</code></td><td>not installed</td>", out);
		(void)fprintf(out, "<td>%s</td><td>%s</td></tr>\n", scan->word, scan->control_word);
	}
	(void)fputs("</table>\n", out);
}

static void write_catalogue(FILE *out, const struct proof *proof)
{
	(void)fputs("<h2>All stimuli</h2><details><summary>Show</summary><table>\n", out);
	for (size_t i = 0; i < proof->row_count; i++) {
		const struct proof_row *row = &proof->rows[i];
		enum proof_verdict verdict = proof_verdict(row);
		(void)fputs("<tr><td><code>", out);
		page_text(out, row->stimulus->name);
		(void)fputs("</code></td><td>", out);
		page_text(out, row->stimulus->what);
		(void)fprintf(out, "</td><td>%s%s%s</td><td>%u</td></tr>\n",
			proof_verdict_text(verdict), verdict == PROOF_SKIPPED ? ": " : "",
			verdict == PROOF_SKIPPED ? craft_result_text(row->result) : "",
			row->cells[PROOF_PORT].sent + row->cells[PROOF_CONTROL].sent);
	}
	(void)fputs("</table></details>\n", out);
}

static void write_path(FILE *out, const struct scene_path *path)
{
	char target[ADDRESS_TEXT_SIZE], source[ADDRESS_TEXT_SIZE], router[ADDRESS_TEXT_SIZE];

	if (!path->is_there)
		return;
	(void)fprintf(out, "<strong>%s</strong> from %s by %s, %s%s; ",
		address_format(&path->target, target), address_format(&path->source, source),
		path->interface, path->is_on_link ? "on the link" : "behind ",
		path->is_on_link ? "" : address_format(&path->router, router));
}

static void write_head(FILE *out, const struct proof *proof)
{
	struct proof_count count = proof_count(proof, LESSON_COUNT);
	bool is_silent = !proof_has_findings(proof), is_seen = proof_could_see(proof);
	time_t started = (time_t)proof->started_s;
	struct tm when;
	char at[32] = "";

	if (gmtime_r(&started, &when) && strftime(at, sizeof at, "%Y-%m-%d %H:%M UTC", &when) == 0)
		at[0] = '\0';
	(void)fprintf(out, "<h1>tacet prove <span class=\"word %s\">%s</span></h1>\n<p>",
		is_silent && is_seen ? "silent" : "oracle",
		!is_seen    ? "could not see"
		: is_silent ? "silent"
			    : "not silent");
	write_path(out, &proof->scene.ipv4);
	write_path(out, &proof->scene.ipv6);
	(void)fprintf(out,
		"port %u, control port %u.<br>Catalogue " CATALOGUE_VERSION ", Tacet " TACET_VERSION
		", %s, %.1f seconds, at most %u frames a second, each stimulus %u times.</p>\n",
		proof->scene.port, proof->scene.control_port, at, (double)proof->took_ns / NS_PER_S,
		proof->options.rate, proof->options.times);
	(void)fprintf(out,
		"<p><strong>%zu</strong> stimuli sent: <strong>%zu</strong> silent, "
		"<strong>%zu</strong> answered, of which <strong>%zu</strong> tell the port from a "
		"dropped one; %zu not sent.</p>\n",
		count.stimuli - count.skipped, count.silent, count.answered, count.oracles,
		count.skipped);
	(void)fprintf(out,
		"<p class=\"dim\">Control: our own capture saw %llu of the %llu frames that we "
		"sent "
		"and missed %llu; %llu frames of the target's were heard. That nothing is heard "
		"does not show that the host is up.</p>\n",
		(unsigned long long)proof->seen, (unsigned long long)proof->sent,
		(unsigned long long)proof->lost, (unsigned long long)proof->heard);
}

void proof_html(const struct proof *proof, FILE *out)
{
	page_begin(out, "tacet prove");
	write_head(out, proof);
	write_groups(out, proof);
	write_control(out, proof);
	if (proof_count(proof, LESSON_COUNT).answered > 0) {
		(void)fputs("<h2>Findings</h2><table>\n", out);
		write_findings(out, proof, PROOF_ORACLE);
		write_findings(out, proof, PROOF_ANSWERED);
		(void)fputs("</table>\n", out);
	}
	write_strays(out, "Frames that belong to no stimulus", proof->strays, proof->stray_count);
	write_strays(out, "Said by routers on the way (no finding)", proof->routers,
		proof->router_count);
	write_scans(out, proof);
	write_catalogue(out, proof);
	page_end(out);
}
