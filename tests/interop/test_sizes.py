# SPDX-License-Identifier: ISC
"""Inner packets of every size that may be special: padding, the edges of an MTU, the largest."""

import os

import pytest

from duo import CALLERS, DATA_OVERHEAD, INNER_MEMBER, INNER_SERVER, Duo
from traffic import Echo

ETHERNET = 14
IP_UDP = {4: 20 + 8, 6: 40 + 8}
PAD = 16
UDP_MAX = 65535 - 28               # what IPv4 lets a datagram hold
LARGEST_MTU = UDP_MAX - DATA_OVERHEAD  # 65,475: one more, and the outer datagram has no room


def padded(size, mtu):
    """The size of an outer datagram that carries an inner packet."""
    return DATA_OVERHEAD + min((size + PAD - 1) // PAD * PAD, mtu)


def datagram_sizes(capture, host, outer=4):
    """The sizes of the datagrams that a host sent, oldest first."""
    return [frame.length - ETHERNET - IP_UDP[outer]
            for frame in capture.frames(source=host, protocol="udp")]


@CALLERS
@pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])
def test_every_small_size(lab, version, caller):
    """From an empty datagram to an inner packet of 200 bytes, there and back: the echo is the
    same, and each end pads as the paper says."""
    duo = Duo(lab, caller).join().works()
    sizes = range(IP_UDP[version], 201)
    with Echo(duo.member, duo.server, INNER_SERVER[version]) as echo:
        duo.capture.clear()
        for size in sizes:
            echo.ask(os.urandom(size - IP_UDP[version]))
    wanted = [padded(size, 1420) for size in sizes]
    for host in (duo.member, duo.server):
        assert datagram_sizes(duo.capture, host) == wanted


@CALLERS
@pytest.mark.parametrize("outer", [4, 6], ids=["outer-ipv4", "outer-ipv6"])
@pytest.mark.parametrize("mtu, link_mtu", [
    (1280, 1500), (1420, 1500), (1500, 1500), (1500, 1580), (9000, 9080), (9000, 1500),
    (LARGEST_MTU, 65535), (LARGEST_MTU, 1500)], ids=lambda value: str(value))
def test_edges(lab, mtu, link_mtu, outer, caller):
    """From one byte to the MTU and not one byte beyond; over links that carry it whole, and over
    ones which the outer datagram crosses in pieces."""
    duo = Duo(lab, caller, mtu=mtu, link_mtu=link_mtu).join(outer).works()
    for version in (4, 6):
        largest = mtu - IP_UDP[version]
        near_edge = [largest - less for less in (0, 1, 2, 15, 16, 17, 31, 32, 33, 100)]
        between = [1, 2, 15, 16, 17, 255, 256, 1000, largest // 2, largest // 2 + 1]
        with Echo(duo.member, duo.server, INNER_SERVER[version]) as echo:
            for size in between + near_edge:
                echo.ask(os.urandom(size))
            with pytest.raises(OSError, match="Message too long"):
                echo.ask(bytes(largest + 1))


@CALLERS
def test_ping(lab, caller):
    """The same by ping with DF: each answer has the data that was asked with."""
    duo = Duo(lab, caller).join().works()
    for version in (4, 6):
        for size in [1, 7, 8, 9, 15, 16, 17, 64, 1000] + \
                [1420 - IP_UDP[version] - less for less in (33, 17, 16, 15, 1, 0)]:
            answer = duo.member.run(["ping", "-n", "-c", 2, "-i", "0.01", "-W", 3, "-M", "do",
                                     "-s", size, INNER_SERVER[version]])
            assert "wrong" not in answer.stdout
        too_large = 1420 - IP_UDP[version] + 1
        assert duo.member.run(["ping", "-n", "-c", 1, "-W", 1, "-M", "do", "-s", too_large,
                               INNER_SERVER[version]], check=False).returncode != 0


@CALLERS
def test_ends_differ(lab, caller):
    """Each end has an MTU of its own, and takes what the other one sends within its own."""
    duo = Duo(lab, caller, link_mtu=9080).join().works()
    for far, near in ((1280, 8000), (8000, 1280)):
        duo.member.ip("link", "set", duo.far.name, "mtu", far)
        duo.server.ip("link", "set", duo.near.name, "mtu", near)
        duo.member.wait_for_ping(INNER_SERVER[4], size=7000)  # the inner one in pieces, one way
        duo.server.wait_for_ping(INNER_MEMBER[4], size=7000)
