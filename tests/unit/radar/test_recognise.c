/* SPDX-License-Identifier: ISC */
/* Each run of a real tool, and of ordinary programs, as it was captured, by its right name. */
#include "radar/recognise.h"

#include "../../vectors/radar.inc"
#include "hex.h"
#include "radar/roster.h"
#include "tap.h"

enum {
	PACKET_MAX = 256,
	ORDINARY_PERCENT_MAX = 1, /* that may be named as a scanner: R13 */
};

/* What a run was called. */
struct found {
	struct verdict verdict;
	uint64_t packets;
	unsigned rows;
};

/* Of several rows the one that has a name, then the one of most packets. */
static void keep_best(void *context, const struct campaign *campaign, const struct verdict *verdict)
{
	struct found *found = context;
	bool is_named = verdict->tool != RECOGNISE_UNKNOWN;
	bool was_named = found->verdict.tool != RECOGNISE_UNKNOWN;

	if (found->rows++ == 0 || is_named > was_named ||
		(is_named == was_named && campaign->packets > found->packets)) {
		found->verdict = *verdict;
		found->packets = campaign->packets;
	}
}

/* Puts a packet of "milliseconds hex" into the roster. */
static void add(struct roster *roster, const char *text)
{
	uint8_t bytes[PACKET_MAX];
	const char *hex = strchr(text, ' ') + 1;
	uint64_t milliseconds = 0;
	struct sample sample;

	if (number_parse(text, (size_t)(hex - text) - 1, UINT32_MAX, &milliseconds) < 0)
		abort();
	size_t size = from_hex(hex, bytes);
	enum sample_ethertype type =
		bytes[0] >> 4 == 6 ? SAMPLE_ETHERTYPE_IPV6 : SAMPLE_ETHERTYPE_IPV4;
	if (sample_read(type, bytes, size, &sample) < 0)
		abort();
	roster_add(roster, &sample, (1700000000000 + milliseconds) * 1000000);
}

static struct found run(const struct recorded_run *recorded)
{
	const struct siphash_key key = {1, 2};
	struct roster *roster = roster_new(&key);
	struct found found = {0};

	for (size_t i = 0; recorded->packets[i]; i++)
		add(roster, recorded->packets[i]);
	roster_list(roster, keep_best, &found);
	roster_free(roster);
	return found;
}

int main(void)
{
	unsigned ordinary = 0, named = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(recorded_runs); i++) {
		const struct recorded_run *recorded = &recorded_runs[i];
		const struct found found = run(recorded);
		const char *word = recognise_tool_word(found.verdict.tool);
		const char *scan = recognise_scan_word(found.verdict.scan);
		bool is_ordinary = strcmp(recorded->tool, "unknown") == 0;
		char name[128];

		ordinary += is_ordinary;
		named += is_ordinary && found.verdict.tool != RECOGNISE_UNKNOWN;
		(void)snprintf(name, sizeof name, "%s is %s %s", recorded->kind, word, scan);
		tap_ok(strcmp(word, recorded->tool) == 0 &&
				(is_ordinary || strcmp(scan, recorded->scan) == 0),
			name);
	}
	printf("# of %u kinds of ordinary traffic %u were called a scanner\n", ordinary, named);
	tap_ok(named * 100 <= ordinary * ORDINARY_PERCENT_MAX, "ordinary traffic has no name");
	return tap_done();
}
