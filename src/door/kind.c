/* SPDX-License-Identifier: ISC */
#include "door/kind.h"

#include "base/attributes.h"

const char *door_kind_word(enum door_kind kind)
{
	static const char *const words[] = {
		[DOOR_NONE] = "none",
		[DOOR_TC] = "tc",
		[DOOR_XDP] = "xdp",
		[DOOR_HIDDEN] = "hidden",
	};

	return kind < ARRAY_LENGTH(words) ? words[kind] : words[DOOR_NONE];
}
