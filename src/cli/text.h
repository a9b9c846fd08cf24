/* SPDX-License-Identifier: ISC */
/* Times, sizes and texts as people read and write them. Pure but for memory; any thread. */
#pragma once

#include "base/attributes.h"

#include <stdint.h>

enum {
	TEXT_SIZE = 32, /* of each text below, with its zero */
};

/* "45 seconds", "1 minute", "3 hours", "5 days": rounded down; returns ret_text. */
char *text_duration(uint64_t seconds, char ret_text[static TEXT_SIZE]);

/* "2 minutes ago", "in 2 minutes", "now"; 0: "never". Unix seconds. Returns ret_text. */
char *text_when(uint64_t at_s, uint64_t now_s, char ret_text[static TEXT_SIZE]);

/* How long ago that is, as text_duration(): "2 minutes". Returns ret_text. */
char *text_since(uint64_t at_s, uint64_t now_s, char ret_text[static TEXT_SIZE]);

/* "2026-11-24 15:03:53", UTC; "-" where no calendar has it. Returns ret_text. */
char *text_utc(uint64_t at_s, char ret_text[static TEXT_SIZE]);

/* "0 B", "1023 B", "1.2 GiB". Returns ret_text. */
char *text_bytes(uint64_t bytes, char ret_text[static TEXT_SIZE]);

/* Reads "90s", "30m", "1h", "2d": 1 second to `greatest_s`. ERR_SYNTAX, ERR_RANGE. */
int text_read_duration(const char *text, uint64_t greatest_s, uint64_t *ret_seconds) must_check;

/* A copy in printable ASCII, all other bytes as \xNN; the caller frees it. */
char *text_escape(const char *text) __attribute__((returns_nonnull, warn_unused_result));

/* As printf() into memory of its own; the caller frees it. */
char *text_format(const char *format, ...) printf_like(1, 2)
	__attribute__((returns_nonnull, warn_unused_result));

/* Frees what AUTO_TEXT marks. */
void text_free(char **text);
#define AUTO_TEXT __attribute__((cleanup(text_free)))
