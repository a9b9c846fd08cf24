/* SPDX-License-Identifier: ISC */
/*
 * The firewall's own language, by libnftables, in the network namespace of the calling thread. One
 * text is one transaction: the kernel takes all of it or nothing. Elements of sets go by
 * net/nftset.h, which costs a tenth of it. One thread at a time.
 */
#pragma once

#include "base/attributes.h"

struct nftables;

/* -ENOMEM. Release by nftables_close(). */
int nftables_open(struct nftables **ret_nftables) must_check;

/* Accepts NULL. */
void nftables_close(struct nftables *nftables);

/*
 * Runs one text as one transaction. -EPERM: not allowed; -EINVAL: it was refused, nothing has
 * changed, and nftables_error() says what and where.
 */
int nftables_run(struct nftables *nftables, const char *text) must_check;

/*
 * Lists one table, such as "inet tacet", without elements of sets, handles and numbers of
 * counters: what is the same in two listings is the same in the kernel. The caller frees it; ""
 * where there is no such table. -EPERM, -EINVAL as above.
 */
int nftables_list(struct nftables *nftables, const char *table, char **ret_text) must_check;

/* Lists all tables in the same way. The caller frees it. Errors as above. */
int nftables_list_all(struct nftables *nftables, char **ret_text) must_check;

/* What the last call that failed was told; "" if it did not. Borrowed until the next call. */
const char *nftables_error(const struct nftables *nftables);
