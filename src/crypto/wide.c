/* SPDX-License-Identifier: ISC */
#include "crypto/wide.h"

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/method.h"

/* Some jobs of a batch, and what becomes of them. */
struct share {
	struct wide wide;
	struct aead_job *jobs[WIDE_PACKETS]; /* of each packet */
};

bool wide_is_usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512ifma");
}

/* Puts a job among the others, the largest first: lanes that end together waste nothing. */
static void share_add(struct share *share, struct aead_job *job, size_t size)
{
	struct wide *wide = &share->wide;
	size_t i = wide->count++;

	for (; i > 0 && wide->packets[i - 1].size < size; i--) {
		wide->packets[i] = wide->packets[i - 1];
		share->jobs[i] = share->jobs[i - 1];
	}
	wide->packets[i] = (struct wide_packet){job->aead->key, job->counter, job->text, size};
	share->jobs[i] = job;
}

static void store_tag(const struct wide *wide, size_t i, uint8_t tag[static AEAD_TAG_SIZE])
{
	store_le64(tag, wide->tags[0][i]);
	store_le64(tag + 8, wide->tags[1][i]);
}

static void seal_share(struct share *share)
{
	struct wide *wide = &share->wide;

	wide_chacha20(wide, WIDE_BOTH);
	wide_poly1305(wide);
	for (size_t i = 0; i < wide->count; i++) {
		store_tag(wide, i, wide->packets[i].text + wide->packets[i].size);
		share->jobs[i]->result = 0;
	}
}

/* What is forged is not decrypted: it has no text from here on. */
static void open_share(struct share *share)
{
	struct wide *wide = &share->wide;
	uint8_t tag[AEAD_TAG_SIZE];

	wide_chacha20(wide, WIDE_KEY);
	wide_poly1305(wide);
	for (size_t i = 0; i < wide->count; i++) {
		struct wide_packet *packet = &wide->packets[i];
		store_tag(wide, i, tag);
		bool is_right = bytes_equal(tag, packet->text + packet->size, sizeof tag);
		share->jobs[i]->result = is_right ? 0 : ERR_AUTHENTICATION;
		packet->size = is_right ? packet->size : 0;
	}
	wide_chacha20(wide, WIDE_TEXT);
}

/* How many of `count` jobs to take at once: as many as fit, but no small rest. */
static size_t share_size(size_t count)
{
	size_t shares = (count + WIDE_PACKETS - 1) / WIDE_PACKETS;

	return shares == 0 ? 0 : (count + shares - 1) / shares;
}

void wide_seal(struct aead_job *jobs, size_t count)
{
	struct share share = {0};

	while (count > 0) {
		size_t size = share_size(count);
		share.wide.count = 0;
		for (size_t i = 0; i < size; i++)
			share_add(&share, &jobs[i], jobs[i].size);
		seal_share(&share);
		jobs += size;
		count -= size;
	}
	bytes_wipe(&share.wide, sizeof share.wide);
}

void wide_open(struct aead_job *jobs, size_t count)
{
	struct share share = {0};

	while (count > 0) {
		size_t size = share_size(count);
		share.wide.count = 0;
		for (size_t i = 0; i < size; i++) {
			jobs[i].result = ERR_AUTHENTICATION;
			if (jobs[i].size >= AEAD_TAG_SIZE)
				share_add(&share, &jobs[i], jobs[i].size - AEAD_TAG_SIZE);
		}
		open_share(&share);
		jobs += size;
		count -= size;
	}
	bytes_wipe(&share.wide, sizeof share.wide);
}
