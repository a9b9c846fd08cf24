/* SPDX-License-Identifier: ISC */
/* What can be asked where: docs/api.md as tables. One file for each noun. */
#pragma once

#include "controller/state.h"

/* The table of a listener, and how many routes it has; static. */
const struct server_route *routes_of(enum message_listener listener, size_t *ret_count);

server_handler status_get;
server_handler network_get, network_put_endpoint;
server_handler users_get, users_post, users_delete;
server_handler groups_get, groups_post, groups_delete, groups_post_member, groups_delete_member;
server_handler services_get, services_post, services_delete;
server_handler policy_get, policy_put;
server_handler invites_get, invites_post, invites_delete;
server_handler devices_get, devices_post, devices_delete;
server_handler devices_approve, devices_quarantine, devices_release;
server_handler audit_get, audit_verify;
server_handler backup_get;

/* The devices of a status, those that are connected first. The caller's. */
json_t *devices_list(struct controller *controller);

/*
 * Whether the policy means the same still once the model is this, to which names were added: a new
 * name may make another ambiguous, or be defined otherwise in the file. False: it was refused.
 */
bool policy_bears(struct controller *controller, struct server_request *request,
	const struct policy_model *changed) must_check;
