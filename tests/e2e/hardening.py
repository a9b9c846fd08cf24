# SPDX-License-Identifier: ISC
"""What the tests of hardening share: a server that listens to the world, a stranger behind a router.

    stranger ──── router ──── server ──── docker0 ──── container
"""

import os
import pathlib
import re
import socket

from lab import program_path, wait_until

PORT = 51820
MARK = 0x7ACE7  # of the daemon's datagrams
STRANGER, STRANGER6 = "198.51.100.2", "2001:db8:66::2"
SERVER, SERVER6 = "192.0.2.1", "2001:db8:2::1"
ROUTER, ROUTER6 = "192.0.2.254", "2001:db8:2::fe"
CONTAINER = "172.17.0.2"
ADDRESSES = {4: (socket.AF_INET, SERVER, STRANGER), 6: (socket.AF_INET6, SERVER6, STRANGER6)}
SETTINGS = ("net.ipv4.conf.all.accept_redirects", "net.ipv4.conf.eth0.accept_redirects",
            "net.ipv4.conf.all.send_redirects", "net.ipv4.conf.eth0.send_redirects",
            "net.ipv6.conf.eth0.accept_redirects", "net.ipv6.icmp.echo_ignore_multicast",
            "net.ipv6.icmp.echo_ignore_anycast", "net.ipv4.icmp_echo_ignore_broadcasts")

# Takes TCP connections and datagrams on a port of all addresses; says what it is sent, again.
ECHO = """
import selectors, socket, sys
selector = selectors.DefaultSelector()
for port in sys.argv[1:]:
    for family, any in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        tcp = socket.create_server((any, int(port)), family=family, backlog=64)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        udp.bind((any, int(port)))
        selector.register(tcp, selectors.EVENT_READ, "listens")
        selector.register(udp, selectors.EVENT_READ, "udp")
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        try:
            if key.data == "listens":
                selector.register(key.fileobj.accept()[0], selectors.EVENT_READ, "tcp")
            elif key.data == "udp":
                data, to = key.fileobj.recvfrom(2048)
                key.fileobj.sendto(data, to)
            else:
                data = key.fileobj.recv(65536)
                if not data:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
                    continue
                key.fileobj.sendall(data)
        except OSError:
            pass
"""

# As an administrator has them, and as Docker writes them by iptables-nft.
FOREIGN = f"""
table inet filter {{
    set blocked {{ type ipv4_addr; flags interval; elements = {{ 203.0.113.0/24 }} }}
    chain input {{
        type filter hook input priority 0; policy accept;
        ip saddr @blocked counter drop
    }}
}}
table ip filter {{
    chain DOCKER {{
        iifname != "docker0" oifname "docker0" ip daddr {CONTAINER} tcp dport 80 counter accept
    }}
    chain FORWARD {{
        type filter hook forward priority 0; policy drop;
        oifname "docker0" ct state related,established counter accept
        oifname "docker0" counter jump DOCKER
        iifname "docker0" oifname != "docker0" counter accept
    }}
}}
table ip nat {{
    chain DOCKER {{
        iifname != "docker0" tcp dport 8080 counter dnat to {CONTAINER}:80
    }}
    chain PREROUTING {{
        type nat hook prerouting priority -100; policy accept;
        fib daddr type local counter jump DOCKER
    }}
    chain POSTROUTING {{
        type nat hook postrouting priority 100; policy accept;
        oifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade
    }}
}}
"""


def driver_path():
    """Where the build that tacet-wg comes from has the driver."""
    built = pathlib.Path(program_path("tacet-wg")).parents[2] / "tests/e2e/harden_driver"
    return os.environ.get("TACET_HARDEN_DRIVER", str(built))


