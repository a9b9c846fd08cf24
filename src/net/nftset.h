/* SPDX-License-Identifier: ISC */
/*
 * Elements of nftables' sets and maps, by netlink: many in one transaction, and all that are there.
 * Bytes are as the kernel has them: parts of a concatenation each padded to four. In the network
 * namespace of the calling thread; never blocks. Why not by libnftables:
 * docs/decisions/elements.md.
 */
#pragma once

#include "base/attributes.h"

#include <stddef.h>
#include <stdint.h>

enum {
	NFTSET_KEY_SIZE = 28,  /* the longest: a number, an IPv6 address, protocol, port */
	NFTSET_DATA_SIZE = 20, /* the longest: an IPv6 address, a port */
};

/* A set or map of a table of family inet. */
struct nftset {
	const char *table;
	const char *name;
	uint8_t key_bytes;
	uint8_t data_bytes; /* 0: a set */
};

/* Behind their lengths zero, so that elements compare as bytes. */
struct nftset_element {
	uint8_t key[NFTSET_KEY_SIZE];
	uint8_t data[NFTSET_DATA_SIZE];
};

struct nftset_batch;

/* An empty transaction. Release by nftset_batch_free(). */
struct nftset_batch *nftset_batch_new(void);

/* Accepts NULL. */
void nftset_batch_free(struct nftset_batch *batch);

/* It is done in the order of the calls. Borrows `set` until the batch is freed. */
void nftset_batch_add(
	struct nftset_batch *batch, const struct nftset *set, const struct nftset_element *element);
void nftset_batch_delete(
	struct nftset_batch *batch, const struct nftset *set, const struct nftset_element *element);

/*
 * Has the kernel do all of it or nothing; to be called once. -ENOENT: no such table, set, or
 * element to delete; -EEXIST: the key has other data; -EPERM; other -errno.
 */
int nftset_batch_commit(struct nftset_batch *batch) must_check;

/* Borrows the element for the call; not 0: stop. */
typedef int nftset_visit(void *context, const struct nftset_element *element);

/* Visits all elements, in no order. -ENOENT: no such set; -EINTR: it changed; other -errno. */
int nftset_dump(const struct nftset *set, nftset_visit *visit, void *context) must_check;

/*
 * The number of transactions that this network namespace has had, whoever made them, of tables,
 * chains, rules and elements: while it is the same, so is the whole of the firewall. -errno.
 */
int nftset_generation(uint32_t *ret_generation) must_check;
