/* SPDX-License-Identifier: ISC */
/*
 * Lets what comes in by an interface be translated to 127.0.0.0/8 and to ::1, where services of the
 * host itself listen. For IPv4 that is a sysctl. For IPv6 there is none: the kernel looks for a
 * route to ::1 by the very interface that a packet came in by, so we add one, to the table of local
 * addresses, behind that of `lo`. It goes with the interface. Who lets that in filters before.
 */
#pragma once

#include "base/attributes.h"

/* 1: it was not so before; 0: it was; -ENODEV: no such interface; other -errno. */
int loopback_admit_ipv4(const char *interface) must_check;
int loopback_admit_ipv6(const char *interface) must_check;

/* As before. */
int loopback_refuse_ipv4(const char *interface) must_check;
int loopback_refuse_ipv6(const char *interface) must_check;
