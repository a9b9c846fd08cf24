# SPDX-License-Identifier: ISC
"""What other implementations put userspace WireGuard through, with one of each at the two ends:
sockets in one namespace and interfaces in others, jumbo sizes, moves, the filter of inner sources,
NAT, sticky source addresses, large configurations."""

import socket

import pytest

from duo import CALLERS, OURS, other
from lab import generate_preshared_key, generate_private_key, public_key_of, wait_until
from traffic import Iperf, send_file

LEFT, RIGHT = {4: "192.168.241.1", 6: "fd00::1"}, {4: "192.168.241.2", 6: "fd00::2"}
LEFT_PORT, RIGHT_PORT = 10000, 20000
LOOPBACK = {4: "127.0.0.1", 6: "[::1]"}
ORDINARY_MTU, JUMBO_MTU = 1420, 34816 - 1500 + 1420
TRANSFER_BYTES = 16 << 20


class Ends:
    """Two tunnels with a psk; `left` is of one implementation, `right` of the other one.

    Their sockets are in the hosts given, their interfaces in left_host and right_host (the same,
    unless told).
    """

    def __init__(self, lab, implementation, left_socket, right_socket, left_host=None,
                 right_host=None):
        self.left_host = left_host or left_socket
        self.right_host = right_host or right_socket
        self.left = left_socket.wireguard(implementation=implementation, listen_port=LEFT_PORT)
        self.right = right_socket.wireguard(implementation=other(implementation),
                                            listen_port=RIGHT_PORT)
        for tunnel, host, inner in ((self.left, self.left_host, LEFT),
                                    (self.right, self.right_host, RIGHT)):
            if host is not tunnel.host:
                tunnel.host.ip("link", "set", tunnel.name, "netns", host.namespace)
            tunnel.up([f"{inner[4]}/24", f"{inner[6]}/64"], host=host)
        self.psk = generate_preshared_key()
        self.left.add_peer(self.right, preshared_key=self.psk,
                           allowed_ips=[f"{RIGHT[4]}/32", f"{RIGHT[6]}/128"])
        self.right.add_peer(self.left, preshared_key=self.psk,
                            allowed_ips=[f"{LEFT[4]}/32", f"{LEFT[6]}/128"])

    def set_mtu(self, mtu):
        """The same MTU at both ends."""
        for tunnel, host in ((self.left, self.left_host), (self.right, self.right_host)):
            host.ip("link", "set", tunnel.name, "mtu", mtu)

    def statistics(self):
        """Bytes received and sent, as the kernel counts them at the right interface."""
        folder = f"/sys/class/net/{self.right.name}/statistics"
        text = self.right_host.run(["cat", f"{folder}/rx_bytes", f"{folder}/tx_bytes"]).stdout
        return tuple(int(line) for line in text.split())

    def carry(self):
        """Pings, files and UDP, both ways, IPv4 and IPv6."""
        for version in (4, 6):
            self.right_host.ping(LEFT[version], count=10, wait=3)
            self.left_host.ping(RIGHT[version], count=10, wait=3)
        send_file(self.left_host, self.right_host, RIGHT[4], TRANSFER_BYTES)
        send_file(self.right_host, self.left_host, LEFT[6], TRANSFER_BYTES)
        for server, client, address in ((self.left_host, self.right_host, LEFT[4]),
                                        (self.right_host, self.left_host, RIGHT[6])):
            report = Iperf(client, server, address).run("-u", "-b", "100M", "-n", "8M")
            assert report["sum"]["lost_percent"] < 50  # the path is alive under UDP, not lossless


@pytest.fixture
def apart(lab, caller):
    """Both sockets in one namespace, on its loopback; the interfaces in two others."""
    outside, left, right = lab.host("outside"), lab.host("left"), lab.host("right")
    return Ends(lab, caller, outside, outside, left, right)


def connect(ends, version):
    """Tell both ends of the other one's endpoint on the loopback."""
    ends.left.add_peer(ends.right, endpoint=f"{LOOPBACK[version]}:{RIGHT_PORT}")
    ends.right.add_peer(ends.left, endpoint=f"{LOOPBACK[version]}:{LEFT_PORT}")


@CALLERS
def test_interface_counters(apart):
    """Ten pings of 84 bytes are what the interface counts; the tunnel counts what it adds, too."""
    connect(apart, 4)
    apart.right_host.ping(LEFT[4], count=10, wait=3)
    received, sent = apart.statistics()
    assert 840 <= received < 2500 and 840 <= sent < 2500
    peer = apart.right.peer(apart.left)
    assert peer.received >= 10 * 128 and peer.sent >= 10 * 128


