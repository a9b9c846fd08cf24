/* SPDX-License-Identifier: ISC */
#include "wireguard/horizon.h"

/* TAI64's label of 1970 UTC, see timestamp.c. */
#define TAI64_EPOCH 0x400000000000000aULL

/* The year 2116: sums of two of these do not overflow. */
#define TIME_MAX_NS (1ULL << 62)

void horizon_timestamp(uint64_t time_ns, uint8_t ret_timestamp[static NOISE_TIMESTAMP_SIZE])
{
	store_be64(ret_timestamp, TAI64_EPOCH + time_ns / SECONDS_NS);
	store_be32(ret_timestamp + 8, (uint32_t)(time_ns % SECONDS_NS));
}

/*
 * Nanoseconds since 1970, for comparing: what is greater as a timestamp is not less as a number.
 * False for what no clock says; then each timestamp is stored.
 */
static bool read_time(const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE], uint64_t *ret_time_ns)
{
	uint64_t seconds = load_be64(timestamp) - TAI64_EPOCH;
	uint64_t fraction_ns = load_be64(timestamp + 4) & UINT32_MAX;

	if (seconds >= TIME_MAX_NS / SECONDS_NS) /* also what is before 1970 */
		return false;
	if (fraction_ns >= SECONDS_NS)
		fraction_ns = SECONDS_NS;
	*ret_time_ns = seconds * SECONDS_NS + fraction_ns;
	return true;
}

/* Where the line is at a time; false: there is none. */
static bool line_at(const struct horizon *horizon, uint64_t now_ns, uint64_t *ret_time_ns)
{
	int64_t line_ns;

	if (horizon->lead_ns == HORIZON_NO_LEAD || now_ns > TIME_MAX_NS)
		return false;
	if (__builtin_add_overflow((int64_t)now_ns, horizon->lead_ns, &line_ns))
		return false;
	*ret_time_ns = line_ns < 0 ? 0 : (uint64_t)line_ns;
	return true;
}

bool horizon_covers(const struct horizon *horizon,
	const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE], uint64_t now_ns)
{
	uint64_t time_ns, line_ns;

	if (memcmp(timestamp, horizon->greatest, NOISE_TIMESTAMP_SIZE) <= 0)
		return true;
	return read_time(timestamp, &time_ns) && line_at(horizon, now_ns, &line_ns) &&
	       time_ns <= line_ns;
}

void horizon_extend(struct horizon *horizon, const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE],
	uint64_t now_ns, uint64_t margin_ns)
{
	uint64_t time_ns;

	memcpy(horizon->greatest, timestamp, NOISE_TIMESTAMP_SIZE);
	horizon->lead_ns = HORIZON_NO_LEAD;
	if (read_time(timestamp, &time_ns) && now_ns <= TIME_MAX_NS && margin_ns < TIME_MAX_NS / 2)
		horizon->lead_ns = (int64_t)time_ns - (int64_t)now_ns + (int64_t)margin_ns;
}

bool horizon_is_even(const uint8_t before[static NOISE_TIMESTAMP_SIZE], uint64_t before_ns,
	const uint8_t after[static NOISE_TIMESTAMP_SIZE], uint64_t after_ns)
{
	uint64_t first_ns, second_ns;

	if (!read_time(before, &first_ns) || !read_time(after, &second_ns) ||
		second_ns < first_ns || after_ns < before_ns)
		return false;
	uint64_t theirs_ns = second_ns - first_ns, ours_ns = after_ns - before_ns;
	uint64_t apart_ns = theirs_ns > ours_ns ? theirs_ns - ours_ns : ours_ns - theirs_ns;
	return apart_ns <= HORIZON_UNEVEN_NS;
}

uint64_t horizon_slack_ns(const struct horizon *horizon,
	const uint8_t timestamp[static NOISE_TIMESTAMP_SIZE], uint64_t now_ns)
{
	uint64_t time_ns, line_ns;

	if (!read_time(timestamp, &time_ns) || !line_at(horizon, now_ns, &line_ns))
		return 0;
	return line_ns > time_ns ? line_ns - time_ns : 0;
}

void horizon_bound(const struct horizon *horizon, uint64_t until_ns,
	uint8_t ret_timestamp[static NOISE_TIMESTAMP_SIZE])
{
	uint8_t line[NOISE_TIMESTAMP_SIZE];
	uint64_t line_ns;

	memcpy(ret_timestamp, horizon->greatest, NOISE_TIMESTAMP_SIZE);
	if (!line_at(horizon, until_ns, &line_ns))
		return;
	horizon_timestamp(line_ns, line);
	if (memcmp(line, ret_timestamp, sizeof line) > 0)
		memcpy(ret_timestamp, line, sizeof line);
}
