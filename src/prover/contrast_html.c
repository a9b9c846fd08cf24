/* SPDX-License-Identifier: ISC */
#include "prover/catalogue.h"
#include "prover/contrast.h"
#include "prover/page.h"

enum {
	ROW_HEIGHT = 24,
	LEFT = 90,
	WIDTH = 640, /* of all stimuli that were sent */
};

/* ---- a bar a host ---- */

static double write_piece(FILE *out, const char *class, double x, unsigned y, double width)
{
	if (width > 0)
		(void)fprintf(out,
			"<rect class=\"%s\" x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%d\"/>",
			class, x, y, width, ROW_HEIGHT - 6);
	return x + width;
}

static void write_bar(FILE *out, const struct contrast *contrast, enum labhost_kind kind)
{
	struct proof_count count = proof_count(contrast->proofs[kind], LESSON_COUNT);
	double scale = (double)WIDTH / (double)(count.stimuli - count.skipped);
	unsigned y = kind * ROW_HEIGHT;

	(void)fprintf(out, "<text x=\"0\" y=\"%u\">%s</text>", y + 14, labhost_name(kind));
	double x = write_piece(out, "o", LEFT, y, scale * (double)count.oracles);
	x = write_piece(out, "a", x, y, scale * (double)(count.answered - count.oracles));
	x = write_piece(out, "s", x, y, scale * (double)count.silent);
	(void)fprintf(out, "<text x=\"%.1f\" y=\"%u\">%zu of %zu</text>\n", x + 6, y + 14,
		count.answered, count.stimuli - count.skipped);
}

static void write_bars(FILE *out, const struct contrast *contrast)
{
	(void)fprintf(out,
		"<p class=\"dim\">Answered of those that were sent. Red: tells the tunnel's port "
		"from a dropped one; amber: answered; green: silent.</p>\n"
		"<svg viewBox=\"0 0 840 %d\" role=\"img\" aria-label=\"answers by host\">\n",
		LABHOST_COUNT * ROW_HEIGHT);
	for (unsigned kind = 0; kind < LABHOST_COUNT; kind++)
		write_bar(out, contrast, kind);
	(void)fputs("</svg>\n", out);
}

/* ---- tables ---- */

static void write_heads(FILE *out, const char *first)
{
	(void)fprintf(out, "<tr><th>%s</th>", first);
	for (unsigned kind = 0; kind < LABHOST_COUNT; kind++)
		(void)fprintf(out, "<th>%s</th>", labhost_name(kind));
	(void)fputs("</tr>\n", out);
}

static void write_groups(FILE *out, const struct contrast *contrast)
{
	(void)fputs("<h2>By group</h2><table>\n", out);
	write_heads(out, "answered");
	for (unsigned lesson = 0; lesson < LESSON_COUNT; lesson++) {
		if (proof_count(contrast->proofs[0], lesson).stimuli == 0)
			continue;
		(void)fputs("<tr><td>", out);
		page_text(out, lesson_text(lesson)->group);
		(void)fputs("</td>", out);
		for (unsigned kind = 0; kind < LABHOST_COUNT; kind++) {
			struct proof_count count = proof_count(contrast->proofs[kind], lesson);
			(void)fprintf(out, "<td>%zu/%zu</td>", count.answered,
				count.stimuli - count.skipped);
		}
		(void)fputs("</tr>\n", out);
	}
	(void)fputs("</table>\n", out);
}

static bool is_answered(const struct contrast *contrast, size_t row)
{
	for (unsigned kind = 0; kind < LABHOST_COUNT; kind++) {
		enum proof_verdict verdict = proof_verdict(&contrast->proofs[kind]->rows[row]);
		if (verdict == PROOF_ANSWERED || verdict == PROOF_ORACLE)
			return true;
	}
	return false;
}

/* What a host said; for the port, or for the control port where only that answered. */
static void write_verdict(FILE *out, const struct proof_row *row)
{
	enum proof_verdict verdict = proof_verdict(row);
	const struct proof_cell *cell = &row->cells[row->cells[PROOF_PORT].answers == 0];

	(void)fprintf(out, "<td><span class=\"word %s\">%s</span>", proof_verdict_text(verdict),
		proof_verdict_text(verdict));
	if (cell->answers > 0) {
		(void)fputs("<br><span class=\"dim\">", out);
		page_text(out, cell->first.answer.text);
		(void)fputs("</span>", out);
	}
	(void)fputs("</td>", out);
}

static void write_rows(FILE *out, const struct contrast *contrast)
{
	(void)fputs("<h2>What was answered by at least one</h2><table>\n", out);
	write_heads(out, "stimulus");
	for (size_t i = 0; i < contrast->proofs[0]->row_count; i++) {
		const struct stimulus *stimulus = contrast->proofs[0]->rows[i].stimulus;
		if (!is_answered(contrast, i))
			continue;
		(void)fputs("<tr><td><code>", out);
		page_text(out, stimulus->name);
		(void)fputs("</code><br>", out);
		page_text(out, stimulus->what);
		(void)fputs("</td>", out);
		for (unsigned kind = 0; kind < LABHOST_COUNT; kind++)
			write_verdict(out, &contrast->proofs[kind]->rows[i]);
		(void)fputs("</tr>\n", out);
	}
	(void)fputs("</table>\n", out);
}

static void write_lessons(FILE *out, const struct contrast *contrast)
{
	(void)fputs("<h2>What it tells, and how to stop it</h2>\n", out);
	for (unsigned lesson = 0; lesson < LESSON_COUNT; lesson++) {
		const struct lesson_text *text = lesson_text(lesson);
		if (contrast_answered(contrast, LABHOST_DEFAULT, lesson) == 0)
			continue;
		(void)fputs("<details><summary>", out);
		page_text(out, text->group);
		(void)fputs("</summary><p>", out);
		page_text(out, text->tells);
		(void)fputs("</p><p>", out);
		page_text(out, text->stop);
		(void)fputs("</p></details>\n", out);
	}
}

void contrast_html(const struct contrast *contrast, FILE *out)
{
	page_begin(out, "tacet prove --lab");
	(void)fputs("<h1>Four hosts, one stranger</h1><p>The same questions to each, in network "
		    "namespaces of one machine; tacet-wg is at the port of each. "
		    "Catalogue " CATALOGUE_VERSION ", Tacet " TACET_VERSION ".</p><table>\n",
		out);
	for (unsigned kind = 0; kind < LABHOST_COUNT; kind++)
		(void)fprintf(out, "<tr><td><strong>%s</strong></td><td>%s</td></tr>\n",
			labhost_name(kind), labhost_what(kind));
	(void)fputs("</table>\n", out);
	write_bars(out, contrast);
	write_groups(out, contrast);
	write_rows(out, contrast);
	write_lessons(out, contrast);
	page_end(out);
}
