/* SPDX-License-Identifier: ISC */
#include "gateway/model.h"

#include "base/error.h"

/* Whether the address lies in the prefix. */
static bool prefix_has(const struct prefix *prefix, const struct address *address)
{
	struct prefix masked = {.address = *address, .length = prefix->length};

	if (address->family == ADDRESS_NONE || address->family != prefix->address.family)
		return false;
	prefix_normalize(&masked);
	return address_equal(&masked.address, &prefix->address);
}

bool model_overlay_has(const struct model_tunnel *tunnel, const struct address *address)
{
	return prefix_has(&tunnel->overlay_ipv4, address) ||
	       prefix_has(&tunnel->overlay_ipv6, address);
}

/* Whether it is a name that means itself alone, in any text. */
static bool is_interface(const char name[static MODEL_INTERFACE_SIZE])
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t length = strnlen(name, MODEL_INTERFACE_SIZE);

	return length > 0 && length < MODEL_INTERFACE_SIZE && name[0] != '-' &&
	       strspn(name, allowed) == length && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && strcmp(name, "lo") != 0;
}

/* Whether an overlay, and the gateway's address in it, are both there and fit, or neither is. */
static bool is_overlay(
	const struct prefix *overlay, const struct address *address, enum address_family family)
{
	if (overlay->address.family == ADDRESS_NONE)
		return address->family == ADDRESS_NONE;
	return overlay->address.family == family && overlay->length > 0 &&
	       overlay->length <= address_bits(family) && prefix_has(overlay, address);
}

/* Whether the controller is another host of the overlay, or none is said. */
static bool is_controller(const struct model_tunnel *tunnel, const struct address *address,
	const struct prefix *overlay, const struct address *own)
{
	if (address->family == ADDRESS_NONE)
		return true;
	return tunnel->controller_port > 0 && prefix_has(overlay, address) &&
	       !address_equal(address, own);
}

int model_check_tunnel(const struct model_tunnel *tunnel)
{
	if (!is_interface(tunnel->interface))
		return ERR_SYNTAX;
	if (!is_overlay(&tunnel->overlay_ipv4, &tunnel->ipv4, ADDRESS_IPV4) ||
		!is_overlay(&tunnel->overlay_ipv6, &tunnel->ipv6, ADDRESS_IPV6))
		return ERR_RANGE;
	if (tunnel->ipv4.family == ADDRESS_NONE && tunnel->ipv6.family == ADDRESS_NONE)
		return ERR_RANGE;
	if (!is_controller(
		    tunnel, &tunnel->controller_ipv4, &tunnel->overlay_ipv4, &tunnel->ipv4) ||
		!is_controller(
			tunnel, &tunnel->controller_ipv6, &tunnel->overlay_ipv6, &tunnel->ipv6))
		return ERR_RANGE;
	return tunnel->control_port == 0 || tunnel->enrol_port == 0 ? ERR_RANGE : 0;
}
