/* SPDX-License-Identifier: ISC */
/*
 * UDP packets from one network namespace to another, numbered, at a steady rate, and counted where
 * they arrive: what iperf3 is too slow for. Both ends in one process, so they share a clock.
 */
#pragma once

#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TRAFFIC_SIZE_MIN = 16, /* trial and number */
	TRAFFIC_SIZE_MAX = 9000,
};

/* The two sockets. */
struct traffic {
	int source; /* connected to the sink */
	int sink;
};

/* What to send. */
struct trial {
	size_t size;	      /* of the payload, bytes */
	double rate;	      /* packets a second; 0: as fast as it goes */
	uint64_t duration_ns; /* for so long */
	bool is_segmented;    /* many packets a call, cut by the kernel; as fast as it goes */
};

/* What became of it. */
struct trial_result {
	uint64_t sent, received;     /* different packets */
	uint64_t duplicates, passed; /* came twice; came after a later one */
	double sent_rate;	     /* packets a second: a source that is late sends fewer */
	double received_rate;	     /* between the first and the last to arrive */
};

/*
 * Opens both: namespaces by their names for ip-netns(8), the sink at an IPv4 address of its own.
 * Leaves the thread in the sink's namespace. -errno.
 */
int traffic_open(const char *from, const char *to, const char *address,
	struct traffic *ret_traffic) must_check;

/* Sends and counts; returns when nothing comes any more. -errno. */
int traffic_run(const struct traffic *traffic, const struct trial *trial,
	struct trial_result *ret_result) must_check;

/* The share of packets lost, 0 to 1; all of them where none was sent. */
double traffic_loss(const struct trial_result *result);

/*
 * Sends one packet at a time and waits for it to come back, for so long; the times, unsorted, in
 * nanoseconds. How many, at most room; -ETIMEDOUT: more than one of a hundred was lost; -errno.
 */
int traffic_ping(const struct traffic *traffic, const struct trial *trial, size_t room,
	uint64_t *ret_times_ns) must_check;
