/* SPDX-License-Identifier: ISC */
#include "wireguard/replay.h"

#include <string.h>

_Static_assert(REPLAY_WINDOW <= (REPLAY_WORDS - 1) * REPLAY_WORD_BITS,
	"the word of the greatest counter never holds one that is still in the window");

void replay_reset(struct replay *replay)
{
	memset(replay, 0, sizeof *replay);
}

/* Zeroes the words that come into use when `counter` becomes the greatest. */
static void clear_up_to(struct replay *replay, uint64_t counter)
{
	uint64_t first = replay->next / REPLAY_WORD_BITS + (replay->next % REPLAY_WORD_BITS != 0);
	uint64_t fresh = counter / REPLAY_WORD_BITS + 1 - first;

	if (fresh > REPLAY_WORDS)
		fresh = REPLAY_WORDS; /* a jump past the whole ring: once around is enough */
	for (uint64_t i = 0; i < fresh; i++)
		replay->bitmap[(first + i) % REPLAY_WORDS] = 0;
}

bool replay_accept(struct replay *replay, uint64_t counter)
{
	if (counter == UINT64_MAX)
		return false; /* one above it is no number */
	if (counter >= replay->next) {
		clear_up_to(replay, counter);
		replay->next = counter + 1;
	} else if (replay->next - 1 - counter > REPLAY_WINDOW) {
		return false;
	}

	uint64_t *word = &replay->bitmap[counter / REPLAY_WORD_BITS % REPLAY_WORDS];
	uint64_t bit = UINT64_C(1) << counter % REPLAY_WORD_BITS;
	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}
