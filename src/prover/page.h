/* SPDX-License-Identifier: ISC */
/* What all pages have in common. They stand alone: no script, no picture from elsewhere. */
#pragma once

#include <stdio.h>

/* The head, and the body as far as its beginning; the title is ours. */
void page_begin(FILE *out, const char *title);
void page_end(FILE *out);

/* Text as it is, whatever it holds. */
void page_text(FILE *out, const char *words);
