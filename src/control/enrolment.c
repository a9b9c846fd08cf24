/* SPDX-License-Identifier: ISC */
#include "control/enrolment.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "control/member.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)MEMBER_WHERE_SIZE == (int)NETMAP_NAME_SIZE, "a place fits");

static const char *const names[] = {"name", "public_key", "preshared_key", "endpoint"};

json_t *enrolment_encode(const struct enrolment *enrolment)
{
	char public_key[BASE64_KEY_TEXT_SIZE], preshared_key[BASE64_KEY_TEXT_SIZE] = "";
	bool has_preshared_key = !bytes_are_zero(enrolment->preshared_key, NETMAP_KEY_SIZE);

	if (has_preshared_key)
		base64_key_format(enrolment->preshared_key, preshared_key);
	json_t *json = json_pack("{s:s, s:s, s:s*, s:s*}", "name", enrolment->name, "public_key",
		base64_key_format(enrolment->public_key, public_key), "preshared_key",
		has_preshared_key ? preshared_key : NULL, "endpoint",
		*enrolment->endpoint ? enrolment->endpoint : NULL);
	bytes_wipe(preshared_key, sizeof preshared_key);
	if (!json)
		abort(); /* for want of memory, or a name that is not text: a bug */
	return json;
}

int enrolment_decode(const json_t *json, struct enrolment *ret_enrolment,
	char ret_where[static NETMAP_NAME_SIZE])
{
	struct members members = members_of(json);
	struct enrolment enrolment = {0};

	members_name(&members, "name", enrolment.name, sizeof enrolment.name);
	members_key(&members, "public_key", enrolment.public_key);
	if (json_object_get(json, "preshared_key"))
		members_key(&members, "preshared_key", enrolment.preshared_key);
	if (json_object_get(json, "endpoint"))
		members_hostport(
			&members, "endpoint", enrolment.endpoint, sizeof enrolment.endpoint);
	members_only(&members, names, ARRAY_LENGTH(names));
	if (members.error < 0)
		memcpy(ret_where, members.where, MEMBER_WHERE_SIZE);
	else
		*ret_enrolment = enrolment;
	bytes_wipe(&enrolment, sizeof enrolment);
	return members.error;
}
