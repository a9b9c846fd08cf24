/* SPDX-License-Identifier: ISC */
/* Where in the kernel datagrams are judged. */
#pragma once

enum door_kind {
	DOOR_NONE,
	DOOR_TC,     /* judges at tc ingress */
	DOOR_XDP,    /* judges in the driver; goes with the process */
	DOOR_HIDDEN, /* drops all at tc ingress; a packet socket with door_tap_fd() sees them before
		      */
};

/* "tc", "xdp", "hidden", "none" (and for a number that is no kind); static. */
const char *door_kind_word(enum door_kind kind);
