/* SPDX-License-Identifier: ISC */
/*
 * A controller in a thread of its own, with a store in a directory of its own, and a parent that
 * says what the test has it say. The test asks over HTTP, as the CLI and devices do.
 */
#pragma once

#include "control/caller.h"
#include "controller/state.h"
#include "store/store_lab.h"

#include <pthread.h>

/* The last plan that the parent got whole. */
struct lab_plan {
	struct message_plan head;
	struct message_peer *peers;
	struct message_device *devices;
	struct message_grant *grants;
};

enum {
	LAB_ASKERS = 64,
};

enum controller_lab_where {
	LAB_WITHIN, /* in a thread */
	LAB_APART,  /* in a process, as tacetd runs it: in its sandbox */
};

struct controller_lab {
	enum controller_lab_where where;
	pid_t pid;	/* apart */
	struct lab lab; /* the store is closed while the controller has it */
	struct config config;
	uv_loop_t loop;
	pthread_t thread;
	uv_async_t wake; /* of the loop: to end, or to answer what was held */
	struct controller controller;
	struct channel *parent;
	struct caller *local;
	uint16_t control_port, enrol_port;
	int sockets[3];

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct lab_plan coming, plan;
	size_t plans; /* how many were whole */
	bool is_held; /* plans are not answered until it is not */
	bool is_owing;
	bool is_ending;
	int error; /* that plans are answered with */
	struct message_peer_status status_peer;
	struct address asker;		   /* who asks at the tunnel's ports */
	struct address askers[LAB_ASKERS]; /* who asks from 127.0.1.N */
};

/* Fills the store by the function, then starts. */
void controller_lab_start(struct controller_lab *lab, enum controller_lab_where where,
	void (*fill)(struct store *store));

/* Stops the controller; its exit code. The store is open again, and the world still there. */
int controller_lab_stop(struct controller_lab *lab);

/* Removes all. */
void controller_lab_end(struct controller_lab *lab);

/* Asks over the local socket; consumes body. The status, and the answer or problem: the caller's.
 */
unsigned controller_lab_ask(struct controller_lab *lab, const char *method, const char *path,
	json_t *body, json_t **ret_json);

/* As that, at a port of the tunnel, as the device at an address. */
unsigned controller_lab_ask_tunnel(struct controller_lab *lab, uint16_t port, const char *method,
	const char *path, json_t *body, json_t **ret_json);
void controller_lab_be(struct controller_lab *lab, const struct address *address);

/* Whether the parent gets a plan with so many peers within some seconds. */
bool controller_lab_wait_peers(struct controller_lab *lab, size_t peers);

/* Whether plans are held from now on, and what they are answered with. */
void controller_lab_hold(struct controller_lab *lab, bool held, int error);

/* The role of the device at an IPv4 address in the last plan; 0: none. */
uint32_t controller_lab_role(struct controller_lab *lab, const char *ipv4);
size_t controller_lab_plans(struct controller_lab *lab);
