/* SPDX-License-Identifier: ISC */
#include "radar/ports.h"

#include "tap.h"

static uint32_t count_of(unsigned ports, unsigned step)
{
	struct ports set = {0};

	for (unsigned i = 0; i < ports; i++)
		ports_add(&set, (uint16_t)(i * step));
	return ports_count(&set);
}

/* Whether an estimate is near enough. */
static bool is_near(uint32_t got, uint32_t want, uint32_t percent)
{
	uint32_t apart = got > want ? got - want : want - got;

	return apart * 100 <= want * percent;
}

int main(void)
{
	struct ports a = {0}, b = {0};

	tap_is_int(count_of(0, 1), 0, "none");
	tap_is_int(count_of(1, 1), 1, "one");
	tap_is_int(count_of(100, 1), 100, "a hundred in a row");
	tap_is_int(count_of(8, 1000), 8, "some far apart");
	tap_is_int(count_of(65536, 1), 65536, "all");
	/* 7919 is prime to 2048: remainders as if by chance */
	for (unsigned i = 0; i < 1000; i++)
		ports_add(&a, (uint16_t)(i * i * 31 + i * 7919));
	tap_ok(is_near(ports_count(&a), 1000, 60), "a thousand by chance: of that order");
	for (unsigned i = 0; i < 50; i++)
		ports_add(&b, (uint16_t)i);
	a = (struct ports){0};
	for (unsigned i = 40; i < 60; i++)
		ports_add(&a, (uint16_t)i);
	ports_merge(&a, &b);
	tap_is_int(ports_count(&a), 60, "merged, those that both have count once");
	return tap_done();
}
