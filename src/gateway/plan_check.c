/* SPDX-License-Identifier: ISC */
#include "gateway/plan_check.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/siphash.h"
#include "wireguard/knock.h"

#include <netinet/in.h>
#include <stdlib.h>

/* Says what is wrong. */
static int wrong(const char **ret_why, const char *why)
{
	*ret_why = why;
	return ERR_RANGE;
}

/* Whether it is an address of a family that is, with nothing behind it. */
static bool is_address(const struct address *address)
{
	size_t size = address_bits(address->family) / 8U;

	return size > 0 && bytes_are_zero(address->bytes + size, sizeof address->bytes - size);
}

static bool is_none(const struct address *address)
{
	static const struct address none;

	return memcmp(address, &none, sizeof none) == 0;
}

/* Whether somebody can be called there: one host, and its family's zero is none. */
static bool is_host(const struct address *address)
{
	static const uint8_t any[sizeof address->bytes];

	if (!is_address(address) || memcmp(address->bytes, any, sizeof any) == 0)
		return false;
	if (address->family == ADDRESS_IPV6)
		return address->bytes[0] != 0xff;
	return address->bytes[0] != 0 && address->bytes[0] < 224;
}

/* ---- peers ---- */

static int check_endpoint(const struct endpoint *endpoint, const char **ret_why)
{
	const struct endpoint none = {0};

	if (!is_none(&endpoint->source) || endpoint->source_ifindex)
		return wrong(ret_why, "its endpoint says by which of our addresses");
	if (endpoint->remote.family == ADDRESS_NONE)
		return endpoint_equal_remote(endpoint, &none)
			       ? 0
			       : wrong(ret_why, "its endpoint is no address");
	if (!is_host(&endpoint->remote) || endpoint->port == 0)
		return wrong(ret_why, "its endpoint is none that can be called");
	if (endpoint->scope_id && endpoint->remote.family != ADDRESS_IPV6)
		return wrong(ret_why, "its endpoint has a scope");
	return 0;
}

static bool is_no_knock(const struct message_knock *knock)
{
	return knock->class == KNOCK_NONE && knock->epoch == 0 && knock->reserved == 0 &&
	       bytes_are_zero(knock->key, sizeof knock->key);
}

static int check_knock(const struct message_knock *knock, const char **ret_why)
{
	if (knock->reserved)
		return wrong(ret_why, "a reserved number is not zero");
	if (knock->class != KNOCK_BUDGETED && knock->class != KNOCK_FULL)
		return wrong(ret_why, "its knock is of no class");
	if (bytes_are_zero(knock->key, sizeof knock->key))
		return wrong(ret_why, "its knock's key is zero");
	return 0;
}

int plan_take_knocks(
	const struct plan_intake *intake, const void *record, void *to, const char **ret_why)
{
	(void)intake;
	int err = check_knock(record, ret_why);
	if (err == 0)
		memcpy(to, record, sizeof(struct message_knock));
	return err;
}

int plan_take_peers(
	const struct plan_intake *intake, const void *record, void *to, const char **ret_why)
{
	const struct message_peer *peer = record;

	if (bytes_are_zero(peer->public_key, sizeof peer->public_key))
		return wrong(ret_why, "its key is zero");
	if (peer->reserved)
		return wrong(ret_why, "a reserved number is not zero");
	int err = check_endpoint(&peer->endpoint, ret_why);
	if (err < 0)
		return err;
	bool calls = peer->endpoint.remote.family != ADDRESS_NONE || peer->keepalive_s;
	bool may_call = intake->kind == PLAN_OF_DEVICE ||
			(intake->kind == PLAN_OF_REMOTE && intake->so_far.peers == 0);
	bool knocks = !is_no_knock(&peer->knock);
	if (calls && !may_call)
		return wrong(ret_why, "a gateway calls nobody but its controller");
	if (knocks && !may_call)
		return wrong(ret_why, "there is a knock for a peer that is not called");
	err = knocks ? check_knock(&peer->knock, ret_why) : 0;
	if (err < 0)
		return err;
	if (peer->prefix_count > intake->plan->head.prefixes)
		return wrong(ret_why, "it has more prefixes than there are");
	memcpy(to, peer, sizeof *peer);
	return 0;
}

