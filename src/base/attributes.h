/* SPDX-License-Identifier: ISC */
/* Words that the compiler checks for us. */
#pragma once

/* The result may not be ignored; to do so on purpose: (void) and a reason. */
#define must_check __attribute__((warn_unused_result))

/* A printf-like function: format is argument `fmt`, its values begin at `first`. */
#define printf_like(fmt, first) __attribute__((format(printf, fmt, first)))

/* The object of type `type` whose member `member` lies at `pointer`. */
#define container_of(pointer, type, member)                                                        \
	((type *)(void *)((char *)(pointer) - __builtin_offsetof(type, member)))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
