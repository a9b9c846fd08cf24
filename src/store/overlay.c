/* SPDX-License-Identifier: ISC */
#include "store/overlay.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

enum {
	IPV4_LENGTH_LEAST = 8,
	IPV4_LENGTH_MOST = 24,
	IPV6_LENGTH_MOST = 96, /* the number is in the last 32 bits */
};

/* The leading host bits that are a part, and the rest: a log line of last month names who had it.
 */
static const struct {
	uint8_t length; /* how many bits */
	uint8_t bits;
	uint64_t rest_s;
} parts[] = {
	[OVERLAY_GATEWAYS] = {3, 0, 30 * 24 * 3600},
	[OVERLAY_JOINING] = {3, 1, 600},
	[OVERLAY_SERVICES] = {2, 1, 30 * 24 * 3600},
	[OVERLAY_DEVICES] = {1, 1, 30 * 24 * 3600},
};

int overlay_check(const struct overlay *overlay)
{
	if (overlay->ipv4.address.family != ADDRESS_IPV4 ||
		overlay->ipv6.address.family != ADDRESS_IPV6)
		return ERR_RANGE;
	if (overlay->ipv4.length < IPV4_LENGTH_LEAST || overlay->ipv4.length > IPV4_LENGTH_MOST)
		return ERR_RANGE;
	return overlay->ipv6.length > IPV6_LENGTH_MOST ? ERR_RANGE : 0;
}

/* How many bits a number has. */
static uint8_t number_bits(const struct overlay *overlay)
{
	return (uint8_t)(32 - overlay->ipv4.length);
}

/* Sets the last 32 bits, of which those of the prefix stay. */
static struct address add(const struct address *address, size_t at, uint32_t number)
{
	struct address sum = *address;

	for (size_t i = 0; i < 4; i++)
		sum.bytes[at + i] |= (uint8_t)(number >> (24 - 8 * i));
	return sum;
}

struct address overlay_ipv4(const struct overlay *overlay, uint32_t number)
{
	return add(&overlay->ipv4.address, 0, number);
}

struct address overlay_ipv6(const struct overlay *overlay, uint32_t number)
{
	return add(&overlay->ipv6.address, 12, number);
}

/* The number whose bits behind the part's are zero. */
static uint32_t base_of(const struct overlay *overlay, enum overlay_part part)
{
	return (uint32_t)parts[part].bits << (number_bits(overlay) - parts[part].length);
}

uint32_t overlay_first(const struct overlay *overlay, enum overlay_part part)
{
	return base_of(overlay, part) + 1;
}

uint32_t overlay_last(const struct overlay *overlay, enum overlay_part part)
{
	uint32_t size = 1U << (number_bits(overlay) - parts[part].length);

	return base_of(overlay, part) + size - 2;
}

struct prefix overlay_part_ipv4(const struct overlay *overlay, enum overlay_part part)
{
	return (struct prefix){
		.address = overlay_ipv4(overlay, base_of(overlay, part)),
		.length = (uint8_t)(overlay->ipv4.length + parts[part].length),
	};
}

struct prefix overlay_part_ipv6(const struct overlay *overlay, enum overlay_part part)
{
	return (struct prefix){
		.address = overlay_ipv6(overlay, base_of(overlay, part)),
		.length = (uint8_t)(128 - number_bits(overlay) + parts[part].length),
	};
}

uint64_t overlay_rest_ns(enum overlay_part part)
{
	return parts[part].rest_s * NS_PER_S;
}
