/* SPDX-License-Identifier: ISC */
/* What is said about silence, for facts of every kind. */
#include "tap.h"

#include "harden/silence.h"

static const struct {
	struct silence_facts facts;
	const char *text;
} rows[] = {
	{{0}, "open: host NOT HARDENED: tacet harden, no guard on the way out, no knock asked for, "
	      "door in the engine (no BPF), reception normal"},
	{{.is_hardened = true, .guards_link = true, .has_mark = true},
		"standard: host hardened (standard), guard on the way out knows the daemon by its "
		"mark, no knock asked for, door in the engine (no BPF), reception normal"},
	{{.is_hardened = true,
		 .level = RULES_SEALED,
		 .guards_link = true,
		 .has_mark = true,
		 .knock = SILENCE_KNOCK_REQUIRED,
		 .door = SILENCE_DOOR_KERNEL,
		 .reception = SILENCE_RECEPTION_HIDDEN},
		"sealed: host hardened (sealed), guard on the way out knows the daemon by its "
		"mark, "
		"knock required, door in the kernel, reception hidden"},
	{{.is_hardened = true, .level = RULES_SEALED, .knock = SILENCE_KNOCK_PREFERRED},
		"sealed: host hardened (sealed), NO GUARD ON THE LINK: neighbours are answered, "
		"knock preferred, door in the engine (no BPF), reception normal"},
	{{.is_hardened = true, .guards_link = true},
		"standard: host hardened (standard), guard on the way out knows the daemon by its "
		"port only, no knock asked for, door in the engine (no BPF), reception normal"},
	/* The level of rules that are not in force counts for nothing. */
	{{.level = RULES_SEALED, .guards_link = true},
		"open: host NOT HARDENED: tacet harden, no guard on the way out, no knock asked "
		"for, door in the engine (no BPF), reception normal"},
};

int main(void)
{
	char text[SILENCE_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct silence silence = silence_judge(&rows[i].facts);
		if (!tap_ok(strcmp(silence_format(&silence, text), rows[i].text) == 0,
			    rows[i].text))
			printf("# got %s\n", text);
	}
	return tap_done();
}
