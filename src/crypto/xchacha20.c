/* SPDX-License-Identifier: ISC */
#include "crypto/xchacha20.h"

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/library.h"

enum {
	BLOCK_SIZE = 64,	 /* of ChaCha20's key stream: RFC 8439, section 2.3 */
	HCHACHA_NONCE_SIZE = 16, /* laid over counter and nonce of the initial state */
};

/* The first 64 bytes of ChaCha20's key stream; `nonce` is the state's last row. */
static int key_stream(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static HCHACHA_NONCE_SIZE], uint8_t ret_stream[static BLOCK_SIZE])
{
	static const uint8_t zero[BLOCK_SIZE], no_key[AEAD_KEY_SIZE];
	EVP_CIPHER_CTX *context = library()->chacha20;
	int size;

	if (EVP_EncryptInit_ex2(context, NULL, key, nonce, NULL) != 1 ||
		EVP_EncryptUpdate(context, ret_stream, &size, zero, sizeof zero) != 1 ||
		EVP_EncryptInit_ex2(context, NULL, no_key, no_key, NULL) != 1)
		return library_failed(ERR_CRYPTO);
	return 0;
}

/*
 * HChaCha20 by a ChaCha20 that cannot do it: both run the same 20 rounds over the same initial
 * state, rows of constants, key, key, nonce. ChaCha20 then adds the initial state to the result,
 * word by word; HChaCha20 does not, and gives the first and the last row. All of those initial
 * words are known: so subtract them again.
 */
static int hchacha20(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static HCHACHA_NONCE_SIZE], uint8_t ret_key[static AEAD_KEY_SIZE])
{
	static const uint8_t constants[] = "expand 32-byte k";
	uint8_t stream[BLOCK_SIZE];

	int result = key_stream(key, nonce, stream);
	if (result < 0)
		return result;
	for (size_t i = 0; i < 16; i += 4) {
		store_le32(ret_key + i, load_le32(stream + i) - load_le32(constants + i));
		store_le32(ret_key + 16 + i, load_le32(stream + 48 + i) - load_le32(nonce + i));
	}
	bytes_wipe(stream, sizeof stream);
	return 0;
}

int xchacha20_derive(const uint8_t key[static AEAD_KEY_SIZE],
	const uint8_t nonce[static XAEAD_NONCE_SIZE], uint8_t ret_key[static AEAD_KEY_SIZE],
	uint8_t ret_nonce[static SEALING_NONCE_SIZE])
{
	int result = hchacha20(key, nonce, ret_key);
	if (result < 0)
		return result;
	memset(ret_nonce, 0, 4);
	memcpy(ret_nonce + 4, nonce + HCHACHA_NONCE_SIZE, XAEAD_NONCE_SIZE - HCHACHA_NONCE_SIZE);
	return 0;
}
