# SPDX-License-Identifier: ISC
"""Two hosts with a tunnel between tacet-wg and wireguard-go: what most tests here begin with."""

import os
import shlex

import pytest

from lab import generate_preshared_key, program_path, strangers

OURS, THEIRS = "tacet-wg", "wireguard-go"
SERVER, MEMBER = {4: "192.0.2.1", 6: "2001:db8::1"}, {4: "192.0.2.2", 6: "2001:db8::2"}
INNER_SERVER, INNER_MEMBER = {4: "10.9.0.1", 6: "fd00:9::1"}, {4: "10.9.0.2", 6: "fd00:9::2"}
PREFIX, HOST_PREFIX = {4: 24, 6: 64}, {4: 32, 6: 128}
PORT = 40004
DATA_OVERHEAD = 32
KEEPALIVE_SIZE = DATA_OVERHEAD
MAC2_SIZE = 16

CALLERS = pytest.mark.parametrize("caller", [OURS, THEIRS], ids=["we-call", "they-call"])


def other(implementation):
    """The implementation at the other end."""
    return THEIRS if implementation == OURS else OURS


def with_prefixes(addresses, prefixes=None):
    """A dict of addresses by IP version as a list of texts with prefix lengths."""
    return [f"{address}/{(prefixes or PREFIX)[version]}" for version, address in addresses.items()]


def endpoint(address, port=PORT):
    """Address and port as `wg` writes them."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def program_with_options(lab, *options):
    """The path of a program that is tacet-wg, called with some options more."""
    path = os.path.join(lab.directory, "-".join(options).strip("-"), OURS)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec {shlex.join([program_path(OURS), *options])} "$@"\n')
    os.chmod(path, 0o755)
    return path


def kinds(capture, **criteria):
    """The message types of the WireGuard datagrams in a capture, oldest first."""
    return [frame.payload[0] for frame in capture.frames(protocol="udp", **criteria)
            if frame.payload]


class Duo:
    """A member (.far is its tunnel's end), who calls, and a server (.near), who is called.

    caller is the implementation of the member; the server has the other one, unless `called`
    says which. name begins the names of the hosts, where a lab has several duos. near_options
    and far_options are for the tunnel's ends, as WireGuard.create() has them.
    """

    def __init__(self, lab, caller, *, called=None, name="", mtu=None, link_mtu=None,
                 preshared=False, near_options=None, far_options=None):
        self.lab = lab
        self.caller, self.called = caller, called or other(caller)
        self.preshared_key = generate_preshared_key() if preshared else None
        self.server, self.member = lab.host(f"{name}server"), lab.host(f"{name}member")
        self.link = lab.link(self.server, self.member, left=with_prefixes(SERVER),
                             right=with_prefixes(MEMBER), mtu=link_mtu)
        self.capture = self.link.capture()
        self.near = self.server.wireguard(
            implementation=self.called, addresses=with_prefixes(INNER_SERVER),
            mtu=mtu, **{"listen_port": PORT, **(near_options or {})})
        self.far = self.member.wireguard(
            implementation=self.caller, addresses=with_prefixes(INNER_MEMBER), mtu=mtu,
            **(far_options or {}))

    def join(self, outer=4, **options):
        """Make the ends peers of each other; the member knows the endpoint of the server.

        outer is the IP version of that; options are more for the member's peer.
        """
        self.admit_member()
        self.far.add_peer(self.near, allowed_ips=with_prefixes(INNER_SERVER, HOST_PREFIX),
                          preshared_key=self.preshared_key, endpoint=endpoint(SERVER[outer]),
                          **options)
        return self

    def admit_member(self):
        """Make the member a peer of the server."""
        self.near.add_peer(self.far, allowed_ips=with_prefixes(INNER_MEMBER, HOST_PREFIX),
                           preshared_key=self.preshared_key)

    def works(self, timeout=15.0, wait=1.0):
        """Wait until pings of the member pass the tunnel."""
        self.member.wait_for_ping(INNER_SERVER[4], timeout, wait=wait)
        return self

    def ends(self):
        """Both ends as (host, tunnel, its inner addresses, the other's inner addresses)."""
        return ((self.member, self.far, INNER_MEMBER, INNER_SERVER),
                (self.server, self.near, INNER_SERVER, INNER_MEMBER))

    def begun(self):
        """Who began sessions so far: initiations of the member, initiations of the server.

        Told apart by their link addresses, which stay where others change.
        """
        return tuple(kinds(self.capture, source=port).count(strangers.INITIATION)
                     for port in (self.link.right, self.link.left))