/* Whether a prefix has the address in it. */
static bool has(const struct prefix *prefix, const struct address *address)
{
	struct prefix other = {.address = *address, .length = prefix->length};

	if (prefix->address.family != address->family)
		return false;
	prefix_normalize(&other);
	return address_equal(&other.address, &prefix->address);
}

static bool is_prefix(const struct prefix *prefix)
{
	return is_address(&prefix->address) &&
	       prefix->length <= address_bits(prefix->address.family) &&
	       has(prefix, &prefix->address);
}

static bool lies_in(const struct prefix *prefix, const struct prefix *overlay)
{
	return prefix->length >= overlay->length && has(overlay, &prefix->address);
}

int plan_take_prefixes(
	const struct plan_intake *intake, const void *record, void *to, const char **ret_why)
{
	const struct prefix *prefix = &((const struct message_prefix *)record)->prefix;
	const struct model_tunnel *tunnel = &intake->tunnel;

	if (!is_prefix(prefix))
		return wrong(ret_why, "it is no prefix");
	if (!lies_in(prefix, &tunnel->overlay_ipv4) && !lies_in(prefix, &tunnel->overlay_ipv6))
		return wrong(ret_why, "it is not of the overlay");
	if (has(prefix, &tunnel->ipv4) || has(prefix, &tunnel->ipv6))
		return wrong(ret_why, "it has our own address in it");
	memcpy(to, record, sizeof(struct message_prefix));
	return 0;
}

/*
 * Whether the first `key_size` bytes of two elements of an array are equal. By a table of indices:
 * a sort of so many takes as long as all other checks. Its key is drawn, so that nobody can choose
 * elements that collide.
 */
static bool has_double(const void *array, size_t count, size_t size, size_t key_size)
{
	const uint8_t *bytes = array;
	struct siphash_key key;
	size_t mask = 1;
	bool found = false;

	while (mask < 2 * count)
		mask = 2 * mask + 1;
	uint32_t *slots = memory_new(mask + 1, sizeof *slots); /* index + 1; 0: free */
	entropy_fill(entropy_kernel(), &key, sizeof key);
	for (size_t i = 0; i < count && !found; i++) {
		const uint8_t *at = bytes + i * size;
		size_t slot = siphash(&key, at, key_size) & mask;

		while (slots[slot] && !found) {
			found = memcmp(bytes + (slots[slot] - 1) * size, at, key_size) == 0;
			slot = (slot + 1) & mask;
		}
		slots[slot] = (uint32_t)i + 1;
	}
	free(slots);
	return found;
}

int plan_check_peers(const struct plan_received *plan, const char **ret_why)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < plan->head.peers; i++)
		sum += plan->peers[i].prefix_count;
	if (sum != plan->head.prefixes)
		return wrong(ret_why, "the peers have other prefixes than there are");
	if (has_double(plan->peers, plan->head.peers, sizeof *plan->peers, MESSAGE_KEY_SIZE))
		return wrong(ret_why, "two peers have one key");
	if (has_double(plan->prefixes, plan->head.prefixes, sizeof *plan->prefixes,
		    sizeof *plan->prefixes))
		return wrong(ret_why, "a prefix is there twice");
	return 0;
}

int plan_check_knocks(const struct plan_received *plan, const char **ret_why)
{
	const struct message_knock *knocks = plan->knocks;

	return plan->head.knocks > 0 && has_double(knocks, plan->head.knocks, sizeof *knocks,
						sizeof knocks->epoch)
		       ? wrong(ret_why, "two knocks have one epoch")
		       : 0;
}

