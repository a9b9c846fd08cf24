/* SPDX-License-Identifier: ISC */
/* What can be asked where: docs/api.md as tables. One file for each noun. */
#pragma once

#include "controller/state.h"

/* The table of a listener, and how many routes it has; static. */
const struct server_route *routes_of(enum message_listener listener, size_t *ret_count);

server_handler api_status_get;
server_handler api_radar_get, api_radar_delete;
server_handler api_network_get, api_network_put_endpoint;
server_handler api_users_get, api_users_post, api_users_delete;
server_handler api_groups_get, api_groups_post, api_groups_delete, api_groups_post_member,
	api_groups_delete_member;
server_handler api_services_get, api_services_post, api_services_delete;
server_handler api_gateways_get, api_gateways_delete;
server_handler api_policy_get, api_policy_put;
server_handler api_invites_get, api_invites_post, api_invites_delete;
server_handler api_devices_get, api_devices_post, api_devices_delete;
server_handler api_devices_approve, api_devices_quarantine, api_devices_release;
server_handler api_knock_get, api_knock_put, api_knock_rotate;
server_handler api_audit_get, api_audit_verify;
server_handler api_backup_get;

/* The devices of a status, those that are connected first. The caller's. */
json_t *devices_list(struct controller *controller);

/*
 * Whether the policy means the same still once the model is this, to which names were added: a new
 * name may make another ambiguous, or be defined otherwise in the file. False: it was refused.
 */
bool policy_bears(struct controller *controller, struct server_request *request,
	const struct policy_model *changed) must_check;
