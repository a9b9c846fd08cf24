/* SPDX-License-Identifier: ISC */
/* The BPF program as clang made it from door.bpf.c, an ELF file; the build writes its bytes. */
#pragma once

#include <stddef.h>

extern const unsigned char door_program[];
extern const size_t door_program_size;
