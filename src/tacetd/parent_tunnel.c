/* SPDX-License-Identifier: ISC */
/* The tunnel as the kernel has it: device, addresses, and the sockets in it. */
#include "base/error.h"
#include "base/log.h"
#include "engine/uapi_socket.h"
#include "net/netif.h"
#include "net/tun.h"
#include "tacetd/parent_state.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* What the usual reasons for a TUN device not to come into being ask for. */
static const char *advice(int err)
{
	if (err == -EEXIST)
		return "; an interface of this name is there and is not ours: see ip -details "
		       "link, then ip link delete, or choose another name in the configuration";
	if (err == -EPERM || err == -EACCES)
		return "; it takes root, or CAP_NET_ADMIN";
	if (err == -ENOENT || err == -ENODEV || err == -ENXIO)
		return "; there is no /dev/net/tun: load the tun module, or make it known here";
	return "";
}

/* A gateway is in the overlay; a device is itself alone, and has routes to what it may reach. */
static size_t list_addresses(const struct parent *parent, struct netif_address ret_addresses[2])
{
	const struct message_tunnel *tunnel = &parent->tunnel;
	bool is_gateway = parent_is_gateway(parent);
	size_t count = 0;

	if (tunnel->ipv4.family != ADDRESS_NONE)
		ret_addresses[count++] = (struct netif_address){tunnel->ipv4,
			is_gateway ? tunnel->overlay_ipv4.length : address_bits(ADDRESS_IPV4)};
	if (tunnel->ipv6.family != ADDRESS_NONE)
		ret_addresses[count++] = (struct netif_address){tunnel->ipv6,
			is_gateway ? tunnel->overlay_ipv6.length : address_bits(ADDRESS_IPV6)};
	return count;
}

static bool make_device(struct parent *parent)
{
	const char *name = parent->config->interface;
	struct netif_address addresses[2];
	size_t count = list_addresses(parent, addresses);

	int err = netif_make_tun(name, parent->config->workers);
	if (err < 0) {
		log_err(err, "%s: cannot make the interface%s", name, advice(err));
		return false;
	}
	parent->has_device = true;
	if (parent->tunnel.ipv6.family != ADDRESS_NONE && netif_admit_ipv6(name) > 0)
		log_info(0, "%s: IPv6 is disabled on this host; it is enabled in the tunnel", name);
	err = netif_set_up(name, TUN_DEFAULT_MTU);
	if (err == 0)
		err = netif_set_addresses(name, addresses, count);
	if (err < 0)
		log_err(err, "%s: cannot give the interface its addresses%s", name,
			err == -EOPNOTSUPP ? "; this kernel has no IPv6" : "");
	return err == 0;
}

/* The sockets in the tunnel, again where the device was made anew: they are bound to it. */
static bool listen_inside(struct parent *parent)
{
	const char *name = parent->config->interface;
	unsigned index = if_nametoindex(name);
	struct endpoint failed;
	char text[ENDPOINT_TEXT_SIZE];

	if (index == parent->interface_index)
		return true;
	int err = listeners_open_tunnel(&parent->listeners, name, &parent->tunnel, &failed);
	if (err < 0) {
		log_err(err, "%s: cannot listen at %s", name, endpoint_format(&failed, text));
		return false;
	}
	parent->interface_index = index;
	return true;
}

static void send_listeners(const struct parent *parent)
{
	struct message_listeners message;
	int fds[MESSAGE_LISTENERS_ALL];
	unsigned count = listeners_list(&parent->listeners, &message, fds);

	if (parent->control.channel)
		channel_send_fds(parent->control.channel, MESSAGE_LISTENERS, &message, fds, count);
}

bool parent_make_tunnel(struct parent *parent)
{
	unsigned former = parent->interface_index;

	if (!make_device(parent) || !listen_inside(parent))
		return false;
	if (former && former != parent->interface_index)
		send_listeners(parent);
	if (parent_is_gateway(parent) || !parent->plan)
		return true;
	int err = parent_plan_routes(parent, parent->plan);
	if (err < 0)
		log_err(err, "%s: cannot make its routes", parent->config->interface);
	return err == 0;
}

