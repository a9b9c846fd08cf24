# SPDX-License-Identifier: ISC
"""The world of the story: a server with a host behind it, devices, and a stranger.

    member ────┐
    another ───┼── router ── server ── backend (whose configuration nobody touches)
    stranger ──┘

All addresses are of documentation; each host outside is on a link of its own.
"""

import pytest

import lab as laboratory
from lab import Device, Nginx, Server

SERVER, SERVER6 = "192.0.2.10", "2001:db8:1::10"
BACKEND = "10.0.0.7"
PROGRAMS = ("nft", "curl", "nmap", "nginx", "ss")


class World:
    """server (a Server), backend and stranger (Hosts), members (Devices by name).

    outer: the server's link to the world; stranger_link.
    """

    def __init__(self, lab, *members, prepare=True):
        self.lab = lab
        self.router = lab.host("router")
        self.router.forward()
        self._count = 0
        host, self.outer = self._outside("server", SERVER, SERVER6)
        self.stranger, self.stranger_link = self.add_host("stranger")
        self.backend = lab.host("backend")
        self.inner = lab.link(host, self.backend, left=["10.0.0.1/24", "fd00:10::1/64"],
                              right=[f"{BACKEND}/24", "fd00:10::7/64"])
        self.server = Server(host, endpoint=f"{SERVER}:{laboratory.tacet.PORT}")
        self.members = {name: self.add_member(name) for name in members}
        if prepare:
            self.server.init()
            self.server.start()

    def _outside(self, name, address, address6):
        host = self.lab.host(name)
        ways = [address.rsplit(".", 1)[0] + ".1", address6.rsplit("::", 1)[0] + "::1"]
        link = self.lab.link(host, self.router, left=[f"{address}/24", f"{address6}/64"],
                             right=[f"{ways[0]}/24", f"{ways[1]}/64"])
        for way in ways:
            host.route("default" if "." in way else "::/0", via=way)
        return host, link

    def add_host(self, name):
        """A new host outside; the Host and its Link to the router."""
        self._count += 1
        return self._outside(name, f"198.18.{self._count}.10", f"2001:db8:{self._count + 16:x}::10")

    def add_member(self, name):
        """A Device on a new host."""
        return Device(self.add_host(name)[0], name)

    def web(self, *allowed, listen=("0.0.0.0:80", "[::]:80"), name="intranet"):
        """An nginx on the server as a service, which these users may reach; the Nginx."""
        nginx = Nginx(self.server.host, *listen)
        self.server.add_service(name, "127.0.0.1:80")
        for user in allowed:
            self.server.add_user(user)
        if allowed:
            self.server.allow(**{user: [name] for user in allowed})
        return nginx

    def enrol(self, name, user=None, *, services=None):
        """Has a member join as a device of a user (of its own name, unless told)."""
        device = self.members[name]
        device.join(self.server.invite(user or name))
        return device.wait_connected(services=services)

    def vip(self, service):
        """The virtual address of a service."""
        return self.server.service(service)["vip"]


class Phone:
    """A stock WireGuard client of a user, on a host of its own, whose owner is curious: it sends
    into the tunnel what it likes. host, end (a WireGuard), ipv4, vips (of all services, by name).
    """

    def __init__(self, world, user, name="phone"):
        self.server = world.server
        self.host, _ = world.add_host(name)
        self.end = self.host.wireguard(addresses=[], implementation="tacet-wg")
        self.server.tacet("knock", "--mode", "preferred")  # stock WireGuard does not knock
        device = self.server.api("POST", "/v1/devices", {"user": user, "name": name,
                                                         "public_key": self.end.public_key})
        self.ipv4, self.ipv6 = device["ipv4"], device["ipv6"]
        self.network = self.server.api("GET", "/v1/network")
        self.end.up([f"{self.ipv4}/32", f"{self.ipv6}/128"])
        for overlay in (self.network["overlay_ipv4"], self.network["overlay_ipv6"]):
            self.host.route(overlay, port=self.end)
        services = self.server.api("GET", "/v1/services")["services"]
        self.vips = {service["name"]: service["vip"] for service in services}
        self._call()

    def renew(self):
        """Begins anew: the next packet makes a handshake."""
        self.end.remove_peer(self.network["server_key"])
        self._call()

    def fetch(self, url, timeout=3):
        """What curl gets from a URL; None where nothing answers."""
        result = self.host.run(["curl", "-sS", "-g", "--max-time", timeout, url], check=False)
        return result.stdout if result.returncode == 0 else None

    def _call(self):
        self.end.add_peer(self.network["server_key"], endpoint=self.server.endpoint,
                          allowed_ips=[self.network["overlay_ipv4"], self.network["overlay_ipv6"]])


def make(lab, *members, programs=PROGRAMS, services=("nginx",), prepare=True):
    """A World; skips the test where something is missing."""
    reason = laboratory.missing(*programs) or laboratory.services_missing(*services) or \
        laboratory.tacet_missing()
    if reason:
        pytest.skip(reason)
    return World(lab, *members, prepare=prepare)


def answers(capture):
    """Who sent something that came in by a captured interface, with its port."""
    return {(frame.source, frame.source_port) for frame in capture.frames() if not frame.outgoing}


def scan(host, *targets, ports="-", ways=("-sS", "-sU"), rate=20000, timeout=120):
    """A scan by real nmap, one address family a call; what it printed."""
    version = ["-6"] if ":" in targets[0] else []
    return "".join(host.run(
        ["nmap", *version, way, "-Pn", "-n", "-p", ports, "--max-retries", "0", "--min-rate", rate,
         "--disable-arp-ping", "--send-ip", *targets], timeout=timeout).stdout for way in ways)
