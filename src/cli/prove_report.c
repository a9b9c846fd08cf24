/* SPDX-License-Identifier: ISC */
#include "cli/prove_report.h"

#include "base/clock.h"
#include "base/number.h"
#include "cli/grid.h"
#include "prover/catalogue.h"

#include <stdio.h>
#include <string.h>

enum {
	WIDTH = 92, /* of running text */
};

/* Running text, its lines broken at spaces and moved to the right. */
static void print_text(const char *head, const char *text)
{
	size_t indent = strlen(head), column = indent;

	(void)fputs(head, stdout);
	while (*text) {
		size_t word = strcspn(text, " ");
		bool is_first = column == indent;
		if (!is_first && column + word >= WIDTH) {
			(void)printf("\n%*s", (int)indent, "");
			column = indent;
			is_first = true;
		}
		(void)printf("%s%.*s", is_first ? "" : " ", (int)word, text);
		column += word + (is_first ? 0 : 1);
		text += word + (text[word] == ' ');
	}
	(void)puts("");
}

static void print_summary(const struct proof *proof)
{
	static const struct grid_column columns[] = {{"GROUP", GRID_LEFT}, {"SENT", GRID_RIGHT},
		{"SILENT", GRID_RIGHT}, {"ANSWERED", GRID_RIGHT}, {"ORACLES", GRID_RIGHT},
		{"NOT SENT", GRID_RIGHT}};
	AUTO_GRID struct grid grid = GRID(columns);

	for (unsigned i = 0; i <= LESSON_COUNT; i++) {
		struct proof_count count = proof_count(proof, i);
		if (count.stimuli == 0)
			continue;
		grid_text(&grid, i == LESSON_COUNT ? "all" : lesson_text(i)->group);
		grid_format(&grid, "%zu", count.stimuli - count.skipped);
		grid_format(&grid, "%zu", count.silent);
		grid_format(&grid, "%zu", count.answered);
		grid_format(&grid, "%zu", count.oracles);
		grid_format(&grid, "%zu", count.skipped);
	}
	grid_print(&grid, stdout);
}

static void print_frame(const char *head, const struct proof_frame *frame)
{
	char hex[2 * PROOF_BYTES + 1];

	hex_format(frame->bytes, frame->size, hex);
	(void)printf("    %s%s%s\n      %s%s\n", head, frame->answer.text,
		frame->is_by_time ? " (by when it came)" : "", hex,
		frame->wire_size > frame->size ? "..." : "");
}

static void print_cell(const char *name, uint16_t port, const struct proof_cell *cell)
{
	char head[48] = "";

	if (cell->sent == 0)
		return;
	if (port != 0)
		(void)snprintf(head, sizeof head, "%s %u: ", name, port);
	if (cell->answers > 0)
		print_frame(head, &cell->first);
	else
		(void)printf("    %ssilence\n", head);
}

static void print_row(const struct proof *proof, const struct proof_row *row)
{
	bool is_aimed = row->cells[PROOF_CONTROL].sent > 0;

	(void)printf("  %s %s: %s\n", proof_verdict_text(proof_verdict(row)), row->stimulus->name,
		row->stimulus->what);
	print_cell("port", is_aimed ? proof->scene.port : 0, &row->cells[PROOF_PORT]);
	print_cell("control port", proof->scene.control_port, &row->cells[PROOF_CONTROL]);
}

/* The findings of one group, and what they mean, once. */
static void print_group(const struct proof *proof, enum lesson lesson)
{
	const struct lesson_text *text = lesson_text(lesson);

	if (proof_count(proof, lesson).answered == 0)
		return;
	(void)printf("\n%s\n", text->group);
	print_text("  tells: ", text->tells);
	print_text("  stop:  ", text->stop);
	for (size_t i = 0; i < proof->row_count; i++) {
		const struct proof_row *row = &proof->rows[i];
		enum proof_verdict verdict = proof_verdict(row);
		if (row->stimulus->lesson != lesson)
			continue;
		if (verdict == PROOF_ANSWERED || verdict == PROOF_ORACLE)
			print_row(proof, row);
	}
}

