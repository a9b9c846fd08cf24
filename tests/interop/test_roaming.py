# SPDX-License-Identifier: ISC
"""The member's address and port change under a session; `wg show` of the server follows."""

import pytest

from duo import (CALLERS, INNER_MEMBER, INNER_SERVER, MEMBER, PORT, SERVER, THEIRS, Duo,
                 endpoint)
from lab import wait_until

ELSEWHERE = {4: "192.0.2.77", 6: "2001:db8::77"}


@pytest.fixture
def duo(lab, caller):
    """A duo whose member listens on a port that we know, and that has a session."""
    return Duo(lab, caller, far_options={"listen_port": PORT + 1}).join().works()


def is_at(duo, address, port):
    """Whether the server has the member there, and both ways work without a new handshake."""
    duo.member.ping(INNER_SERVER[4], count=3)
    assert duo.near.peer(duo.far).endpoint == endpoint(address, port)
    duo.server.ping(INNER_MEMBER[6], count=3)
    assert duo.begun() == (1, 0)


@CALLERS
def test_new_port(duo):
    is_at(duo, MEMBER[4], PORT + 1)
    for port in (PORT + 2, PORT + 3):
        duo.far.set(listen_port=port)
        is_at(duo, MEMBER[4], port)


def forget_source(tunnel, peer):
    """Where the kernel says ENETUNREACH of a source that is gone, wireguard-go (which looks for
    EINVAL) gets over it only after 15 s: a new endpoint makes it forget at once."""
    if tunnel.implementation == THEIRS:
        tunnel.add_peer(peer, endpoint=tunnel.peer(peer).endpoint)


def move(port, old, new, tunnel, peer):
    """Exchange a port's address."""
    port.add_address(f"{new}/24")
    port.remove_address(f"{old}/24")
    forget_source(tunnel, peer)


@CALLERS
def test_new_address(duo):
    move(duo.link.right, MEMBER[4], ELSEWHERE[4], duo.far, duo.near)
    is_at(duo, ELSEWHERE[4], PORT + 1)


@CALLERS
def test_new_address_and_port(duo):
    move(duo.link.right, MEMBER[4], ELSEWHERE[4], duo.far, duo.near)
    duo.far.set(listen_port=PORT + 2)
    is_at(duo, ELSEWHERE[4], PORT + 2)


@CALLERS
def test_new_version(duo):
    """From IPv4 to IPv6 and back: the member is told of another endpoint of the server."""
    for version in (6, 4, 6):
        duo.far.add_peer(duo.near, endpoint=endpoint(SERVER[version]))
        is_at(duo, MEMBER[version], PORT + 1)


@CALLERS
def test_new_link(duo, lab):
    """The member's link goes away, and another one leads to the server's address, which is no
    longer that of a link."""
    duo.server.ip("address", "add", f"{SERVER[4]}/32", "dev", "lo")
    second = lab.link(duo.server, duo.member, left=["198.51.100.1/24"],
                      right=["198.51.100.2/24"])
    duo.member.ip("link", "del", duo.link.right.name)
    duo.member.route(f"{SERVER[4]}/32", via="198.51.100.1")
    forget_source(duo.far, duo.near)
    duo.capture = capture = second.capture()
    duo.member.wait_for_ping(INNER_SERVER[4])
    assert duo.near.peer(duo.far).endpoint == endpoint("198.51.100.2", PORT + 1)
    assert capture.count(source=duo.server, protocol="udp") > 0
    duo.server.ping(INNER_MEMBER[6], count=3)


@CALLERS
def test_server_moves(duo):
    """He who was called moves, and the caller follows what authenticates."""
    duo.near.set(listen_port=PORT + 9)
    duo.server.ping(INNER_MEMBER[4], count=3)
    assert duo.far.peer(duo.near).endpoint == endpoint(SERVER[4], PORT + 9)
    move(duo.link.left, SERVER[4], "192.0.2.99", duo.near, duo.far)
    wait_until(lambda: duo.server.ping(INNER_MEMBER[4], check=False)
               and duo.far.peer(duo.near).endpoint == endpoint("192.0.2.99", PORT + 9),
               15, "the member to follow")
    duo.member.ping(INNER_SERVER[6], count=3)


@CALLERS
def test_moves_under_traffic(duo):
    """Ten moves within a stream of pings: at most what was under way at each is lost."""
    stream = duo.member.spawn(["ping", "-n", "-q", "-i", "0.005", "-c", "1000", INNER_SERVER[4]])
    for number in range(10):
        duo.far.set(listen_port=PORT + 10 + number)
        wait_until(lambda: duo.near.peer(duo.far).endpoint == endpoint(
            MEMBER[4], PORT + 10 + number), 10, "the server to follow")
    stream.wait(40)
    assert int(stream.output.split(" received")[0].rpartition(" ")[2]) >= 970, stream.output
    assert duo.begun() == (1, 0)
