/* SPDX-License-Identifier: ISC */
/* What people may write for names and the like, before any of it is stored. */
#pragma once

#include "base/attributes.h"

/* A user's, group's, device's or network's name, or a setting's key. ERR_NAME. */
int word_check_name(const char *name) must_check;

/* A service's or gateway's name: a DNS label. ERR_LABEL. */
int word_check_label(const char *label) must_check;

/* A host or host:port: printable ASCII without spaces. ERR_SYNTAX, ERR_RANGE: too long. */
int word_check_host(const char *host) must_check;

/* Who acts: printable ASCII, not empty. ERR_SYNTAX, ERR_RANGE: too long. */
int word_check_actor(const char *actor) must_check;