/* What control says, checked; a device has no ports of its own. ERR_RANGE, ERR_SYNTAX. */
static int check_tunnel(const struct parent *parent, const struct message_tunnel *tunnel,
	struct model_tunnel *ret_model)
{
	struct model_tunnel model = {
		.overlay_ipv4 = tunnel->overlay_ipv4,
		.overlay_ipv6 = tunnel->overlay_ipv6,
		.ipv4 = tunnel->ipv4,
		.ipv6 = tunnel->ipv6,
		.control_port = tunnel->control_port,
		.enrol_port = tunnel->enrol_port,
	};

	(void)snprintf(model.interface, sizeof model.interface, "%s",
		parent->config->interface); /* fits */
	if (!parent_is_gateway(parent)) {
		if (tunnel->control_port || tunnel->enrol_port)
			return ERR_RANGE;
		model.control_port = model.enrol_port = 1; /* not used, but not zero */
	}
	int err = model_check_tunnel(&model);
	if (err == 0)
		*ret_model = model;
	return err;
}

/* The same again from a control process that was started anew changes nothing. */
static void take_tunnel(struct parent *parent, const struct message_tunnel *tunnel,
	const struct model_tunnel *model)
{
	if (memcmp(&parent->tunnel, tunnel, sizeof *tunnel) != 0)
		parent->interface_index = 0; /* listen anew */
	parent->tunnel = *tunnel;
	parent->model = *model;
	parent->has_tunnel = true;
	plan_intake_done(&parent->intake);
	plan_intake_init(&parent->intake,
		parent_is_gateway(parent) ? PLAN_OF_GATEWAY : PLAN_OF_DEVICE, model);
}

/* Control cannot go on; the daemon cannot if it never could. */
static void give_up(struct parent *parent)
{
	if (parent->is_ready)
		parent_end_child(&parent->control);
	else
		parent_stop(parent, 1);
}

void parent_hear_tunnel(struct parent *parent, const struct channel_message *message)
{
	const struct message_tunnel *tunnel = message->records;
	struct model_tunnel model;

	int err = check_tunnel(parent, tunnel, &model);
	if (err < 0) {
		log_err(err, "%s: the overlay or our addresses cannot be",
			parent->config->interface);
		give_up(parent);
		return;
	}
	take_tunnel(parent, tunnel, &model);
	if (!parent_make_tunnel(parent)) {
		give_up(parent);
		return;
	}
	err = parent_engine_start(parent);
	if (err < 0) {
		log_err(err, "cannot start the engine's process");
		give_up(parent);
		return;
	}
	send_listeners(parent);
}

/* What was not as it should be, for the report. */
static void check_device(struct parent *parent)
{
	const char *name = parent->config->interface;
	struct netif_address addresses[2];
	char text[MESSAGE_TEXT_SIZE];

	if (netif_is_up(name) == 0 && netif_set_up(name, TUN_DEFAULT_MTU) == 0) {
		(void)snprintf(text, sizeof text, "the interface %s was down", name); /* fits */
		parent_report(parent, text);
	}
	int changed = netif_repair_addresses(name, addresses, list_addresses(parent, addresses));
	if (changed > 0) {
		(void)snprintf(
			text, sizeof text, "the interface %s had other addresses", name); /* fits */
		parent_report(parent, text);
	}
}

/* One that was deleted takes the engine along, and is made anew with that. */
void parent_check_tunnel(struct parent *parent)
{
	if (!parent->has_device || !parent->is_engine_ready)
		return;
	check_device(parent);
	if (!parent_is_gateway(parent))
		parent_plan_check_routes(parent);
}

/*
 * A gateway's rules stay: without the device nothing comes in by them. The engine may not remove
 * its socket's file itself any more.
 */
void parent_remove_tunnel(struct parent *parent)
{
	const char *name = parent->config->interface;

	if (!parent->has_device)
		return; /* what is there is not ours */
	int err = uapi_socket_clear(name);
	if (err < 0)
		log_warn(err, "%s: cannot remove the file of its socket for wg(8)", name);
	err = netif_remove(name);
	if (err < 0)
		log_err(err, "%s: cannot remove the interface", name);
}
