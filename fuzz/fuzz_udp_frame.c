/* SPDX-License-Identifier: ISC */
/* A frame from the wire: what is taken for a datagram lies within it, and is one by plain rules. */
#include "net/udp_frame.h"

#include "base/bytes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct udp_frame frame;

	if (udp_frame_read(data, size, &frame) < 0)
		return 0;
	size_t header = data[0] >> 4 == 4 ? 20 : 40;
	if (frame.payload_at != header + 8 || frame.payload_at + frame.payload_size > size)
		abort();
	if (header == 20 ? data[0] != 0x45 || data[9] != 17 : data[6] != 17)
		abort();
	if (load_be16(data + header) != frame.source_port ||
		load_be16(data + header + 4) != 8 + frame.payload_size)
		abort();
	if (frame.source.family != (header == 20 ? ADDRESS_IPV4 : ADDRESS_IPV6))
		abort();
	return 0;
}
