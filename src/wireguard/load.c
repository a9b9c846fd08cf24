/* SPDX-License-Identifier: ISC */
#include "wireguard/load.h"

/* What one message pours in, and the level at which the bucket is full. */
#define MESSAGE_NS (1000000000ULL / LOAD_PER_SECOND)
#define FULL_NS (LOAD_BURST * MESSAGE_NS)

/* How long the load counts as high after it last was (kernel: HZ). */
#define HIGH_FOR_NS 1000000000ULL

bool load_count(struct load *load, uint64_t now_ns)
{
	uint64_t leaked_ns = now_ns - load->counted_ns;

	load->counted_ns = now_ns;
	load->level_ns = leaked_ns < load->level_ns ? load->level_ns - leaked_ns : 0;
	load->level_ns += MESSAGE_NS;
	if (load->level_ns >= FULL_NS) {
		load->level_ns = FULL_NS;
		load->high_until_ns = now_ns + HIGH_FOR_NS;
	}
	return now_ns < load->high_until_ns;
}
