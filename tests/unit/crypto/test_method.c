/* SPDX-License-Identifier: ISC */
/* Every way to seal and open batches that this machine has comes to the same as every other. */
#include "base/attributes.h"
#include "base/bytes.h"
#include "base/error.h"
#include "crypto/method.h"
#include "hex.h"
#include "tap.h"

#include <openssl/evp.h>

#include <stdlib.h>

enum {
	PACKETS = 1000 * 1000,
	BATCH_MAX = 40, /* more than twice what is worked on at once, and a rest */
	SIZE_MAX_USUAL = 1500,
	SIZE_MAX_ALL = 9000,
	ROOM = SIZE_MAX_ALL + AEAD_TAG_SIZE + 1, /* a byte behind, which nobody may touch */
	KEYS = 7,
	GUARD = 0xa5,
};

/* One batch: what it is, and what became of it. */
static struct {
	struct aead_job jobs[BATCH_MAX];
	size_t count;
	uint8_t plain[BATCH_MAX][ROOM];
	uint8_t sealed[BATCH_MAX][ROOM]; /* by the first method */
	uint8_t text[BATCH_MAX][ROOM];	 /* worked on */
} batch;

static struct aead *keys[KEYS];
static uint64_t random_state = 0x9e3779b97f4a7c15;

/* xorshift64*: the same packets in each run. */
static uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1d;
}

static size_t random_below(size_t end)
{
	return (random_next() >> 16) % end;
}

static void random_fill(uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t word = random_next();
		memcpy(at + i, &word, size - i < 8 ? size - i : 8);
	}
}

/* Keepalives, sizes around the pieces that are worked on, and what a tunnel carries. */
static size_t random_size(void)
{
	switch (random_below(8)) {
	case 0:
		return 0;
	case 1:
		return 16 * random_below(10);
	case 2:
		return 64 * random_below(20) + random_below(3);
	case 3:
		return random_below(SIZE_MAX_USUAL);
	case 4:
		return random_below(40) ? 1420 : random_below(SIZE_MAX_ALL);
	default:
		return random_below(200);
	}
}

static void make_batch(size_t count)
{
	batch.count = count;
	for (size_t i = 0; i < batch.count; i++) {
		/* some batches are of one size, as a download's are */
		size_t size = i > 0 && batch.count % 3 == 0 ? batch.jobs[0].size : random_size();
		batch.jobs[i] = (struct aead_job){
			keys[random_below(KEYS)], random_next(), batch.text[i], size, 1};
		random_fill(batch.plain[i], size);
	}
}

/* Seals the batch's plain texts into `text`. Returns how many failed. */
static size_t seal(const struct method *method)
{
	struct aead_job jobs[BATCH_MAX];
	size_t failed = 0;

	memcpy(jobs, batch.jobs, sizeof jobs);
	for (size_t i = 0; i < batch.count; i++) {
		memcpy(batch.text[i], batch.plain[i], jobs[i].size);
		batch.text[i][jobs[i].size + AEAD_TAG_SIZE] = GUARD;
	}
	method->seal(jobs, batch.count);
	for (size_t i = 0; i < batch.count; i++) {
		failed += jobs[i].result != 0;
		failed += batch.text[i][jobs[i].size + AEAD_TAG_SIZE] != GUARD;
	}
	return failed;
}

/* Whether one text, opened or refused, is as it should be. */
static bool is_right(const struct aead_job *job, size_t i, bool is_forged, const uint8_t *forged)
{
	size_t size = job->size - AEAD_TAG_SIZE;

	if (is_forged)
		return job->result == ERR_AUTHENTICATION &&
		       memcmp(batch.text[i], forged, job->size) == 0;
	return job->result == 0 && memcmp(batch.text[i], batch.plain[i], size) == 0 &&
	       memcmp(batch.text[i] + size, batch.sealed[i] + size, AEAD_TAG_SIZE) == 0;
}

/* Opens what was sealed, with a bit flipped in each packet of `forged`. Returns how many came out
 * otherwise than they should. */
