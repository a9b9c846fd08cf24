/* SPDX-License-Identifier: ISC */
#include "controller/routes.h"

#include "controller/enrol.h"
#include "controller/gateways.h"
#include "controller/netmaps.h"

static const struct server_route local[] = {
	{"GET", "/v1/status", SERVER_BODY_NONE, api_status_get},
	{"GET", "/v1/radar", SERVER_BODY_NONE, api_radar_get},
	{"DELETE", "/v1/radar", SERVER_BODY_NONE, api_radar_delete},
	{"GET", "/v1/network", SERVER_BODY_NONE, api_network_get},
	{"PUT", "/v1/network/endpoint", SERVER_BODY_JSON, api_network_put_endpoint},
	{"GET", "/v1/users", SERVER_BODY_NONE, api_users_get},
	{"POST", "/v1/users", SERVER_BODY_JSON, api_users_post},
	{"DELETE", "/v1/users/{}", SERVER_BODY_NONE, api_users_delete},
	{"GET", "/v1/groups", SERVER_BODY_NONE, api_groups_get},
	{"POST", "/v1/groups", SERVER_BODY_JSON, api_groups_post},
	{"DELETE", "/v1/groups/{}", SERVER_BODY_NONE, api_groups_delete},
	{"POST", "/v1/groups/{}/members", SERVER_BODY_JSON, api_groups_post_member},
	{"DELETE", "/v1/groups/{}/members/{}", SERVER_BODY_NONE, api_groups_delete_member},
	{"GET", "/v1/gateways", SERVER_BODY_NONE, api_gateways_get},
	{"DELETE", "/v1/gateways/{}", SERVER_BODY_NONE, api_gateways_delete},
	{"GET", "/v1/services", SERVER_BODY_NONE, api_services_get},
	{"POST", "/v1/services", SERVER_BODY_JSON, api_services_post},
	{"DELETE", "/v1/services/{}", SERVER_BODY_NONE, api_services_delete},
	{"GET", "/v1/policy", SERVER_BODY_NONE, api_policy_get},
	{"PUT", "/v1/policy", SERVER_BODY_TEXT, api_policy_put},
	{"GET", "/v1/invites", SERVER_BODY_NONE, api_invites_get},
	{"POST", "/v1/invites", SERVER_BODY_JSON, api_invites_post},
	{"DELETE", "/v1/invites/{}", SERVER_BODY_NONE, api_invites_delete},
	{"GET", "/v1/devices", SERVER_BODY_NONE, api_devices_get},
	{"POST", "/v1/devices", SERVER_BODY_JSON, api_devices_post},
	{"POST", "/v1/devices/{}/{}/approve", SERVER_BODY_NONE, api_devices_approve},
	{"POST", "/v1/devices/{}/{}/quarantine", SERVER_BODY_NONE, api_devices_quarantine},
	{"POST", "/v1/devices/{}/{}/release", SERVER_BODY_NONE, api_devices_release},
	{"DELETE", "/v1/devices/{}/{}", SERVER_BODY_NONE, api_devices_delete},
	{"GET", "/v1/knock", SERVER_BODY_NONE, api_knock_get},
	{"PUT", "/v1/knock", SERVER_BODY_JSON, api_knock_put},
	{"POST", "/v1/knock/rotate", SERVER_BODY_NONE, api_knock_rotate},
	{"GET", "/v1/audit", SERVER_BODY_NONE, api_audit_get},
	{"GET", "/v1/audit/verify", SERVER_BODY_NONE, api_audit_verify},
	{"GET", "/v1/backup", SERVER_BODY_NONE, api_backup_get},
};

static const struct server_route control[] = {
	{"GET", "/v1/netmap", SERVER_BODY_NONE, netmaps_get},
	{"GET", "/v1/plan", SERVER_BODY_NONE, gateways_get_plan},
};

static const struct server_route enrolment[] = {
	{"POST", "/v1/enrol", SERVER_BODY_JSON, enrol_post},
};

const struct server_route *routes_of(enum message_listener listener, size_t *ret_count)
{
	switch (listener) {
	case MESSAGE_LISTENER_LOCAL:
		*ret_count = ARRAY_LENGTH(local);
		return local;
	case MESSAGE_LISTENER_CONTROL_IPV4:
	case MESSAGE_LISTENER_CONTROL_IPV6:
		*ret_count = ARRAY_LENGTH(control);
		return control;
	case MESSAGE_LISTENER_ENROL_IPV4:
	case MESSAGE_LISTENER_ENROL_IPV6:
		*ret_count = ARRAY_LENGTH(enrolment);
		return enrolment;
	case MESSAGE_LISTENERS_ALL:
		break;
	}
	*ret_count = 0;
	return NULL;
}
