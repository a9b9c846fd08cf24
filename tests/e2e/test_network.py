# SPDX-License-Identifier: ISC
"""The network changes under a running tunnel: ports, marks, sizes, namespaces, links, addresses."""

import socket

import pytest

from lab import default_implementation
from pair import (INNER_MEMBER, INNER_SERVER, INNER_SERVER6, MEMBER, PORT, SERVER, SERVER6, Pair)

UDP_OVERHEAD = {4: 20 + 8, 6: 40 + 8}
DATA_OVERHEAD = 32


def ports_of(host):
    """The local UDP ports of a host."""
    return {row["port"] for row in host.udp_sockets()}


@pytest.mark.parametrize("inner", [INNER_SERVER, INNER_SERVER6])
@pytest.mark.parametrize("outer", [f"{SERVER}:{PORT}", f"[{SERVER6}]:{PORT}"])
def test_inner_and_outer_versions(lab, outer, inner):
    pair = Pair(lab).join(endpoint=outer)
    pair.member.wait_for_ping(inner)
    version = 6 if "[" in outer else 4
    assert pair.capture.count(source=(SERVER6 if version == 6 else SERVER), protocol="udp")


def test_both_versions_listen_on_the_same_port(pair):
    rows = [row for row in pair.server.udp_sockets() if row["port"] == PORT]
    assert len(rows) >= 2


def test_listen_port_changes_at_run_time(pair):
    pair.works()
    pair.near.set(listen_port=PORT + 1)
    assert pair.near.show().listen_port == PORT + 1
    ports = ports_of(pair.server)
    assert PORT + 1 in ports and PORT not in ports
    pair.far.add_peer(pair.near, endpoint=f"{SERVER}:{PORT + 1}")
    pair.works()


def test_listener_that_moved_is_followed(pair):
    """The server changes its port; the member, which is authenticated data's reader, follows."""
    pair.works()
    pair.near.set(listen_port=PORT + 1)
    pair.server.wait_for_ping(INNER_MEMBER)
    assert pair.far.peer(pair.near).endpoint == f"{SERVER}:{PORT + 1}"


def test_listen_port_of_choice_when_zero(pair):
    pair.near.set(listen_port=0)
    chosen = pair.near.show().listen_port
    assert chosen not in (0, PORT) and chosen in ports_of(pair.server)


