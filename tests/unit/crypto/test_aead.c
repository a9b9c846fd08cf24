/* SPDX-License-Identifier: ISC */
#include "base/error.h"
#include "crypto/aead.h"
#include "crypto/library.h"
#include "crypto/sealing.h"
#include "crypto/xchacha20.h"
#include "hex.h"
#include "tap.h"

#include <stdlib.h>

enum {
	TEXT_MAX = 9000, /* more than twice a piece of key stream */
};

#define SUNSCREEN                                                                                  \
	"4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966" \
	"204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f72207468652066757475" \
	"72652c2073756e73637265656e20776f756c642062652069742e"
#define DRAFTS                                                                                     \
	"496e7465726e65742d4472616674732061726520647261667420646f63756d656e74732076616c696420666f" \
	"722061206d6178696d756d206f6620736978206d6f6e74687320616e64206d61792062652075706461746564" \
	"2c"                                                                                       \
	"207265706c616365642c206f72206f62736f6c65746564206279206f7468657220646f63756d656e74732061" \
	"7420"                                                                                     \
	"616e792074696d652e20497420697320696e617070726f70726961746520746f2075736520496e7465726e65" \
	"742d"                                                                                     \
	"447261667473206173207265666572656e6365206d6174657269616c206f7220746f2063697465207468656d" \
	"206f"                                                                                     \
	"74686572207468616e206173202fe2809c776f726b20696e2070726f67726573732e2fe2809d"

/* Published vectors. The nonce's size says which of the two it is: 12 or 24 bytes. */
static const struct {
	const char *name;
	const char *key, *nonce, *associated, *plain;
	const char *sealed; /* the tag included */
} rows[] = {
	{"RFC 8439, 2.8.2", "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
		"070000004041424344454647", "50515253c0c1c2c3c4c5c6c7", SUNSCREEN,
		"d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca967"
		"1282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee32809"
		"1b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
		"1ae10b594f09e26a7e902ecbd0600691"},
	{"RFC 8439, A.5", "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0",
		"000000000102030405060708", "f33388860000000000004e91", DRAFTS,
		"64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43"
		"eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b"
		"948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b3506383606907b6a"
		"7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0"
		"a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb231"
		"6053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68"
		"f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709b"
		"eead9d67890cbb22392336fea1851f38"},
	{"draft-irtf-cfrg-xchacha, A.3.1",
		"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
		"404142434445464748494a4b4c4d4e4f5051525354555657", "50515253c0c1c2c3c4c5c6c7",
		SUNSCREEN,
		"bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6"
		"440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1"
		"bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"
		"c0875924c1c7987947deafd8780acf49"},
};

/* A row as bytes. */
struct job {
	uint8_t key[32], nonce[24], associated[64], plain[512], sealed[528];
	size_t nonce_size, associated_size, plain_size, sealed_size;
};

static void job_of_row(size_t i, struct job *ret_job)
{
	from_hex(rows[i].key, ret_job->key);
	ret_job->nonce_size = from_hex(rows[i].nonce, ret_job->nonce);
	ret_job->associated_size = from_hex(rows[i].associated, ret_job->associated);
	ret_job->plain_size = from_hex(rows[i].plain, ret_job->plain);
	ret_job->sealed_size = from_hex(rows[i].sealed, ret_job->sealed);
}

/* ChaCha20-Poly1305 with all of its nonce free, which the header does not offer. */
static struct sealing sealing_of(const struct job *job, struct bytes input, uint8_t *output)
{
	return (struct sealing){
		job->key, job->nonce, input, {job->associated, job->associated_size}, output};
}

static int seal(const struct job *job, uint8_t *ret_sealed)
{
	struct bytes plain = {job->plain, job->plain_size};
	struct bytes associated = {job->associated, job->associated_size};

	if (job->nonce_size == XAEAD_NONCE_SIZE)
		return xaead_seal(job->key, job->nonce, plain, associated, ret_sealed);
	struct sealing sealing = sealing_of(job, plain, ret_sealed);
	return sealing_seal(&sealing, ret_sealed + plain.size);
}

static int open(const struct job *job, uint8_t *ret_plain)
{
	struct bytes sealed = {job->sealed, job->sealed_size};
	struct bytes associated = {job->associated, job->associated_size};

	if (job->nonce_size == XAEAD_NONCE_SIZE)
		return xaead_open(job->key, job->nonce, sealed, associated, ret_plain);
	sealed.size -= AEAD_TAG_SIZE;
	struct sealing sealing = sealing_of(job, sealed, ret_plain);
	return sealing_open(&sealing, sealed.at + sealed.size);
}

