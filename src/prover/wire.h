/* SPDX-License-Identifier: ISC */
/*
 * The link: frames go out as they are (AF_PACKET), and what passes is seen, by a socket of its own
 * with a filter for the target's addresses. Needs CAP_NET_RAW. One thread; blocks in wire_wait()
 * only.
 */
#pragma once

#include "prover/packet.h"
#include "prover/scene.h"

struct wire;

/* What passed; borrowed until the next call. */
struct wire_frame {
	const uint8_t *bytes;
	size_t size;	  /* that are there */
	size_t wire_size; /* that passed */
	bool is_ours;	  /* this host sent it */
	uint64_t at_ns;	  /* when it passed by the kernel's clock, CLOCK_REALTIME */
};

/* On the interface of the scene's paths. -EPERM; -errno. Release by wire_close(). */
int wire_open(const struct scene *scene, struct wire **ret_wire) must_check;

/* Accepts NULL. */
void wire_close(struct wire *wire);

/* -ENOBUFS: the interface's queue is full; -EMSGSIZE; -errno. */
int wire_send(struct wire *wire, const struct packet *packet) must_check;

/*
 * Many at once, as fast as they go, past the interface's queue: our own capture does not see them.
 * How many were sent; -errno where it was none.
 */
int wire_burst(struct wire *wire, struct packet *packets, unsigned count) must_check;

/* 1: a frame; 0: none is waiting; -errno. */
int wire_next(struct wire *wire, struct wire_frame *ret_frame) must_check;

/* Waits until something passes, at most so long. */
void wire_wait(struct wire *wire, unsigned ms);
void wire_wait_ns(struct wire *wire, uint64_t ns);

/* How many frames passed unseen since the last call, for want of room. */
unsigned wire_lost(struct wire *wire);
