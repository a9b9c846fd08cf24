/* SPDX-License-Identifier: ISC */
#include "crypto/x25519.h"

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/library.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <errno.h>
#include <stdlib.h>

struct x25519_private {
	EVP_PKEY *key;
	EVP_PKEY_CTX *derive; /* ready for EVP_PKEY_derive() */
};

/* The key pair; libcrypto computes the public half. */
static EVP_PKEY *import(const uint8_t private_key[static X25519_KEY_SIZE])
{
	union {
		const uint8_t *from;
		void *to;
	} unconst = {.from = private_key}; /* libcrypto only reads it */
	OSSL_PARAM parts[] = {
		OSSL_PARAM_construct_octet_string(
			OSSL_PKEY_PARAM_PRIV_KEY, unconst.to, X25519_KEY_SIZE),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key = NULL;

	if (EVP_PKEY_fromdata(library()->x25519_import, &key, EVP_PKEY_KEYPAIR, parts) != 1)
		return NULL;
	return key;
}

int x25519_private_new(const uint8_t private_key[static X25519_KEY_SIZE],
	struct x25519_private **ret_private, uint8_t ret_public[static X25519_KEY_SIZE])
{
	struct x25519_private *private = calloc(1, sizeof *private);
	size_t size = X25519_KEY_SIZE;
	uint8_t public[X25519_KEY_SIZE];

	if (!private)
		return -ENOMEM;
	private->key = import(private_key);
	if (!private->key)
		goto err_free;
	private->derive = EVP_PKEY_CTX_new_from_pkey(NULL, private->key, NULL);
	if (!private->derive || EVP_PKEY_derive_init(private->derive) != 1)
		goto err_free;
	if (EVP_PKEY_get_raw_public_key(private->key, public, &size) != 1)
		goto err_free;
	memcpy(ret_public, public, sizeof public);
	*ret_private = private;
	return 0;
err_free:
	x25519_private_free(private);
	return library_failed(ERR_CRYPTO);
}

void x25519_private_free(struct x25519_private *private)
{
	if (!private)
		return;
	EVP_PKEY_CTX_free(private->derive);
	EVP_PKEY_free(private->key); /* wipes it */
	free(private);
}

int x25519_shared(struct x25519_private *private, const uint8_t public_key[static X25519_KEY_SIZE],
	uint8_t ret_shared[static X25519_KEY_SIZE])
{
	EVP_PKEY *peer = library()->x25519_peer;
	uint8_t shared[X25519_KEY_SIZE];
	size_t size = sizeof shared;

	if (EVP_PKEY_set1_encoded_public_key(peer, public_key, X25519_KEY_SIZE) != 1 ||
		EVP_PKEY_derive_set_peer_ex(private->derive, peer, 0) != 1)
		return library_failed(ERR_CRYPTO);
	if (EVP_PKEY_derive(private->derive, shared, &size) != 1 ||
		bytes_are_zero(shared, sizeof shared))
		return library_failed(ERR_WEAK_KEY);
	memcpy(ret_shared, shared, sizeof shared);
	bytes_wipe(shared, sizeof shared);
	return 0;
}

void x25519_clamp(uint8_t private_key[static X25519_KEY_SIZE])
{
	private_key[0] &= 248;
	private_key[31] &= 127;
	private_key[31] |= 64;
}
