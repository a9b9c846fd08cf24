/* SPDX-License-Identifier: ISC */
#include "prover/page.h"

static const char style[] =
	":root{--ink:#1b2330;--page:#fbfbf9;--dim:#68707c;--line:#dcdfe3;--silent:#2f7d5b;"
	"--answered:#c7791b;--oracle:#b3261e;--skipped:#c9ced4}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6e8eb;--page:#14181d;--dim:#98a1ad;"
	"--line:#2c333c;--silent:#4fae83;--answered:#e0a04a;--oracle:#ef6f66;--skipped:#454d57}}\n"
	"body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);"
	"max-width:62rem;margin:2rem auto;padding:0 1rem}\n"
	"h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}"
	".dim{color:var(--dim)}\n"
	".word{display:inline-block;padding:.1rem .7rem;border-radius:1rem;color:#fff;"
	"font-weight:600}\n"
	".silent{background:var(--silent)}.answered{background:var(--answered)}"
	".oracle{background:var(--oracle)}.skipped{background:var(--skipped)}\n"
	"table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;"
	"padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line)}\n"
	"code{font:12.5px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}"
	".hex{color:var(--dim);display:block}\n"
	"svg{max-width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,sans-serif}"
	"rect.s{fill:var(--silent)}rect.a{fill:var(--answered)}rect.o{fill:var(--oracle)}"
	"rect.k{fill:var(--skipped)}\n"
	"details{margin:.6rem 0}summary{cursor:pointer}\n";

void page_text(FILE *out, const char *words)
{
	for (; *words; words++) {
		switch (*words) {
		case '<':
			(void)fputs("&lt;", out);
			break;
		case '>':
			(void)fputs("&gt;", out);
			break;
		case '&':
			(void)fputs("&amp;", out);
			break;
		case '"':
			(void)fputs("&quot;", out);
			break;
		default:
			(void)fputc(*words, out);
		}
	}
}

void page_begin(FILE *out, const char *title)
{
	(void)fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width\"><title>%s</title>"
		"<style>\n%s</style></head><body>\n",
		title, style);
}

void page_end(FILE *out)
{
	(void)fputs("</body></html>\n", out);
}
