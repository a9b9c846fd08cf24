/* SPDX-License-Identifier: ISC */
/* What a device is called where nobody said. Pure. */
#pragma once

enum {
	DEVICENAME_SIZE = 64, /* with its zero */
};

/* Makes a device's name of a host's: of "Alice's PC.lan" it is "alice-s-pc". Returns ret_name. */
char *devicename_of_host(const char *host, char ret_name[static DEVICENAME_SIZE]);