class Site:
    """The three hosts. capture: of the link between router and server; state: the server's."""

    def __init__(self, lab):
        self.lab = lab
        self.stranger, self.router, self.server = (
            lab.host(name) for name in ("stranger", "router", "server"))
        lab.link(self.router, self.stranger, left=["198.51.100.254/24", "2001:db8:66::fe/64"],
                 right=[f"{STRANGER}/24", f"{STRANGER6}/64"])
        self.link = lab.link(self.router, self.server, left=[f"{ROUTER}/24", f"{ROUTER6}/64"],
                             right=[f"{SERVER}/24", f"{SERVER6}/64"])
        self.router.forward()
        self.stranger.route("default", "198.51.100.254")
        self.stranger.route("default", "2001:db8:66::fe")
        self.server.route("default", ROUTER)
        self.server.route("default", ROUTER6)
        self.state = f"{lab.directory}/server"
        self.tunnel = "tacet0"
        self.capture = self.link.capture(snap=96)

    def driver(self):
        """The words that `tacet harden` has before its own."""
        return [driver_path(), self.state, self.tunnel, PORT]

    def listen(self, *ports, host=None):
        """An echo service of TCP and UDP on all addresses of the server."""
        service = (host or self.server).spawn(["python3", "-c", ECHO, *ports])
        service.wait_for_output("ready")
        return service

    def harden(self, *words, check=True, json=False, env=None, **options):
        """`tacet harden words...` on the server; each call is a login of its own."""
        return self.server.run([*self.driver(), *(["--json"] if json else []), *words],
                               check=check, env=env, **options)

    def apply(self, *words, **options):
        """Hardens it, unconfirmed."""
        return self.harden("--yes", *words, **options)

    def confirm(self):
        """Hardens for good what was applied."""
        return self.harden("--confirm")

    def add_container(self):
        """A container behind docker0, with an echo service on port 80 that is published on 8080."""
        container = self.lab.host("container")
        self.server.ip("link", "add", "docker0", "type", "bridge")
        self.server.ip("address", "add", "172.17.0.1/16", "dev", "docker0")
        self.server.ip("link", "set", "docker0", "up")
        link = self.lab.link(self.server, container, right=[f"{CONTAINER}/16"])
        self.server.ip("link", "set", link.left.name, "master", "docker0")
        container.route("default", "172.17.0.1")
        self.server.sysctl("net.ipv4.ip_forward", 1)
        self.listen(80, host=container)
        return container

    def rules(self):
        """The whole ruleset, without what counts and whom the host has spoken to."""
        text = self.server.run(["nft", "-s", "list", "ruleset"]).stdout
        text = re.sub(r"(\tset (?:near|near_option|fresh|asked4|asked6|exchange|askers|queried) "
                      r"\{[^{}]*?)\n\t\telements = \{[^}]*\}", r"\1", text)
        return re.sub(r"counter packets \d+ bytes \d+", "counter", text)

    def is_hardened(self):
        """Whether our tables are there."""
        return "tacet_harden" in self.rules()

    def snapshot(self):
        """All that hardening may change."""
        return self.rules(), {name: self.server.sysctl(name) for name in SETTINGS}

    def watchers(self):
        """The pids of watchers on the server."""
        names = {}
        for pid in self.server.pids():
            try:
                names[pid] = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            except OSError:
                continue
        return [pid for pid, name in names.items() if name == "tacet-harden"]

    def wait_until_open(self, timeout=15):
        """Waits until hardening is gone."""
        wait_until(lambda: not self.is_hardened(), timeout, "hardening to be taken back")

    # What strangers do.

    def tcp(self, port, version=4, host=None, timeout=0.6, address=None):
        """Whether a TCP connection of the stranger to the server carries data both ways."""
        family, server, _ = ADDRESSES[version]
        with (host or self.stranger).socket(family, socket.SOCK_STREAM) as here:
            here.settimeout(timeout)
            try:
                here.connect((address or server, port))
                here.sendall(b"hello")
                return here.recv(64) == b"hello"
            except OSError:
                return False

    def udp(self, port, version=4, host=None, timeout=0.6, address=None):
        """Whether a datagram is answered."""
        family, server, _ = ADDRESSES[version]
        with (host or self.stranger).socket(family) as here:
            here.settimeout(timeout)
            try:
                here.sendto(b"hello", (address or server, port))
                return here.recv(64) == b"hello"
            except OSError:
                return False

    def scan(self, version, *words, ports="-", timeout=90):
        """Runs Nmap from the stranger; its output."""
        return self.stranger.run(
            ["nmap", "-Pn", "-n", "-T5", "--max-retries", 0, "--min-rate", 20000, "-p", ports,
             *(["-6"] if version == 6 else []), *words, ADDRESSES[version][1]],
            timeout=timeout).stdout

    def said(self, version=None):
        """Frames from the server to the stranger."""
        versions = [version] if version else [4, 6]
        return [frame for one in versions
                for frame in self.capture.frames(destination=ADDRESSES[one][2])
                if frame.source_mac == self.link.right.mac]


# Packets that a kernel complains about, if it looks at them. From a neighbour: routers on the way
# would complain themselves.

def checksum(data):
    """Of the Internet, over whole words."""
    total = sum(int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2, "big")


def ipv4(payload, *, protocol=17, options=b"", fragment=0):
    """A packet of the router's to the server."""
    words = 5 + len(options) // 4
    header = bytes([0x40 | words, 0]) + (4 * words + len(payload)).to_bytes(2, "big")
    header += b"\x12\x34" + fragment.to_bytes(2, "big") + bytes([64, protocol, 0, 0])
    header += socket.inet_aton(ROUTER) + socket.inet_aton(SERVER) + options
    return header[:10] + checksum(header) + header[12:] + payload


def ipv6(payload, following, limit=64):
    """A packet of the router's to the server."""
    return (b"\x60\0\0\0" + len(payload).to_bytes(2, "big") + bytes([following, limit]) +
            socket.inet_pton(socket.AF_INET6, ROUTER6) +
            socket.inet_pton(socket.AF_INET6, SERVER6) + payload)


def udp_segment(port, length=156):
    """A datagram of WireGuard's shape, without a checksum."""
    return ((40000).to_bytes(2, "big") + port.to_bytes(2, "big") + length.to_bytes(2, "big") +
            b"\0\0" + b"\x01\0\0\0").ljust(length, b"\0")


def oracles(port):
    """Name and packet of each; they all carry a datagram for the port."""
    segment = udp_segment(port)
    unknown_option = bytes([17, 0, 0x9E, 4, 0, 0, 0, 0])  # "discard, and report"
    return {
        "bad IPv4 option": ipv4(segment, options=bytes([7, 3, 2, 0])),
        "option of bad length": ipv4(segment, options=bytes([68, 1, 5, 0])),
        "first IPv4 fragment": ipv4(segment, fragment=0x2000),
        "unknown IPv4 protocol": ipv4(segment, protocol=200),
        "unknown destination option": ipv6(unknown_option + segment, 60),
        "unknown hop-by-hop option": ipv6(unknown_option + segment, 0),
        "unknown routing header": ipv6(bytes([17, 0, 200, 1, 0, 0, 0, 0]) + segment, 43),
        "first IPv6 fragment": ipv6(bytes([17, 0, 0, 1, 1, 2, 3, 4]) + segment[:152], 44),
        "IPv6 fragment of bad length": ipv6(bytes([17, 0, 0, 1, 1, 2, 3, 5]) + segment[:150], 44),
        "unknown next header": ipv6(segment, 200),
    }