@pytest.mark.parametrize("family, address", [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")])
def test_port_taken(ours, pair, family, address):
    pair.works()
    with pair.server.socket(family) as other:
        if family == socket.AF_INET6:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        other.bind((address, PORT + 2))
        result = pair.near.set(listen_port=PORT + 2, check=False)
        assert result.returncode != 0 and "in use" in result.stderr
        assert pair.near.show().listen_port == PORT
        pair.works()
    pair.near.set(listen_port=PORT + 2)
    assert pair.near.show().listen_port == PORT + 2


def test_fwmark_decides_the_route(lab):
    """The way to the server is in a table that only packets with the mark look at."""
    pair = Pair(lab)
    pair.server.ip("address", "add", "10.99.0.1/32", "dev", "lo")
    pair.join(endpoint=f"10.99.0.1:{PORT}")
    pair.member.ip("rule", "add", "fwmark", "0x51", "table", "51")
    pair.member.ip("route", "add", "10.99.0.1", "via", SERVER, "table", "51")
    assert not pair.member.ping(INNER_SERVER, check=False, wait=0.5)
    pair.far.set(fwmark=0x51)
    assert pair.far.show().fwmark == 0x51
    pair.works()
    pair.far.set(fwmark=0)
    assert pair.far.show().fwmark == 0
    assert not pair.member.ping(INNER_SERVER, check=False, wait=0.5)
    pair.far.set(fwmark=0x51)
    pair.works()


def test_fwmark_outlives_a_new_listen_port(lab):
    pair = Pair(lab)
    pair.server.ip("address", "add", "10.99.0.1/32", "dev", "lo")
    pair.join(endpoint=f"10.99.0.1:{PORT}")
    pair.member.ip("rule", "add", "fwmark", "0x51", "table", "51")
    pair.member.ip("route", "add", "10.99.0.1", "via", SERVER, "table", "51")
    pair.far.set(fwmark=0x51)
    pair.far.set(listen_port=PORT + 5)
    pair.works()


@pytest.mark.parametrize("mtu", [1280, 1420])
def test_mtu_changes_at_run_time(pair, mtu):
    pair.works()
    for device in (pair.near, pair.far):
        device.host.ip("link", "set", device.name, "mtu", mtu)
    pair.capture.clear()
    # From the largest down: each is padded to a multiple of 16, yet never beyond the MTU.
    for size in (mtu, mtu - 1, mtu - 15, mtu - 17):
        pair.member.wait_for_ping(INNER_SERVER, size=size - 28)
    sizes = {len(frame.payload) if frame.length <= 256 else frame.length - 14 - UDP_OVERHEAD[4]
             for frame in pair.capture.frames(protocol="udp", port=PORT)}
    assert max(sizes) == mtu + DATA_OVERHEAD
    assert all((size - DATA_OVERHEAD) % 16 == 0 or size == mtu + DATA_OVERHEAD for size in sizes)


def test_mtu_of_a_new_interface(lab):
    device = lab.host("host").wireguard()
    assert "mtu 1420" in device.host.ip("link", "show", device.name).stdout


def test_mtu_above_the_links(lab):
    """The tunnel may be larger than its link: the outer packets are fragmented, none is lost."""
    pair = Pair(lab, mtu=1500).join()
    pair.member.wait_for_ping(INNER_SERVER, size=1472)


def test_interface_down_and_up(pair):
    pair.works()
    pair.far.down()
    assert not pair.member.ping(INNER_SERVER, check=False, wait=0.3)
    pair.far.up()
    pair.works()
    pair.near.down()
    pair.near.up()
    # A session ends with the interface's being up: who has something to say begins another.
    pair.server.wait_for_ping(INNER_MEMBER)
    pair.works()


class Moved:
    """A pair, whose member has its UDP in one host and its interface in another."""

    def __init__(self, lab):
        pair = self.pair = Pair(lab)
        self.inner = lab.host("inner")
        pair.member.ip("link", "set", pair.far.name, "netns", self.inner.namespace)
        self.up()
        pair.join()

    def up(self, mtu=None):
        """Address and up, as after every move or down of an interface with IPv6."""
        self.inner.ip("address", "replace", f"{INNER_MEMBER}/24", "dev", self.pair.far.name)
        self.pair.far.up((), mtu, host=self.inner)


def test_moved_to_another_namespace(lab):
    moved = Moved(lab)
    moved.inner.wait_for_ping(INNER_SERVER)
    assert PORT not in ports_of(moved.inner)
    assert moved.pair.far.peer(moved.pair.near).received > 0
    assert not moved.pair.member.ping(INNER_SERVER, check=False, wait=0.3)


def test_moved_goes_down_and_up(lab):
    moved = Moved(lab)
    moved.inner.wait_for_ping(INNER_SERVER)
    moved.inner.ip("link", "set", moved.pair.far.name, "down")
    assert not moved.inner.ping(INNER_SERVER, check=False, wait=0.3)
    moved.up()
    moved.inner.wait_for_ping(INNER_SERVER)


def test_moved_changes_its_mtu(lab):
    moved = Moved(lab)
    for mtu in (1280, 1420):
        moved.up(mtu)
        moved.inner.wait_for_ping(INNER_SERVER, size=mtu - 28)


def test_moved_changes_its_port(lab):
    moved = Moved(lab)
    moved.inner.wait_for_ping(INNER_SERVER)
    moved.pair.far.set(listen_port=PORT + 3)
    assert PORT + 3 in ports_of(moved.pair.member)
    moved.inner.wait_for_ping(INNER_SERVER)


def test_moved_while_in_use(lab):
    """Created, configured, used, and only then moved."""
    pair = Pair(lab).join()
    pair.works()
    inner = lab.host("inner")
    pair.member.ip("link", "set", pair.far.name, "netns", inner.namespace)
    inner.ip("address", "add", f"{INNER_MEMBER}/24", "dev", pair.far.name)
    pair.far.up(host=inner)
    inner.wait_for_ping(INNER_SERVER)


def test_moved_and_deleted(lab):
    moved = Moved(lab)
    moved.inner.wait_for_ping(INNER_SERVER)
    moved.inner.ip("link", "del", moved.pair.far.name)
    moved.pair.far.wait_gone()


def test_killed_and_restarted_member(pair):
    pair.works()
    pair.far.kill()
    pair.far.start()
    pair.far.set(private_key=pair.far.private_key)
    pair.far.up([f"{INNER_MEMBER}/24"])
    pair.join()
    pair.works()


def test_killed_and_restarted_server(pair):
    """A server that lost its sessions gets new ones as soon as it has something to say."""
    pair.works()
    endpoint = pair.near.peer(pair.far).endpoint
    pair.near.kill()
    pair.near.start()
    pair.near.set(private_key=pair.near.private_key, listen_port=PORT)
    pair.near.up([f"{INNER_SERVER}/24"])
    pair.join()
    pair.near.add_peer(pair.far, endpoint=endpoint)
    pair.server.wait_for_ping(INNER_MEMBER)
    pair.works()


@pytest.mark.parametrize("established", [True, False], ids=["in-session", "at-first"])
def test_route_goes_and_comes_back(lab, established):
    """ENETUNREACH at every packet, then a route again."""
    pair = Pair(lab)
    # Or a socket bound to the link finds the address there even without a route.
    pair.server.sysctl("net.ipv4.conf.all.arp_ignore", 1)
    pair.server.ip("address", "add", "10.99.0.1/32", "dev", "lo")
    pair.join(endpoint=f"10.99.0.1:{PORT}")
    if established:
        pair.member.route("10.99.0.1", via=SERVER)
        pair.works()
        pair.member.ip("route", "del", "10.99.0.1")
    assert not pair.member.ping(INNER_SERVER, count=5, check=False, wait=0.3)
    pair.member.route("10.99.0.1", via=SERVER)
    pair.works()


def test_outer_link_goes_down_and_up(pair):
    pair.works()
    for port in (pair.link.right, pair.link.left):
        port.down()
        assert not pair.member.ping(INNER_SERVER, count=3, check=False, wait=0.3)
        port.up()
        pair.works()


def test_prohibited_and_blackholed(pair):
    """EACCES and EINVAL from the routing table, then the way is free again."""
    pair.works()
    for kind in ("prohibit", "unreachable", "blackhole"):
        pair.member.ip("route", "add", kind, f"{SERVER}/32")
        pair.member.ping(INNER_SERVER, count=3, check=False, wait=0.3)
        pair.member.ip("route", "del", kind, f"{SERVER}/32")
        pair.works()


def test_member_gets_another_address(ours, pair):
    """Roaming: the server answers to where authenticated packets last came from."""
    pair.works()
    pair.link.right.add_address("192.0.2.77/24")
    pair.link.right.remove_address(f"{MEMBER}/24")
    pair.works()
    assert pair.near.peer(pair.far).endpoint.startswith("192.0.2.77:")


@pytest.mark.parametrize("extra, prefix, endpoint, first", [
    ("192.0.2.9", 24, f"192.0.2.9:{PORT}", SERVER),
    ("2001:db8::9", 64, f"[2001:db8::9]:{PORT}", SERVER6),
])
def test_answers_leave_from_the_address_that_was_called(lab, extra, prefix, endpoint, first):
    pair = Pair(lab)
    pair.link.left.add_address(f"{extra}/{prefix}")
    pair.join(endpoint=endpoint)
    pair.works()
    pair.server.ping(INNER_MEMBER, count=3)
    sent = pair.capture.frames(source=pair.link.left, protocol="udp")
    assert sent and {frame.source for frame in sent} == {extra}
    assert pair.far.peer(pair.near).endpoint == endpoint
    if default_implementation() == "wireguard-go":
        return  # it does not get over what follows
    # That address goes away: the server goes on from the one it has left.
    pair.link.left.remove_address(f"{extra}/{prefix}")
    pair.capture.clear()
    pair.server.wait_for_ping(INNER_MEMBER)
    sent = pair.capture.frames(source=pair.link.left, protocol="udp")
    assert first in {frame.source for frame in sent}


def test_called_on_another_interface(lab):
    """Two uplinks; the answer takes the one on which the member called, whatever the metric."""
    pair = Pair(lab)
    second = lab.link(pair.server, pair.member, left=["198.51.100.1/24"],
                      right=["198.51.100.2/24"])
    pair.join(endpoint=f"198.51.100.1:{PORT}")
    capture = second.capture()
    pair.works()
    sent = capture.frames(source=second.left, protocol="udp")
    assert sent and {frame.source for frame in sent} == {"198.51.100.1"}
