/* SPDX-License-Identifier: ISC */
/*
 * What the files of this folder keep of libcrypto: algorithms fetched once per process, contexts
 * made once per thread and freed with it. Fetching or making them for each call would cost more
 * than the work itself. Not for other folders.
 */
#pragma once

#include "base/attributes.h"

#include <openssl/evp.h>

#include <stdbool.h>
#include <stdint.h>

enum {
	LIBRARY_STREAM_SIZE = 4096, /* whole blocks of 64; a packet of the usual size at once */
};

struct IMB_MGR;

/* One thread's contexts. Between calls none of them holds a secret. */
struct library {
	EVP_CIPHER_CTX *chacha20;	     /* key and nonce are set for each packet */
	EVP_MAC_CTX *poly1305;		     /* no key set */
	EVP_MD_CTX *blake2s;		     /* of this digest */
	EVP_MAC_CTX *blake2s_mac;	     /* output size set */
	EVP_PKEY *x25519_peer;		     /* a public key that is overwritten for each call */
	EVP_PKEY_CTX *x25519_import;	     /* ready for EVP_PKEY_fromdata() */
	struct IMB_MGR *ipsecmb;	     /* of libipsec-mb; NULL: there is none */
	bool ipsecmb_is_tried;		     /* made on first use: see ipsecmb.h */
	uint8_t stream[LIBRARY_STREAM_SIZE]; /* of ChaCha20; here, to spare the stack */
};

/* This thread's contexts, made on first use. Aborts where libcrypto cannot: there is no way on. */
struct library *library(void);

/* Overwrites the key of this thread's context of ChaCha20, which outlives it. */
void library_wipe_key(void);

/* Empties the thread's queue of libcrypto's errors, which nobody reads; returns `error`. */
int library_failed(int error) __attribute__((cold));
