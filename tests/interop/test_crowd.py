# SPDX-License-Identifier: ISC
"""Sixteen members at once around one hub, which forwards between them too."""

import pytest

from duo import OURS, PORT, THEIRS, program_with_options
from traffic import at_once, send_file

MEMBERS = 16
FILE_BYTES = 2 << 20
HUB, INNER_HUB, INNER_HUB6 = "192.0.2.254", "10.9.0.254", "fd00:9::fe"


class Member:
    """A host with a tunnel to the hub, through which it reaches all others too."""

    def __init__(self, lab, bridge, number, implementation, hub):
        self.host = lab.host(f"member{number}")
        bridge.attach(self.host, [f"192.0.2.{number}/24"])
        self.inner, self.inner6 = f"10.9.0.{number}", f"fd00:9::{number}"
        self.tunnel = self.host.wireguard(implementation=implementation, addresses=[
            f"{self.inner}/24", f"{self.inner6}/64"])
        hub.add_peer(self.tunnel, allowed_ips=[f"{self.inner}/32", f"{self.inner6}/128"])
        self.tunnel.add_peer(hub, allowed_ips=["10.9.0.0/24", "fd00:9::/64"],
                             endpoint=f"{HUB}:{PORT}")

    def use(self, hub, neighbour):
        """Everything a member does: pings, a file each way, and another member."""
        self.host.wait_for_ping(INNER_HUB)
        self.host.ping(INNER_HUB6, count=10, wait=5)
        send_file(self.host, hub.host, INNER_HUB, FILE_BYTES)
        send_file(hub.host, self.host, self.inner6, FILE_BYTES)
        self.host.wait_for_ping(neighbour.inner)
        send_file(self.host, neighbour.host, neighbour.inner6, FILE_BYTES // 4)


MIXED = [OURS if number % 2 else THEIRS for number in range(MEMBERS)]


@pytest.mark.parametrize("of_hub, of_members, options", [
    (OURS, [THEIRS] * MEMBERS, []),
    (OURS, MIXED, ["--workers=2"]),
    (THEIRS, [OURS] * MEMBERS, []),
], ids=["they-around-us", "mixed-around-our-two-workers", "we-around-them"])
def test_sixteen(lab, of_hub, of_members, options):
    bridge, host = lab.bridge(), lab.host("hub")
    bridge.attach(host, [f"{HUB}/24"])
    host.forward()
    hub = host.wireguard(
        implementation=of_hub, listen_port=PORT, addresses=[f"{INNER_HUB}/24", f"{INNER_HUB6}/64"],
        program=program_with_options(lab, *options) if options else None)
    members = [Member(lab, bridge, number, implementation, hub)
               for number, implementation in enumerate(of_members, 1)]
    neighbours = members[1:] + members[:1]
    at_once(**{member.host.name: lambda member=member, neighbour=neighbour: member.use(
        hub, neighbour) for member, neighbour in zip(members, neighbours)})
    peers = hub.show().peers
    assert len(peers) == MEMBERS
    for number, member in enumerate(members, 1):
        peer = peers[member.tunnel.public_key]
        assert peer.latest_handshake > 0 and peer.endpoint.startswith(f"192.0.2.{number}:")
        assert peer.received > FILE_BYTES and peer.sent > FILE_BYTES