@CALLERS
@pytest.mark.parametrize("outer", [4, 6], ids=["outer-ipv4", "outer-ipv6"])
def test_ordinary_and_jumbo(apart, outer):
    """The MTU changes under a session, far up and down again, in the namespaces it moved to."""
    connect(apart, outer)
    for mtu in (JUMBO_MTU, ORDINARY_MTU):
        apart.set_mtu(mtu)
        apart.carry()


@CALLERS
def test_moves_on_the_loopback(apart):
    """Another address and port, then another version and port: the right end follows each."""
    connect(apart, 6)
    apart.left_host.ping(RIGHT[4], wait=3)
    outside = apart.left.host
    outside.ip("-4", "address", "del", "127.0.0.1/8", "dev", "lo")
    outside.ip("-4", "address", "add", "127.212.121.99/8", "dev", "lo")
    apart.left.set(listen_port=9999)
    apart.left.add_peer(apart.right, endpoint=f"127.0.0.1:{RIGHT_PORT}")
    apart.left_host.ping(RIGHT[6])
    assert apart.right.peer(apart.left).endpoint == "127.212.121.99:9999"
    apart.left.set(listen_port=9998)
    apart.left.add_peer(apart.right, endpoint=f"[::1]:{RIGHT_PORT}")
    apart.left_host.ping(RIGHT[4])
    assert apart.right.peer(apart.left).endpoint == "[::1]:9998"


@CALLERS
def test_inner_source_must_be_the_peers(apart):
    """An address that a more specific entry gives to somebody else is no longer this peer's, while
    the peer itself is followed to where it moves."""
    connect(apart, 6)
    left, right = apart.left, apart.right
    left.add_peer(right, allowed_ips=["192.168.241.0/24"])
    with apart.left_host.socket() as receiver, apart.right_host.socket() as sender:
        receiver.bind((LEFT[4], 1111))
        receiver.settimeout(3)
        sender.sendto(b"X", (LEFT[4], 1111))
        assert receiver.recv(16) == b"X"
        somebody = public_key_of(generate_private_key())
        left.add_peer(somebody, allowed_ips=[f"{RIGHT[4]}/32"])
        right.set(listen_port=9997)
        sender.sendto(b"Y", (LEFT[4], 1111))
        wait_until(lambda: left.peer(right).endpoint == "[::1]:9997", 5, "the left end to follow")
        receiver.settimeout(0.3)
        with pytest.raises(socket.timeout):
            receiver.recv(16)
        left.remove_peer(somebody)
        # The entry went with its peer; what is left is the wider one.
        sender.sendto(b"Z", (LEFT[4], 1111))
        receiver.settimeout(3)
        assert receiver.recv(16) == b"Z"


TRANSLATE = "add table ip nat; " \
    "add chain ip nat postrouting { type nat hook postrouting priority 100; }; " \
    "add rule ip nat postrouting ip saddr 192.168.1.0/24 ip daddr 10.0.0.0/24 snat to {}"


@CALLERS
def test_behind_nat(lab, caller):
    """The left end is behind NAT that forgets after two seconds, and keeps it awake; then NAT
    gets another address, and the right end follows that."""
    left, router, right = lab.host("left"), lab.host("router"), lab.host("right")
    lab.link(router, left, left=["192.168.1.1/24"], right=["192.168.1.100/24"])
    lab.link(router, right, left=["10.0.0.1/24", "10.0.0.2/24"], right=["10.0.0.100/24"])
    left.route("default", via="192.168.1.1")
    router.forward()
    router.run(["nft", TRANSLATE.replace("{}", "10.0.0.1")])
    for name in ("udp_timeout", "udp_timeout_stream"):
        router.sysctl(f"net.netfilter.nf_conntrack_{name}", 2)
    ends = Ends(lab, caller, left, right)
    ends.left.add_peer(ends.right, endpoint=f"10.0.0.100:{RIGHT_PORT}", keepalive=1)
    left.ping(RIGHT[4], wait=3)
    right.ping(LEFT[4])
    assert ends.right.peer(ends.left).endpoint == f"10.0.0.1:{LEFT_PORT}"
    right.run(["sleep", "3"])  # longer than the NAT remembers
    right.ping(LEFT[4])
    router.run(["nft", "delete table ip nat; " + TRANSLATE.replace("{}", "10.0.0.2")])
    # What it remembers goes by the old rule for as long as it is used: it is made to forget.
    ends.left.add_peer(ends.right, keepalive=0)
    right.run(["sleep", "3"])
    left.ping(RIGHT[6])
    assert ends.right.peer(ends.left).endpoint == f"10.0.0.2:{LEFT_PORT}"
    right.ping(LEFT[6])