/* Flips each bit of `at` in turn: none may open, none may touch the output. */
static void check_flips(const struct job *job, uint8_t *at, size_t size, const char *name)
{
	uint8_t output[512], untouched[512];
	bool refused = true;

	memset(output, 9, sizeof output);
	memset(untouched, 9, sizeof untouched);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refused &= open(job, output) == ERR_AUTHENTICATION;
		at[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	tap_ok(refused, name);
	tap_is_bytes(output, untouched, sizeof output, name);
}

static void test_published(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		uint8_t output[528];
		struct job job;
		job_of_row(i, &job);
		tap_is_int(seal(&job, output), 0, rows[i].name);
		tap_is_bytes(output, job.sealed, job.sealed_size, "as published");
		tap_is_int(open(&job, output), 0, "opens");
		tap_is_bytes(output, job.plain, job.plain_size, "as published");
		check_flips(&job, job.key, sizeof job.key, "not by another key");
		check_flips(&job, job.nonce, job.nonce_size, "nor with another nonce");
		check_flips(&job, job.associated, job.associated_size, "nor other data with it");
		check_flips(&job, job.sealed, job.sealed_size, "nor another text or tag");
	}
}

/* libcrypto's own AEAD: what ours is compared with. */
static void reference(const uint8_t *key, const uint8_t *nonce, struct bytes associated,
	struct bytes plain, uint8_t *ret_sealed)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int size;
	int done = EVP_EncryptInit_ex2(context, EVP_chacha20_poly1305(), key, nonce, NULL);

	if (associated.size > 0)
		done &= EVP_EncryptUpdate(
			context, NULL, &size, associated.at, (int)associated.size);
	if (plain.size > 0)
		done &= EVP_EncryptUpdate(context, ret_sealed, &size, plain.at, (int)plain.size);
	done &= EVP_EncryptFinal_ex(context, ret_sealed, &size);
	done &= EVP_CIPHER_CTX_ctrl(
		context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_SIZE, ret_sealed + plain.size);
	EVP_CIPHER_CTX_free(context);
	if (done != 1)
		abort();
}

static const uint8_t key[32] = {1, 2, 3};
static const uint64_t counters[] = {0, 1, 255, 0x0102030405060708, UINT64_MAX - 8192, UINT64_MAX};
static const struct bytes nothing = {NULL, 0};
static uint8_t plain[TEXT_MAX];			   /* a run */
static uint8_t text[TEXT_MAX + AEAD_TAG_SIZE + 1]; /* sealed and opened in place */
static uint8_t expected[TEXT_MAX + AEAD_TAG_SIZE]; /* sealed by the reference */