static size_t open(const struct method *method, uint64_t forged)
{
	static uint8_t before[BATCH_MAX][ROOM];
	struct aead_job jobs[BATCH_MAX];
	size_t wrong = 0;

	for (size_t i = 0; i < batch.count; i++) {
		jobs[i] = batch.jobs[i];
		jobs[i].size += AEAD_TAG_SIZE;
		memcpy(batch.text[i], batch.sealed[i], jobs[i].size);
		if (forged >> i & 1) {
			batch.text[i][random_below(jobs[i].size)] ^=
				(uint8_t)(1 << random_below(8));
			memcpy(before[i], batch.text[i], jobs[i].size);
		}
	}
	method->open(jobs, batch.count);
	for (size_t i = 0; i < batch.count; i++)
		wrong += !is_right(&jobs[i], i, forged >> i & 1, before[i]);
	return wrong;
}

/* All methods seal to the same bytes, and open them; some are forged, now and then. */
static size_t disagreements(void)
{
	const struct method *method;
	size_t wrong = 0;
	uint64_t forged = random_below(4) ? 0 : UINT64_C(0x8421084210) >> random_below(40);

	for (size_t i = 0; (method = method_at(i)); i++) {
		if (!method->is_usable())
			continue;
		wrong += seal(method);
		if (i == 0)
			memcpy(batch.sealed, batch.text, batch.count * sizeof batch.text[0]);
		for (size_t j = 0; j < batch.count; j++)
			wrong += memcmp(batch.text[j], batch.sealed[j],
					 batch.jobs[j].size + AEAD_TAG_SIZE) != 0;
		wrong += open(method, forged);
	}
	return wrong;
}

static void test_agreement(void)
{
	size_t wrong = 0, packets = 0;

	while (packets < PACKETS) {
		make_batch(1 + random_below(BATCH_MAX));
		wrong += disagreements();
		packets += batch.count;
	}
	tap_is_int((intmax_t)wrong, 0, "a million packets: disagreements of the methods");
}

/* libcrypto's own AEAD is right; the first method is as it, so all are. */
static bool is_as_reference(size_t i)
{
	const struct aead_job *job = &batch.jobs[i];
	uint8_t nonce[12], expected[ROOM];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int size;

	method_nonce(job->counter, nonce);
	int done =
		EVP_EncryptInit_ex2(context, EVP_chacha20_poly1305(), job->aead->key, nonce, NULL);
	done &= EVP_EncryptUpdate(context, expected, &size, batch.plain[i], (int)job->size);
	done &= EVP_EncryptFinal_ex(context, expected, &size);
	done &= EVP_CIPHER_CTX_ctrl(
		context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_SIZE, expected + job->size);
	EVP_CIPHER_CTX_free(context);
	return done == 1 && memcmp(batch.sealed[i], expected, job->size + AEAD_TAG_SIZE) == 0;
}

static void test_reference(void)
{
	size_t wrong = 0;

	for (size_t round = 0; round < 500; round++) {
		make_batch(BATCH_MAX);
		wrong += disagreements();
		for (size_t i = 0; i < batch.count; i++)
			wrong += !is_as_reference(i);
	}
	tap_is_int((intmax_t)wrong, 0, "20,000 packets: libcrypto's own AEAD disagrees");
}

/* RFC 8439, A.1, test vector #2: the second block of key stream of a key and nonce of zeros. */
static void test_published(const struct method *method)
{
	static uint8_t texts[BATCH_MAX][64 + AEAD_TAG_SIZE];
	static const uint8_t no_key[AEAD_KEY_SIZE];
	struct aead_job jobs[BATCH_MAX];
	uint8_t want[64];
	struct aead *aead;
	bool are_right = true;

	from_hex("9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
		 "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
		want);
	if (aead_new(no_key, &aead) < 0)
		abort();
	for (size_t i = 0; i < BATCH_MAX; i++) {
		memset(texts[i], 0, sizeof texts[i]);
		jobs[i] = (struct aead_job){aead, 0, texts[i], 64, 1};
	}
	method->seal(jobs, BATCH_MAX);
	for (size_t i = 0; i < BATCH_MAX; i++)
		are_right &= jobs[i].result == 0 && memcmp(texts[i], want, sizeof want) == 0;
	tap_ok(are_right, "RFC 8439, A.1, #2, in every place of a batch");
	aead_free(aead);
}

