/* SPDX-License-Identifier: ISC */
#include "client/devicename.h"

#include <string.h>

char *devicename_of_host(const char *host, char ret_name[static DEVICENAME_SIZE])
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t length = 0;

	for (; *host && *host != '.' && length < DEVICENAME_SIZE - 1; host++) {
		char c = *host;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (strchr(allowed, c))
			ret_name[length++] = c;
		else if (length && ret_name[length - 1] != '-')
			ret_name[length++] = '-';
	}
	while (length && ret_name[length - 1] == '-')
		length--;
	ret_name[length] = '\0';
	if (length == 0)
		memcpy(ret_name, "device", sizeof "device");
	return ret_name;
}