/* One packet there and back in place, by two ends that are made once. */
static bool agrees(struct aead *sender, struct aead *receiver, uint64_t counter, size_t size)
{
	uint8_t nonce[12] = {0};

	for (size_t i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(counter >> 8 * i);
	reference(key, nonce, nothing, (struct bytes){plain, size}, expected);
	memcpy(text, plain, size);
	text[size + AEAD_TAG_SIZE] = 9;
	bool sealed = aead_seal(sender, counter, text, size) == 0 &&
		      memcmp(text, expected, size + AEAD_TAG_SIZE) == 0;
	bool opened = aead_open(receiver, counter, text, size + AEAD_TAG_SIZE) == 0 &&
		      memcmp(text, plain, size) == 0;
	return sealed && opened && text[size + AEAD_TAG_SIZE] == 9;
}

/* Every size that a packet has and where pieces of key stream meet, some counters for each. */
static void test_sizes(void)
{
	struct aead *sender, *receiver;
	size_t disagree = 0;

	if (aead_new(key, &sender) < 0 || aead_new(key, &receiver) < 0)
		abort();
	for (size_t size = 0; size < TEXT_MAX; size += size < 4300 ? 1 : 61) {
		uint64_t counter = counters[size % ARRAY_LENGTH(counters)] - size % 7;
		disagree += !agrees(sender, receiver, counter, size);
	}
	tap_is_int((intmax_t)disagree, 0, "sizes at which libcrypto's own AEAD disagrees");
	disagree = 0;
	for (size_t size = 8130; size < 8260; size++)
		disagree += !agrees(sender, receiver, size, size);
	tap_is_int((intmax_t)disagree, 0, "sizes around the end of the second piece");
	tap_ok(agrees(receiver, sender, 5, 100), "each end may do both");
	aead_free(sender);
	aead_free(receiver);
	aead_free(NULL);
}

/* What is not a whole sealed text under this counter. */
static void test_refusals(void)
{
	struct aead *aead;
	bool refused = true;

	if (aead_new(key, &aead) < 0)
		abort();
	memcpy(text, plain, 64);
	tap_is_int(aead_seal(aead, 7, text, 64), 0, "a packet of 64 bytes");
	memcpy(expected, text, 80);
	for (size_t size = 0; size < 80; size++)
		refused &= aead_open(aead, 7, text, size) == ERR_AUTHENTICATION;
	tap_ok(refused, "cut short at any size");
	tap_is_int(aead_open(aead, 7, text, 81), ERR_AUTHENTICATION, "one byte more");
	tap_is_int(aead_open(aead, 6, text, 80), ERR_AUTHENTICATION, "the counter before");
	tap_is_int(aead_open(aead, 8, text, 80), ERR_AUTHENTICATION, "the counter behind");
	tap_is_bytes(text, expected, 80, "none of them touched the text");
	tap_is_int(aead_open(aead, 7, text, 80), 0, "it still opens");
	tap_is_bytes(text, plain, 64, "to what it was");
	aead_free(aead);
}

/* Handshake fields: every small size of text and of associated data. */
static void test_once(void)
{
	static const uint8_t nonce[12];
	int wrong = 0;

	for (size_t size = 0; size < 34 * 34; size++) {
		struct bytes input = {plain, size % 34}, associated = {plain, size / 34};
		struct bytes sealed = {text, input.size + AEAD_TAG_SIZE};
		uint8_t opened[34];
		reference(key, nonce, associated, input, expected);
		wrong += aead_seal_once(key, input, associated, text) != 0;
		wrong += memcmp(text, expected, sealed.size) != 0;
		wrong += aead_open_once(key, sealed, associated, opened) != 0;
		wrong += memcmp(opened, plain, input.size) != 0;
	}
	tap_is_int(wrong, 0, "once: all small sizes are as libcrypto's own AEAD");
}

static void test_once_refusals(void)
{
	const struct bytes associated = {plain, 32};
	uint8_t opened[32] = {9}, other_key[32] = {0};

	tap_is_int(aead_seal_once(key, (struct bytes){plain, 32}, associated, text), 0, "once");
	tap_is_int(aead_open_once(other_key, (struct bytes){text, 48}, associated, opened),
		ERR_AUTHENTICATION, "once: another key");
	tap_is_int(aead_open_once(key, (struct bytes){text, 48}, nothing, opened),
		ERR_AUTHENTICATION, "once: no associated data");
	tap_is_int(aead_open_once(key, (struct bytes){text, 47}, associated, opened),
		ERR_AUTHENTICATION, "once: cut short");
	tap_is_int(aead_open_once(key, (struct bytes){text, 15}, associated, opened),
		ERR_AUTHENTICATION, "once: less than a tag");
	tap_is_int(xaead_open(key, plain, (struct bytes){text, 15}, associated, opened),
		ERR_AUTHENTICATION, "xaead: less than a tag");
	tap_is_int(opened[0], 9, "none of them touched the output");
}

/* draft-irtf-cfrg-xchacha, 2.2.1. */
static void test_hchacha20(void)
{
	uint8_t long_nonce[24] = {0}, run[32], subkey[32], nonce[12], want[32];

	fill_run(run, sizeof run);
	from_hex("000000090000004a0000000031415927", long_nonce);
	memset(long_nonce + 16, 7, 8);
	from_hex("82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc", want);
	tap_is_int(xchacha20_derive(run, long_nonce, subkey, nonce), 0, "HChaCha20");
	tap_is_bytes(subkey, want, sizeof want, "HChaCha20 as published");
	tap_is_bytes(nonce, "\0\0\0\0\7\7\7\7\7\7\7\7", 12, "the nonce that goes with it");
}

int main(void)
{
	fill_run(plain, sizeof plain);
	test_published();
	test_sizes();
	test_refusals();
	test_once();
	test_once_refusals();
	test_hchacha20();
	return tap_done();
}
