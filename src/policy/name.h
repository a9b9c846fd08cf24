/* SPDX-License-Identifier: ISC */
/* How users, groups and services may be named. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
	POLICY_NAME_MAX = 63, /* bytes; of a DNS label (RFC 1035, 2.3.4), too */
	POLICY_NAME_SIZE = POLICY_NAME_MAX + 1,
};

/* What a name of a user or a group is made of, for people; that of a service is a DNS label. */
#define POLICY_NAME_RULE "1 to 63 of a-z 0-9 - . _ @, beginning with a letter or digit"
#define POLICY_LABEL_RULE "1 to 63 of a-z 0-9 -, with no hyphen at either end"

/* Whether `size` bytes, not zero-terminated, are as in POLICY_NAME_RULE. */
bool policy_name_is_valid(const char *text, size_t size);

/* Whether `size` bytes, not zero-terminated, are as in POLICY_LABEL_RULE. */
bool policy_label_is_valid(const char *text, size_t size);
