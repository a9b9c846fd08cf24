/* SPDX-License-Identifier: ISC */
/* Names of bridges, and lists of interfaces. */
#include "tap.h"

#include "harden/face.h"

#include <stdlib.h>

static const struct {
	const char *name;
	bool is_bridge;
} names[] = {
	{"docker0", true},
	{"docker_gwbridge", true},
	{"br-0123456789ab", true},
	{"br-0123456789a", false},
	{"br-0123456789abc", false},
	{"br-0123456789aX", false},
	{"br-lan", false},
	{"br0", false},
	{"virbr0", true},
	{"lxdbr0", true},
	{"podman1", true},
	{"eth0", false},
	{"", false},
};

int main(void)
{
	struct rules_faces faces = {.names = {"eth0", "wlan0"}, .count = 2}, none = {0};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		tap_is_int(face_is_bridge_name(names[i].name), names[i].is_bridge, names[i].name);
	tap_ok(face_has(&faces, "wlan0"), "it is there");
	tap_ok(!face_has(&faces, "wlan"), "a part of a name is none");
	char *text = face_join(&faces);
	tap_ok(strcmp(text, "eth0, wlan0") == 0, "joined");
	free(text);
	text = face_join(&none);
	tap_ok(strcmp(text, "none") == 0, "none");
	free(text);
	tap_ok(rules_name_is_fine("eth0.100"), "a VLAN");
	tap_ok(!rules_name_is_fine(""), "empty");
	tap_ok(!rules_name_is_fine("a\"b"), "a quote");
	tap_ok(!rules_name_is_fine("a b"), "a space");
	tap_ok(!rules_name_is_fine("a..b"), "up the tree");
	tap_ok(!rules_name_is_fine("0123456789abcdef"), "too long");
	return tap_done();
}