static void print_strays(const char *head, const struct proof_stray *strays, size_t count)
{
	if (count == 0)
		return;
	(void)printf("\n%s\n", head);
	for (size_t i = 0; i < count; i++) {
		(void)printf("  %u times, first after %s\n", strays[i].count,
			strays[i].after ? strays[i].after->name : "nothing");
		print_frame("", &strays[i].frame);
	}
}

static void print_scans(const struct proof *proof)
{
	if (proof->scan_count == 0)
		return;
	(void)puts("\nother scanners");
	for (size_t i = 0; i < proof->scan_count; i++) {
		const struct proof_scan *scan = &proof->scans[i];
		(void)printf("  %s\n    ", scan->command);
		if (!scan->was_there) {
			(void)puts("not installed");
			continue;
		}
		(void)printf("%u frames back%s", scan->answers,
			scan->ended ? "" : ", ended by us after its time");
		if (*scan->word || *scan->control_word)
			(void)printf("; port %u: %s, control port %u: %s", proof->scene.port,
				scan->word, proof->scene.control_port, scan->control_word);
		(void)puts("");
		if (scan->answers > 0)
			print_frame("", &scan->first);
	}
}

static void print_verdict(const struct proof *proof)
{
	struct proof_count count = proof_count(proof, LESSON_COUNT);

	(void)printf("\nControl: our capture saw %llu of our %llu frames and missed %llu; it heard "
		     "%llu of the target's.\n",
		(unsigned long long)proof->seen, (unsigned long long)proof->sent,
		(unsigned long long)proof->lost, (unsigned long long)proof->heard);
	if (!proof_could_see(proof))
		(void)puts("COULD NOT SEE: nothing is proven. A lower --rate may help.");
	else if (proof_has_findings(proof))
		(void)printf("NOT SILENT: %zu of %zu stimuli answered, %zu of them tell the port "
			     "from a dropped one; %zu kinds of frames unprompted.\n",
			count.answered, count.stimuli - count.skipped, count.oracles,
			proof->stray_count);
	else
		(void)printf("SILENT: %zu stimuli, no answer. (That the host is up cannot be seen "
			     "from here: that is the point.)\n",
			count.silent);
}

void prove_report(const struct proof *proof)
{
	(void)printf("Catalogue " CATALOGUE_VERSION ", %.1f seconds, port %u, control port %u\n\n",
		(double)proof->took_ns / NS_PER_S, proof->scene.port, proof->scene.control_port);
	print_summary(proof);
	for (unsigned i = 0; i < LESSON_COUNT; i++)
		print_group(proof, i);
	print_strays("frames that belong to no stimulus", proof->strays, proof->stray_count);
	print_strays(
		"said by routers on the way (no finding)", proof->routers, proof->router_count);
	print_scans(proof);
	print_verdict(proof);
}

void prove_report_explain(const struct stimulus *stimulus)
{
	const struct lesson_text *text = lesson_text(stimulus->lesson);

	(void)printf("%s (%s)\n", stimulus->name, text->group);
	print_text("  sent:  ", stimulus->what);
	print_text("  tells: ", text->tells);
	print_text("  stop:  ", text->stop);
	if (stimulus_is_aimed(stimulus))
		print_text("  control: ", "the same goes to a port that the firewall drops; if the "
					  "two differ, this one packet finds the tunnel.");
	if (stimulus->flags & STIMULUS_PATIENT)
		print_text("  when:  ", "an answer may take 30 (IPv4) or 60 seconds (IPv6).");
	if (stimulus->flags & (STIMULUS_BURST | STIMULUS_REPEAT))
		print_text("  when:  ", "many at once, as fast as they go: what answers only under "
					"load is found so.");
}

void prove_report_list(void)
{
	static const struct grid_column columns[] = {
		{"STIMULUS", GRID_LEFT}, {"GROUP", GRID_LEFT}, {"WHAT", GRID_LEFT}};
	AUTO_GRID struct grid grid = GRID(columns);
	size_t count = catalogue_count();

	for (size_t i = 0; i < count; i++) {
		const struct stimulus *stimulus = catalogue_at(i);
		grid_text(&grid, stimulus->name);
		grid_text(&grid, lesson_text(stimulus->lesson)->group);
		grid_text(&grid, stimulus->what);
	}
	grid_print(&grid, stdout);
	(void)printf("%zu stimuli, version " CATALOGUE_VERSION "\n", count);
}
