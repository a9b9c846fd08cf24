/* SPDX-License-Identifier: ISC */
#include "crypto/ipsecmb.h"

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/library.h"
#include "crypto/method.h"

#include <intel-ipsec-mb.h>

/*
 * A manager that leaves no secret behind in registers and on the stack, looks at what it is given,
 * and has passed the library's test of itself.
 */
static bool is_sound(const IMB_MGR *manager)
{
	const uint64_t wanted =
		IMB_FEATURE_SAFE_DATA | IMB_FEATURE_SAFE_PARAM | IMB_FEATURE_SELF_TEST_PASS;

	return (manager->features & wanted) == wanted;
}

struct IMB_MGR *ipsecmb_new(void)
{
	IMB_MGR *manager = alloc_mb_mgr(0);

	if (!manager)
		return NULL;
	init_mb_mgr_auto(manager, NULL);
	if (imb_get_errno(manager) == 0 && is_sound(manager))
		return manager;
	free_mb_mgr(manager);
	return NULL;
}

void ipsecmb_free(struct IMB_MGR *manager)
{
	if (manager)
		free_mb_mgr(manager);
}

bool ipsecmb_is_usable(void)
{
	struct library *mine = library();

	if (!mine->ipsecmb_is_tried) {
		mine->ipsecmb = ipsecmb_new();
		mine->ipsecmb_is_tried = true;
	}
	return mine->ipsecmb;
}

/* Does one, in place; the manager has no secret but where the key lies. */
static int submit(const struct aead_job *job, size_t size, IMB_CIPHER_DIRECTION direction,
	uint8_t ret_tag[static AEAD_TAG_SIZE])
{
	IMB_MGR *manager = library()->ipsecmb;
	IMB_JOB *work = IMB_GET_NEXT_JOB(manager);
	uint8_t nonce[12];

	method_nonce(job->counter, nonce);
	work->cipher_mode = IMB_CIPHER_CHACHA20_POLY1305;
	work->hash_alg = IMB_AUTH_CHACHA20_POLY1305;
	work->cipher_direction = direction;
	work->chain_order =
		direction == IMB_DIR_ENCRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
	work->enc_keys = job->aead->key;
	work->dec_keys = job->aead->key;
	work->key_len_in_bytes = AEAD_KEY_SIZE;
	work->iv = nonce;
	work->iv_len_in_bytes = sizeof nonce;
	work->src = job->text;
	work->dst = job->text;
	work->cipher_start_src_offset_in_bytes = 0;
	work->msg_len_to_cipher_in_bytes = size;
	work->hash_start_src_offset_in_bytes = 0;
	work->msg_len_to_hash_in_bytes = size;
	work->u.CHACHA20_POLY1305.aad = NULL;
	work->u.CHACHA20_POLY1305.aad_len_in_bytes = 0;
	work->auth_tag_output = ret_tag;
	work->auth_tag_output_len_in_bytes = AEAD_TAG_SIZE;
	/* One at a time is done when this returns: the library has no lanes for this cipher. */
	work = IMB_SUBMIT_JOB(manager);
	if (!work)
		work = IMB_FLUSH_JOB(manager);
	return work && work->status == IMB_STATUS_COMPLETED ? 0 : ERR_CRYPTO;
}

static int open(const struct aead_job *job)
{
	uint8_t tag[AEAD_TAG_SIZE] = {0}, unused[AEAD_TAG_SIZE];

	if (job->size < AEAD_TAG_SIZE)
		return ERR_AUTHENTICATION;
	size_t size = job->size - AEAD_TAG_SIZE;
	int result = submit(job, size, IMB_DIR_DECRYPT, tag);
	if (result < 0)
		return result;
	if (bytes_equal(tag, job->text + size, sizeof tag))
		return 0;
	/* The library decrypts at once: mix it again, and the text is as it was. */
	result = submit(job, size, IMB_DIR_ENCRYPT, unused);
	return result < 0 ? result : ERR_AUTHENTICATION;
}

void ipsecmb_seal(struct aead_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct aead_job *job = &jobs[i];
		job->result = submit(job, job->size, IMB_DIR_ENCRYPT, job->text + job->size);
	}
}

void ipsecmb_open(struct aead_job *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		jobs[i].result = open(&jobs[i]);
}