/* One forged packet, at each place of batches of each size. */
static void test_forgeries(const struct method *method)
{
	size_t wrong = 0;

	for (size_t count = 1; count <= BATCH_MAX; count++) {
		make_batch(count);
		wrong += seal(method);
		memcpy(batch.sealed, batch.text, sizeof batch.text);
		for (size_t place = 0; place < count; place++)
			wrong += open(method, UINT64_C(1) << place);
		wrong += open(method, UINT64_MAX);
		wrong += open(method, 0);
	}
	tap_is_int((intmax_t)wrong, 0, "forged at each place: only that one is refused");
}

/* Every bit of a packet and its tag, in the midst of others. */
static void test_bits(const struct method *method)
{
	enum { SIZE = 76 + AEAD_TAG_SIZE, OTHERS = 9, PLACE = 4 };
	static uint8_t sealed[OTHERS][SIZE], texts[OTHERS][SIZE];
	struct aead_job jobs[OTHERS];
	size_t wrong = 0;

	for (size_t i = 0; i < OTHERS; i++)
		jobs[i] = (struct aead_job){keys[i % 2], i, sealed[i], SIZE - AEAD_TAG_SIZE, 1};
	method->seal(jobs, OTHERS);
	for (size_t bit = 0; bit < 8 * (size_t)SIZE; bit++) {
		memcpy(texts, sealed, sizeof texts);
		texts[PLACE][bit / 8] ^= (uint8_t)(1 << bit % 8);
		for (size_t i = 0; i < OTHERS; i++)
			jobs[i] = (struct aead_job){keys[i % 2], i, texts[i], SIZE, 1};
		method->open(jobs, OTHERS);
		for (size_t i = 0; i < OTHERS; i++)
			wrong += jobs[i].result != (i == PLACE ? ERR_AUTHENTICATION : 0);
	}
	tap_is_int((intmax_t)wrong, 0, "every bit counts");
}

/* What is shorter than a tag, and what has another counter. */
static void test_refusals(const struct method *method)
{
	static uint8_t texts[BATCH_MAX][AEAD_TAG_SIZE + 64];
	struct aead_job jobs[BATCH_MAX];
	size_t wrong = 0;

	for (size_t i = 0; i < BATCH_MAX; i++)
		jobs[i] = (struct aead_job){keys[0], i, texts[i], 64, 1};
	method->seal(jobs, BATCH_MAX);
	for (size_t i = 0; i < BATCH_MAX; i++) {
		jobs[i].size = i < 20 ? i : sizeof texts[i];
		jobs[i].counter += i % 2;
		jobs[i].result = 1;
	}
	method->open(jobs, BATCH_MAX);
	for (size_t i = 0; i < BATCH_MAX; i++)
		wrong += jobs[i].result != (i < 20 || i % 2 ? ERR_AUTHENTICATION : 0);
	tap_is_int((intmax_t)wrong, 0, "cut short, or another counter");
	method->seal(NULL, 0);
	method->open(NULL, 0);
	tap_ok(true, "none at all is no harm");
}

int main(void)
{
	const struct method *method;

	for (size_t i = 0; i < KEYS; i++) {
		uint8_t key[AEAD_KEY_SIZE];
		random_fill(key, sizeof key);
		if (aead_new(key, &keys[i]) < 0)
			abort();
	}
	for (size_t i = 0; (method = method_at(i)); i++) {
		if (!method->is_usable()) {
			tap_skip(method->name, "this build or this processor cannot");
			continue;
		}
		printf("# %s\n", method->name);
		test_published(method);
		test_forgeries(method);
		test_bits(method);
		test_refusals(method);
	}
	test_reference();
	test_agreement();
	for (size_t i = 0; i < KEYS; i++)
		aead_free(keys[i]);
	return tap_done();
}