/* ---- the model; what is beyond a record's own is checked by enforce_apply() ---- */

int plan_take_roles(
	const struct plan_intake *intake, const void *record, void *to, const char **ret_why)
{
	const struct message_role *role = record;

	(void)intake;
	if (role->number == 0 || role->number > MODEL_ROLE_GREATEST)
		return wrong(ret_why, "it has no number");
	if (role->kind != MODEL_ROLE_ENROLLED && role->kind != MODEL_ROLE_INVITED)
		return wrong(ret_why, "it is of no kind");
	*(struct model_role *)to = (struct model_role){role->number, role->kind};
	return 0;
}

/* An address of that family inside the overlay, or none. */
static bool is_inside(
	const struct plan_intake *intake, const struct address *address, enum address_family family)
{
	return is_none(address) || (is_address(address) && address->family == family &&
					   model_overlay_has(&intake->tunnel, address));
}

int plan_take_devices(
	const struct plan_intake *intake, const void *record, void *to, const char **ret_why)
{
	const struct message_device *device = record;

	if (!is_inside(intake, &device->ipv4, ADDRESS_IPV4) ||
		!is_inside(intake, &device->ipv6, ADDRESS_IPV6))
		return wrong(ret_why, "its address is none of the overlay");
	*(struct model_device *)to =
		(struct model_device){device->ipv4, device->ipv6, device->role};
	return 0;
}

int plan_take_services(
	const struct plan_intake *intake, const void *record, void *to, const char **ret_why)
{
	const struct message_service *service = record;

	if (!is_inside(intake, &service->vip_ipv4, ADDRESS_IPV4) ||
		!is_inside(intake, &service->vip_ipv6, ADDRESS_IPV6))
		return wrong(ret_why, "its virtual address is none of the overlay");
	if (!is_host(&service->target))
		return wrong(ret_why, "its target is none that can be reached");
	if (service->port == 0 || service->target_port == 0)
		return wrong(ret_why, "a port is zero");
	if (service->protocol != IPPROTO_TCP && service->protocol != IPPROTO_UDP)
		return wrong(ret_why, "its protocol is neither TCP nor UDP");
	if (!bytes_are_zero(service->reserved, sizeof service->reserved))
		return wrong(ret_why, "a reserved number is not zero");
	*(struct model_service *)to = (struct model_service){
		.id = service->id,
		.vip_ipv4 = service->vip_ipv4,
		.vip_ipv6 = service->vip_ipv6,
		.protocol = service->protocol,
		.port = service->port,
		.target = service->target,
		.target_port = service->target_port,
	};
	return 0;
}

int plan_take_grants(
	const struct plan_intake *intake, const void *record, void *to, const char **ret_why)
{
	const struct message_grant *grant = record;

	(void)intake;
	(void)ret_why; /* there is nothing that it may not be by itself */
	*(struct model_grant *)to = (struct model_grant){grant->role, grant->service};
	return 0;
}

/* ---- names ---- */

/*
 * A name of a service in a network: at least two words of letters, digits and hyphens. So no name
 * of the host itself, such as "localhost", can be given another meaning.
 */
static bool is_name(const char *name)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t words = 0;

	for (;;) {
		size_t size = strspn(name, word);
		if (size == 0)
			return false;
		words++;
		if (name[size] == '\0')
			return words > 1;
		if (name[size] != '.')
			return false;
		name += size + 1;
	}
}

int plan_take_names(
	const struct plan_intake *intake, const void *record, void *to, const char **ret_why)
{
	const struct message_name *name = record;

	if (!message_text_is_fine(name->name, sizeof name->name) || !is_name(name->name))
		return wrong(ret_why, "it is no name of a service in a network");
	if (!is_address(&name->address) || !model_overlay_has(&intake->tunnel, &name->address))
		return wrong(ret_why, "its address is none of the overlay");
	memcpy(to, name, sizeof *name);
	return 0;
}
