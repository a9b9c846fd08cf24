/* SPDX-License-Identifier: ISC */
/* Lines of the kernel's tables of sockets. They are in the byte order of this machine. */
#include "tap.h"

#include "base/error.h"
#include "harden/listener.h"

#include <netinet/tcp.h>

#define TAIL " 00000000:00000000 00:00000000 00000000     0        0 "

static const struct {
	const char *line;
	int result;
	const char *here;
	uint16_t port;
	uint8_t state;
	uint64_t inode;
} lines[] = {
	{"   0: 0100007F:1538 00000000:0000 0A" TAIL "4711 1 0000000000000000 100 0\n", 0,
		"127.0.0.1", 5432, TCP_LISTEN, 4711},
	{"  12: 010200C0:0016 026433C6:C350 01" TAIL "18446744073709551615 1\n", 0, "192.0.2.1", 22,
		TCP_ESTABLISHED, UINT64_MAX},
	{"   1: B80D0120000000000000000001000000:01BB 00000000000000000000000000000000:0000 07" TAIL
	 "1",
		0, "2001:db8::1", 443, TCP_CLOSE, 1},
	{"   1: 0000000000000000FFFF0000010200C0:01BB 00000000000000000000000000000000:0000 07" TAIL
	 "1",
		0, "192.0.2.1", 443, TCP_CLOSE, 1},
	{"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
	 "  timeout inode\n",
		ERR_SYNTAX, NULL, 0, 0, 0},
	{"", ERR_SYNTAX, NULL, 0, 0, 0},
	{"   0: 0100007F:1538 00000000:0000 0A\n", ERR_SYNTAX, NULL, 0, 0, 0},
	{"   0: 0100007:1538 00000000:0000 0A" TAIL "1\n", ERR_SYNTAX, NULL, 0, 0, 0},
	{"   0: 0100007F1538 00000000:0000 0A" TAIL "1\n", ERR_SYNTAX, NULL, 0, 0, 0},
	{"   0: 0100007F:153 00000000:0000 0A" TAIL "1\n", ERR_SYNTAX, NULL, 0, 0, 0},
	{"   0: 0100007G:1538 00000000:0000 0A" TAIL "1\n", ERR_SYNTAX, NULL, 0, 0, 0},
	{"   0: 0100007F:1538 00000000:000 0A" TAIL "1\n", ERR_SYNTAX, NULL, 0, 0, 0},
	{"   0: 0100007F:1538 00000000:0000 A" TAIL "1\n", ERR_SYNTAX, NULL, 0, 0, 0},
	{"   0: 0100007F:1538 00000000:0000 0A" TAIL "-1\n", ERR_SYNTAX, NULL, 0, 0, 0},
};

int main(void)
{
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
		struct listener_line line;
		char name[32];
		(void)snprintf(name, sizeof name, "line %zu", i); /* it fits */
		int result = listener_parse(lines[i].line, strlen(lines[i].line), &line);
		if (!tap_is_int(result, lines[i].result, name) || result < 0)
			continue;
		tap_ok(strcmp(address_format(&line.flow.here, text), lines[i].here) == 0,
			lines[i].here);
		tap_is_int(line.flow.port_here, lines[i].port, "port");
		tap_is_int(line.state, lines[i].state, "state");
		tap_ok(line.inode == lines[i].inode, "inode");
	}
	return tap_done();
}
