/* SPDX-License-Identifier: ISC */
#include "crypto/library.h"

#include "base/error.h"
#include "crypto/blake2s.h"
#include "crypto/ipsecmb.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* Of the process: never freed, for other threads may still use them at exit. */
static struct {
	EVP_CIPHER *chacha20;
	EVP_MAC *poly1305;
	EVP_MD *blake2s;
	EVP_MAC *blake2s_mac;
	pthread_key_t thread_end; /* its destructor frees a thread's contexts */
} fetched;

static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;
static _Thread_local struct library *of_thread; /* NULL until first use */

/* Aborts where something of libcrypto's could not be had. */
static void need(bool there)
{
	if (!there)
		abort();
}

static void free_of_thread(void *pointer)
{
	struct library *library = pointer;

	EVP_CIPHER_CTX_free(library->chacha20);
	EVP_MAC_CTX_free(library->poly1305);
	EVP_MD_CTX_free(library->blake2s);
	EVP_MAC_CTX_free(library->blake2s_mac);
	EVP_PKEY_free(library->x25519_peer);
	EVP_PKEY_CTX_free(library->x25519_import);
	ipsecmb_free(library->ipsecmb);
	free(library);
	of_thread = NULL;
}

static void fetch(void)
{
	fetched.chacha20 = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL);
	fetched.poly1305 = EVP_MAC_fetch(NULL, "POLY1305", NULL);
	fetched.blake2s = EVP_MD_fetch(NULL, "BLAKE2S-256", NULL);
	fetched.blake2s_mac = EVP_MAC_fetch(NULL, "BLAKE2SMAC", NULL);
	need(fetched.chacha20 && fetched.poly1305);
	need(fetched.blake2s && fetched.blake2s_mac);
	need(pthread_key_create(&fetched.thread_end, free_of_thread) == 0);
}

static void fetch_once(void)
{
	need(pthread_once(&fetched_once, fetch) == 0);
}

static EVP_CIPHER_CTX *new_chacha20(void)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	if (context && EVP_EncryptInit_ex2(context, fetched.chacha20, NULL, NULL, NULL) == 1)
		return context;
	EVP_CIPHER_CTX_free(context);
	return NULL;
}

static EVP_MD_CTX *new_blake2s(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	need(context && EVP_DigestInit_ex2(context, fetched.blake2s, NULL));
	return context;
}

static EVP_MAC_CTX *new_blake2s_mac(void)
{
	size_t size = BLAKE2S_MAC_SIZE;
	const OSSL_PARAM sized[] = {
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(fetched.blake2s_mac);

	need(context && EVP_MAC_CTX_set_params(context, sized));
	return context;
}

static EVP_PKEY *new_x25519_peer(void)
{
	static const uint8_t base_point[32] = {9};
	EVP_PKEY *peer =
		EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, base_point, sizeof base_point);

	need(peer);
	return peer;
}

static EVP_PKEY_CTX *new_x25519_import(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);

	need(context && EVP_PKEY_fromdata_init(context) == 1);
	return context;
}

struct library *library(void)
{
	if (of_thread)
		return of_thread;
	fetch_once();
	of_thread = calloc(1, sizeof *of_thread);
	need(of_thread);
	*of_thread = (struct library){
		.chacha20 = new_chacha20(),
		.poly1305 = EVP_MAC_CTX_new(fetched.poly1305),
		.blake2s = new_blake2s(),
		.blake2s_mac = new_blake2s_mac(),
		.x25519_peer = new_x25519_peer(),
		.x25519_import = new_x25519_import(),
	};
	need(of_thread->chacha20 && of_thread->poly1305);
	need(pthread_setspecific(fetched.thread_end, of_thread) == 0);
	return of_thread;
}

void library_wipe_key(void)
{
	static const uint8_t none[32];

	need(EVP_EncryptInit_ex2(library()->chacha20, NULL, none, none, NULL) == 1);
}

int library_failed(int error)
{
	ERR_clear_error();
	return error;
}
