# SPDX-License-Identifier: ISC
"""A session with wireguard-go: who calls, inner and outer versions, with and without a psk."""

import time

import pytest

from duo import CALLERS, INNER_MEMBER, INNER_SERVER, MEMBER, SERVER, Duo, endpoint, kinds
from lab import strangers
from traffic import at_once


@CALLERS
@pytest.mark.parametrize("preshared", [False, True], ids=["no-psk", "psk"])
@pytest.mark.parametrize("outer", [4, 6], ids=["outer-ipv4", "outer-ipv6"])
def test_session(lab, outer, preshared, caller):
    """One handshake carries inner IPv4 and IPv6, both ways, from the very first packet on."""
    duo = Duo(lab, caller, preshared=preshared).join(outer)
    before = int(time.time())
    for version in (4, 6):
        for count, size in ((1, 0), (5, 56), (5, 1000), (5, 1420 - 48)):
            duo.member.ping(INNER_SERVER[version], count=count, size=size, wait=3)
            duo.server.ping(INNER_MEMBER[version], count=count, size=size, wait=3)
    assert duo.begun() == (1, 0)
    assert kinds(duo.capture, source=SERVER[outer], destination=MEMBER[outer])[0] == \
        strangers.RESPONSE
    for _, tunnel, _, _ in duo.ends():
        peer = tunnel.peer(duo.far if tunnel is duo.near else duo.near)
        assert peer.preshared_key == duo.preshared_key
        assert before <= peer.latest_handshake <= time.time()
    caller_port = duo.far.show().listen_port
    assert duo.near.peer(duo.far).endpoint == endpoint(MEMBER[outer], caller_port)
    assert duo.far.peer(duo.near).endpoint == endpoint(SERVER[outer])


@CALLERS
def test_counters_agree(lab, caller):
    """What one end counts as sent, the other counts as received."""
    duo = Duo(lab, caller).join()
    for size in range(0, 1300, 50):
        duo.member.ping(INNER_SERVER[4], size=size, wait=3)
    member, server = duo.far.peer(duo.near), duo.near.peer(duo.far)
    assert member.sent == server.received > 0
    assert server.sent == member.received > 0


@CALLERS
def test_called_back(lab, caller):
    """A session is both ends' own: who was called may be the first to send again."""
    duo = Duo(lab, caller).join()
    duo.member.ping(INNER_SERVER[4], wait=3)
    duo.server.ping(INNER_MEMBER[6], count=10, wait=3)
    assert duo.begun() == (1, 0)


@CALLERS
def test_both_call_at_once(lab, caller):
    """Each knows where the other is, and both have something to say at the same moment.

    Both calls may cross, and each end gives up its own for the other's: then both call again after
    5 s, and where the same ping has them do so at the same moment, after 5 s more.
    """
    duo = Duo(lab, caller).join()
    port = duo.far.show().listen_port
    duo.near.add_peer(duo.far, endpoint=endpoint(MEMBER[4], port))
    at_once(**{host.name: lambda host=host, to=to: host.wait_for_ping(to[4], timeout=30, count=3)
               for host, _, _, to in duo.ends()})
    for host, _, _, to in duo.ends():
        host.ping(to[6], count=20)
