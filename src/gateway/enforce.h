/* SPDX-License-Identifier: ISC */
/*
 * Holds a model in force: the rules and elements in the kernel, the sysctls that targets need, and
 * the end of flows that are no longer granted. Works in the network namespace of the calling
 * thread; one thread at a time. The kernel goes on enforcing when this is closed, or its process
 * dies; the next one takes over what is there without a packet seeing a difference.
 */
#pragma once

#include "gateway/model.h"

struct enforce;

/* Told each difference that was found and repaired, one line, and each setting that was changed. */
typedef void enforce_report(void *context, const char *what);

/* What one application did. */
struct enforce_result {
	size_t added; /* elements */
	size_t deleted;
	size_t flows_cut;
};

/* Touches nothing yet. -ENOMEM. Release by enforce_close(). */
int enforce_open(enforce_report *report, void *context, struct enforce **ret_enforce) must_check;

/* Leaves what is in force. Accepts NULL. */
void enforce_close(struct enforce *enforce);

/*
 * Puts a model in force: what differs from the one before, in one transaction. When this returns
 * success, no packet passes that it does not grant. Errors of the model are those of
 * elements_build(); -EPERM, -EINVAL, other -errno: the kernel refused, enforce_error() says what,
 * and the former model is in force. -EAGAIN: the model is in force, but flows that it does not
 * grant could not be deleted, or a setting that targets need could not be made; enforce_check()
 * tries again.
 */
int enforce_apply(struct enforce *enforce, const struct model *model,
	struct enforce_result *ret_result) must_check;

/*
 * Compares what is in the kernel with the model in force, repairs and reports what differs. Costs
 * 0.05 ms while nobody has touched the firewall, so call it several times a second: who reloads the
 * rules of the host with `flush ruleset` opens it for as long as this takes to come by. The number
 * of differences; 0 too before the first model; negative: it could not be looked at or repaired,
 * enforce_error() says what.
 */
int enforce_check(struct enforce *enforce) must_check;

/* Takes all of it out of the kernel, flows included; sysctls stay. -errno. */
int enforce_remove(struct enforce *enforce) must_check;

/* What the last call that failed was told; "" if there was nothing. Borrowed until the next call.
 */
const char *enforce_error(const struct enforce *enforce);
