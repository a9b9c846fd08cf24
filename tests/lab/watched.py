# SPDX-License-Identifier: ISC
"""A hardened server whose radar sees a stranger: what tests and benchmarks share.

    stranger ──── router ──── server
"""

from . import process
from .scans import Stranger, settle
from .tacet import Server

SERVER, SERVER6 = "192.0.2.1", "fd78::1"
OUTGOING = ("unsaid", "forged")  # what the guard on the way out stops
GROUP = 31438

# What the hardening is to log, where it does not yet: docs/radar.md says why so.
LOG = f'limit rate 400/second burst 800 packets log prefix "tacet {{}}" group {GROUP} snaplen 192'
RULES = (
    f"add rule inet tacet_harden way_in {LOG.format('unasked')}",
    *(f"insert rule {table} tacet_harden {chain} {LOG.format('misshapen')}"
      for table in ("netdev",)
      for chain in ("shape4 ip frag-off & 0x3fff != 0", "shape4 ip hdrlength != 5",
                    "shape6 ip6 nexthdr { 0, 43, 44, 51, 59, 60, 135, 139, 140, 253, 254 }")),
)


def network(address):
    """As the radar calls the source of an IPv6 packet."""
    return address.replace("::1", "::")


class Watched:
    """server: a Server, hardened; stranger: a Stranger with as many addresses as it wants."""

    def __init__(self, lab, **settings):
        near, router, far = (lab.host(name) for name in ("stranger", "router", "server"))
        outer = lab.link(near, router, left=["10.77.0.1/16", "fd77::1/32"],
                         right=["10.77.255.254/16", "fd77::fe/32"])
        self.link = lab.link(router, far, left=["192.0.2.254/24", "fd78::fe/64"],
                             right=[f"{SERVER}/24", f"{SERVER6}/64"])
        router.forward()
        for host, via in ((near, ("10.77.255.254", "fd77::fe")),
                          (far, ("192.0.2.254", "fd78::fe"))):
            host.route("default", via[0])
            host.route("default", via[1])
        self.server = Server(far, **settings)
        self.server.init()
        self.server.start(deadline=3600)
        self.server.tacet("harden", "--yes")
        self.server.tacet("harden", "--confirm", "--force")
        self.sample()
        self.stranger = Stranger(near, far, outer)
        self.number = 0

    def sample(self):
        """Has packets logged that die, unless the hardening does that itself."""
        listed = self.server.host.run(["nft", "-s", "list", "ruleset"]).stdout
        if f"group {GROUP}" not in listed:
            self.server.host.run(["nft", "-f", "-"], input="\n".join(RULES) + "\n")

    def radar(self):
        """GET /v1/radar."""
        return self.server.api("GET", "/v1/radar")

    def died(self):
        """How many packets of others died in front of the engine: the sum of counters."""
        return sum(row["packets"] for row in self.radar()["counters"]
                   if row["place"] != "engine" and row["reason"] not in OUTGOING)

    def clear(self):
        """What there was, which is forgotten."""
        return self.server.api("DELETE", "/v1/radar")

    def source(self):
        """A new address of the stranger, and one of IPv6 in a network of its own."""
        self.number += 1
        addresses = (f"10.77.{1 + self.number // 250}.{1 + self.number % 250}",
                     f"fd77:0:{self.number:x}::1")
        self.stranger.near.add_address(f"{addresses[0]}/32")
        self.stranger.near.add_address(f"{addresses[1]}/128")
        return addresses

    def look(self, kind, timeout=60.0):
        """One run of a kind from a source of its own; returns its address, as the radar has it."""
        source, source6 = self.source()
        self.stranger.run(kind, source, source6, timeout=timeout)
        return source if kind.version == 4 else network(source6)

    def sightings(self, source):
        """What the radar says of a source, what has a name first."""
        found = [row for row in self.radar()["sightings"] if row["source"] == source]
        return sorted(found, key=lambda row: (row["tool"] == "unknown", -row["packets"]))

    def name(self, source, timeout=3.0):
        """The name (tool, scan) that a source gets, once all of it was read."""
        try:
            process.wait_until(lambda: self.sightings(source), timeout, "a sighting")
        except process.WaitTimeout:
            return None, None
        rows = self.sightings(source)
        return rows[0]["tool"], rows[0]["scan"]

    def strangers(self, capture):
        """How many packets of a capture at the server's port came and had to die.

        All but neighbour discovery and ARP: a report of multicast listeners is one, too.
        """
        return sum(not frame.outgoing and frame.protocol != "arp" and
                   (frame.protocol != "icmp6" or frame.destination == "ff02::16")
                   for frame in capture.frames())

    def quiet(self):
        """Waits until no frame passes the link, and what was sampled has been handed over."""
        settle(self.link)
        seen = [None]

        def steady():
            before, seen[0] = seen[0], self.radar()["radar"]["sampled"]
            return before == seen[0]
        process.wait_until(steady, 10, "the radar to have read all", interval=0.3)
