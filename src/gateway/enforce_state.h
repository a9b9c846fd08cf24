/* SPDX-License-Identifier: ISC */
/* What enforce.c and enforce_check.c share. Internal to them. */
#pragma once

#include "gateway/elements.h"
#include "gateway/enforce.h"
#include "gateway/ruleset.h"
#include "net/nftables.h"

enum {
	ENFORCE_ERROR_SIZE = 1024, /* what the kernel or libnftables said, and zero */
};

struct enforce {
	enforce_report *report;
	void *context; /* handed to report */
	struct nftables *nftables;
	bool is_loaded;		    /* a model is in force */
	struct model_tunnel tunnel; /* of the model */
	struct elements elements;   /* of the model */
	char *listing;		    /* how the kernel lists the rules of the model */
	char *link_listing;	    /* the same, of RULESET_LINK_TABLE */
	uint32_t generation;	    /* of the firewall that was as the model has it; 0: none yet */
	uint32_t transactions;	    /* that were ours, ever */
	bool has_lingering;	    /* flows or settings wait for another try */
	char error[ENFORCE_ERROR_SIZE];
};

/* Keeps what failed and why, for enforce_error(); returns the code. */
int enforce_failed(struct enforce *enforce, int code, const char *what);

/* Reads all elements that are in the kernel; sets that are not there are empty. -errno. */
int enforce_read(struct enforce *enforce, struct elements *ret_elements) must_check;

/* Makes rules and elements what they should be, whatever is there. -errno. */
int enforce_write(struct enforce *enforce, const struct model_tunnel *tunnel,
	const struct elements *to, struct enforce_result *ret_result) must_check;

/* Deletes the flows that the model does not grant, and counts them. -errno. */
int enforce_cut(struct enforce *enforce, size_t *ret_count) must_check;

/* Makes the settings that targets need; reports and counts those that were not. -errno. */
int enforce_settle(struct enforce *enforce) must_check;
