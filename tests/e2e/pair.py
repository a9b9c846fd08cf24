# SPDX-License-Identifier: ISC
"""Two hosts on a link with a tunnel between them: what most end-to-end tests begin with."""

from lab import wait_until

SERVER, MEMBER, ELSEWHERE = "192.0.2.1", "192.0.2.2", "192.0.2.77"
SERVER6, MEMBER6 = "2001:db8::1", "2001:db8::2"
INNER_SERVER, INNER_MEMBER = "10.9.0.1", "10.9.0.2"
INNER_SERVER6, INNER_MEMBER6 = "fd00:9::1", "fd00:9::2"
PORT = 40004


class Pair:
    """Two hosts on a link, and a tunnel between them (two ends, .near of the server, .far)."""

    def __init__(self, lab, foreground=False, mtu=None, options=(), implementation=None):
        self.lab = lab
        self.server, self.member = lab.host("server"), lab.host("member")
        self.link = lab.link(self.server, self.member, left=[f"{SERVER}/24", f"{SERVER6}/64"],
                             right=[f"{MEMBER}/24", f"{MEMBER6}/64"])
        self.capture = self.link.capture()
        self.near = self.server.wireguard(
            addresses=[f"{INNER_SERVER}/24", f"{INNER_SERVER6}/64"], listen_port=PORT,
            foreground=foreground, mtu=mtu, options=options, implementation=implementation)
        self.far = self.member.wireguard(
            addresses=[f"{INNER_MEMBER}/24", f"{INNER_MEMBER6}/64"], foreground=foreground,
            mtu=mtu, options=options)

    def join(self, endpoint=f"{SERVER}:{PORT}"):
        """Make the ends peers of each other; the member knows the endpoint of the server."""
        self.near.add_peer(self.far, allowed_ips=[f"{INNER_MEMBER}/32", f"{INNER_MEMBER6}/128"])
        self.far.add_peer(self.near, allowed_ips=[f"{INNER_SERVER}/32", f"{INNER_SERVER6}/128"],
                          endpoint=endpoint)
        return self

    def works(self, timeout=15.0, wait=1.0):
        """Wait until pings of the member pass the tunnel."""
        self.member.wait_for_ping(INNER_SERVER, timeout, wait=wait)

    def calls_and_follows(self):
        """The server calls the member, who then moves to another address and is followed there."""
        self.near.remove_peer(self.far)
        self.near.add_peer(self.far, allowed_ips=[f"{INNER_MEMBER}/32"],
                           endpoint=f"{MEMBER}:{self.far.show().listen_port}")
        self.server.wait_for_ping(INNER_MEMBER, 15)
        self.link.right.add_address(f"{ELSEWHERE}/24")
        self.member.ip("address", "del", f"{MEMBER}/24", "dev", self.link.right.name)
        self.works()
        wait_until(lambda: self.near.peer(self.far).endpoint.startswith(f"{ELSEWHERE}:"), 10,
                   "the server to see the member elsewhere")
