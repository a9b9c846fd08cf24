/* SPDX-License-Identifier: ISC */
/*
 * The firewall mark (SO_MARK) of the daemon's own datagrams, unless the configuration says
 * otherwise. By it the guard on the way out tells them from what another program says from the
 * tunnel's port: only CAP_NET_ADMIN or CAP_NET_RAW can set one.
 */
#pragma once

#define MARK_DAEMON 0x7ace7u /* fits no usual mask of others */
