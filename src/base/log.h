/* SPDX-License-Identifier: ISC */
/*
 * Five words for people. Programs log, libraries never do. Each takes the error code first
 * (0: none) and adds its words: "tacet-wg: wg0: cannot bind UDP port 51820: address in use".
 * Lines go to stderr, or to syslog once the program is in the background. Any thread.
 * Outside bytes are the caller's to escape; no secrets.
 */
#pragma once

#include "base/attributes.h"

enum log_level {
	LOG_LEVEL_SILENT,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* The program's name before each line, and the least grave level that is written. */
void log_start(const char *program, enum log_level level);

/* From now on to syslog(3), daemon facility: stderr is gone. */
void log_to_syslog(void);

void log_err(int code, const char *format, ...) printf_like(2, 3);
void log_warn(int code, const char *format, ...) printf_like(2, 3);
void log_info(int code, const char *format, ...) printf_like(2, 3);
void log_debug(int code, const char *format, ...) printf_like(2, 3);

/* As log_err, then exit(1). */
void fatal(int code, const char *format, ...) printf_like(2, 3) __attribute__((noreturn));