def test_source_that_goes_away(lab):
    """We go on from another address when the one that we sent from is taken away. (Not asked of
    wireguard-go, which fails it where the kernel says ENETUNREACH, as Linux 6.18 does.)"""
    left, right = lab.host("left"), lab.host("right")
    link = lab.link(left, right, left=["10.0.0.1/24", "fd00:aa::1/96"],
                    right=["10.0.0.2/24", "fd00:aa::2/96"])
    ends = Ends(lab, OURS, left, right)
    for far, old, new in (("10.0.0.2", "10.0.0.1/24", "10.0.0.10/24"),
                          ("[fd00:aa::2]", "fd00:aa::1/96", "fd00:aa::10/96")):
        ends.left.add_peer(ends.right, endpoint=f"{far}:{RIGHT_PORT}")
        left.ping(RIGHT[4], wait=3)
        link.left.add_address(new)
        link.left.remove_address(old)
        left.ping(RIGHT[4])


@CALLERS
def test_answers_leave_from_where_they_were_called(lab, caller):
    """The left end has two addresses of each version, and answers from the one that was called."""
    left, right = lab.host("left"), lab.host("right")
    link = lab.link(left, right, right=["10.0.0.3/24", "fd00:aa::3/96"], left=[
        "10.0.0.1/24", "10.0.0.2/24", "fd00:aa::1/96", "fd00:aa::2/96"])
    ends, capture = Ends(lab, caller, left, right), link.capture()
    for called in ("10.0.0.1", "fd00:aa::1", "10.0.0.2", "fd00:aa::2"):
        where = f"[{called}]:{LEFT_PORT}" if ":" in called else f"{called}:{LEFT_PORT}"
        ends.right.add_peer(ends.left, endpoint=where)
        capture.clear()
        right.ping(LEFT[4], wait=3)
        assert {frame.source for frame in capture.frames(source=left, protocol="udp")} == {called}
        assert ends.right.peer(ends.left).endpoint == where


def allowed_ips(tunnel):
    """A dict of the allowed-ips of each peer, by `wg show`."""
    rows = [line.split() for line in
            tunnel.wg("show", tunnel.name, "allowed-ips").stdout.splitlines()]
    return {key: set(networks) for key, *networks in rows}


def test_large_configurations(lab):
    """130,560 networks of one peer; 40 peers with 52 each; 30 peers without a private key; an
    interface of the same name each time, which `ip link del` ends."""
    host = lab.host("host")
    name = lab.interface_name("wg")

    def configure(lines):
        """A new interface with this configuration."""
        tunnel = host.wireguard(name, exact_name=True, implementation=OURS, private_key=None)
        tunnel.wg("setconf", name, "/dev/stdin", input="\n".join(lines) + "\n")
        return tunnel

    def remove(tunnel):
        """`ip link del` ends it."""
        host.ip("link", "del", name)
        tunnel.wait_gone()

    keys = [public_key_of(generate_private_key()) for _ in range(40)]
    interface = ["[Interface]", f"PrivateKey={generate_private_key()}"]
    wanted = {f"{a}.{b}.0.0/16" for a in range(1, 256) for b in range(256)} | \
        {f"{a:x}:{b:x}::/128" if b else f"{a:x}::/128" for a in range(1, 256) for b in range(256)}
    tunnel = configure(interface + ["[Peer]", f"PublicKey={keys[0]}"] +
                       [f"AllowedIPs={network}" for network in wanted])
    assert allowed_ips(tunnel) == {keys[0]: wanted}
    remove(tunnel)

    wanted = {key: {f"{a}.{b}.0.0/16" for b in range(1, 53)} for a, key in enumerate(keys, 1)}
    lines = list(interface)
    for key, networks in wanted.items():
        lines += ["[Peer]", f"PublicKey={key}"] + [f"AllowedIPs={each}" for each in networks]
    tunnel = configure(lines)
    assert allowed_ips(tunnel) == wanted
    remove(tunnel)

    lines = [line for key in keys[:30] for line in ("[Peer]", f"PublicKey={key}")]
    tunnel = configure(lines + ["AllowedIPs=255.2.3.4/32,abcd::255/128"])
    shown = tunnel.wg("showconf", name).stdout
    assert shown.count("[Peer]") == 30 and "255.2.3.4/32" in shown and "PrivateKey" not in shown
    remove(tunnel)
    assert host.run(["wg", "show", name], check=False).returncode != 0
