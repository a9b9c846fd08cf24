/* SPDX-License-Identifier: ISC */
/*
 * Which indices are live, for somebody who looks at it from outside while packets pass: the door in
 * the kernel. One word a slot, so that a reader sees an index or its absence, never half of either.
 * The low bits of an index say where it stands, the rest stands there. Included by the BPF program.
 */
#pragma once

#include <stdint.h>

/* What stands in the lowest bits of an occupied slot, where its place says them already. */
enum index_mark {
	INDEX_MARK_NONE,      /* the slot is free: zero */
	INDEX_MARK_HANDSHAKE, /* a response may come, or a cookie reply */
	INDEX_MARK_KEYPAIR,   /* data may come */
	INDEX_MARK_MASK = 3,
};

/* A shard's part of the table. Zero: nobody looks. */
struct index_mirror {
	uint32_t *slots;       /* 2^place_bits */
	uint32_t *is_overfull; /* set once some index has no slot: what is unknown may be live */
	unsigned place_bits;
};

static inline uint32_t index_mirror_place(uint32_t index, unsigned place_bits)
{
	return index & ((1U << place_bits) - 1);
}

static inline uint32_t index_mirror_word(uint32_t index, enum index_mark mark)
{
	return (index & ~(uint32_t)INDEX_MARK_MASK) | mark;
}
