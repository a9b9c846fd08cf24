/* SPDX-License-Identifier: ISC */
#include "prover/attribution.h"

#include "base/clock.h"
#include "prover/packet.h"

/* How long after a stimulus what bears no tag may still be its answer. */
#define WINDOW_NS (1 * (uint64_t)NS_PER_S)
#define GROUPS_WINDOW_NS (12 * (uint64_t)NS_PER_S) /* reports wait for a random time */
#define CLAIMS_WINDOW_NS (5 * (uint64_t)NS_PER_S)

/* The row and arm of a tag; NULL: it is none of ours. */
static struct attribution of_tag(struct proof *proof, uint16_t tag)
{
	struct attribution found = {0};

	if (tag < CRAFT_TAG_FIRST)
		return found;
	size_t number = tag - (size_t)CRAFT_TAG_FIRST;
	if (number / PROOF_ARMS >= proof->row_count)
		return found;
	struct proof_row *row = &proof->rows[number / PROOF_ARMS];
	if (row->cells[number % PROOF_ARMS].sent == 0)
		return found;
	return (struct attribution){.row = row, .arm = number % PROOF_ARMS};
}

static bool is_source(const struct proof *proof, const struct address *source)
{
	const struct scene *scene = &proof->scene;

	if (address_equal(source, &scene->ipv4.target) ||
		address_equal(source, &scene->ipv6.target))
		return true;
	for (size_t i = 0; i < scene->overlay_count; i++) {
		if (address_equal(source, &scene->overlays[i]))
			return true;
	}
	return false;
}

/* Whether the frame comes from the link address of the target itself. */
static bool is_mac(const struct proof *proof, const uint8_t *frame, size_t size)
{
	const struct scene_path *paths[] = {&proof->scene.ipv4, &proof->scene.ipv6};

	if (size < PACKET_LINK_SIZE)
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		if (paths[i]->is_there && paths[i]->is_on_link &&
			memcmp(frame + SCENE_MAC_SIZE, paths[i]->hop, SCENE_MAC_SIZE) == 0)
			return true;
	}
	return false;
}

enum attribution_who attribution_who(
	const struct proof *proof, const uint8_t *frame, size_t size, const struct answer *answer)
{
	if (is_mac(proof, frame, size))
		return ATTRIBUTION_TARGET;
	if (answer->source.family != ADDRESS_NONE && is_source(proof, &answer->source))
		return ATTRIBUTION_TARGET;
	bool is_tagged = answer->tag >= CRAFT_TAG_FIRST &&
			 answer->tag < CRAFT_TAG_FIRST + PROOF_ARMS * proof->row_count;
	return answer->kind == ANSWER_ERROR && is_tagged ? ATTRIBUTION_ROUTER : ATTRIBUTION_OTHER;
}

static bool is_solicitation(const struct stimulus *stimulus)
{
	return stimulus->layer == STIMULUS_ICMP && stimulus->family == ADDRESS_IPV6 &&
	       stimulus->hops == 255;
}

/* Whether an untagged frame of a kind may answer a stimulus, and for how long after it. */
static uint64_t window_of(const struct stimulus *stimulus, enum answer_kind kind)
{
	enum lesson lesson = stimulus->lesson;

	switch (kind) {
	case ANSWER_ARP:
		return stimulus->layer == STIMULUS_LINK ? WINDOW_NS : 0;
	case ANSWER_NEIGHBOUR:
		return is_solicitation(stimulus) ? WINDOW_NS : 0;
	case ANSWER_GROUPS:
		return lesson == LESSON_GROUPS || lesson == LESSON_AUTOCONFIGURATION
			       ? GROUPS_WINDOW_NS
			       : 0;
	case ANSWER_CLAIMS:
	case ANSWER_ROUTER:
		return lesson == LESSON_AUTOCONFIGURATION || lesson == LESSON_FORWARDING
			       ? CLAIMS_WINDOW_NS
			       : 0;
	case ANSWER_SEEKS:
		return 0; /* it looks for us: after whatever, on behalf of whatever */
	case ANSWER_ERROR:
	case ANSWER_ICMP:
	case ANSWER_TCP:
	case ANSWER_UDP:
	case ANSWER_OTHER:
	case ANSWER_KIND_COUNT:
		break;
	}
	return WINDOW_NS;
}

/* The latest that it may answer. */
static struct attribution of_time(struct proof *proof, const struct answer *answer, uint64_t now_ns)
{
	struct attribution found = {0};
	uint64_t latest_ns = 0;

	for (size_t i = 0; i < proof->row_count * PROOF_ARMS; i++) {
		struct proof_row *row = &proof->rows[i / PROOF_ARMS];
		uint64_t sent_ns = row->cells[i % PROOF_ARMS].sent_ns;
		uint64_t window_ns = window_of(row->stimulus, answer->kind);
		if (sent_ns <= latest_ns || sent_ns > now_ns || now_ns - sent_ns > window_ns)
			continue;
		latest_ns = sent_ns;
		found = (struct attribution){.row = row, .arm = i % PROOF_ARMS, .is_by_time = true};
	}
	return found;
}

struct attribution attribution_find(
	struct proof *proof, const struct answer *answer, uint64_t now_ns)
{
	struct attribution found = of_tag(proof, answer->tag);

	return found.row ? found : of_time(proof, answer, now_ns);
}
