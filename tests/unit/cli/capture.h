/* SPDX-License-Identifier: ISC */
/* What a function writes to stdout and stderr, as texts. For one thread. */
#pragma once

struct capture {
	char *out, *err; /* what was written, zero-terminated */
	int saved[2], files[2];
};

/* From here on both are kept; aborts where that is impossible. */
void capture_begin(struct capture *capture);

/* They are as before, and the texts are there. */
void capture_end(struct capture *capture);

/* Frees the texts. */
void capture_done(struct capture *capture);
