# SPDX-License-Identifier: ISC
"""The levels of hardening, asked the whole catalogue of tacet prove: standard and sealed, IPv4 and
IPv6, on the link and behind a router, whatever state the daemon is in, and each guard alone."""

import json
import os
import re
import socket
import struct
import threading
import time

import pytest

import hardening
import lab as laboratory
from test_prove import (FAR, FAR6, FINDINGS, HOST, HOST6, INNER, NEAR, NEAR6, PORT, ROUTER, ROUTER6,
                        SILENT, Field, named, shown)

MARK = 0x7ACE7
LEVELS = pytest.mark.parametrize("level", ["standard", "sealed"])


class Levels(Field):
    """A Field whose host can be hardened."""

    def __init__(self, lab, **options):
        super().__init__(lab, fwmark=MARK, **options)
        self.state = f"{lab.directory}/host"
        for name in ("accept_ra", "autoconf"):  # as most have it
            self.host.sysctl(f"net.ipv6.conf.eth0.{name}", 1)
        self.outside = next(host for host in lab.hosts if host.name == "bridge").port(0)

    def harden(self, *words, check=True, **options):
        """`tacet harden words...` on the host."""
        return self.host.run([hardening.driver_path(), self.state, self.tunnel.name, PORT, *words],
                             check=check, **options)

    def seal(self, level, *words):
        """Hardens it for good. The router is known by what the host asks it."""
        self.harden("--yes", "--level", level, *words)
        self.harden("--confirm")
        assert "netdev tacet_harden" in self.rules()

    def rules(self):
        """What the kernel has."""
        return self.host.run(["nft", "list", "ruleset"]).stdout

    def is_silent(self, stranger, *words):
        """Asks the catalogue; fails with what answered."""
        code, proof = self.prove(stranger, "--no-scanners", *words)
        assert code == SILENT and proof["silent"], shown(proof)
        assert proof["summary"]["answered"] == 0
        assert proof["summary"]["silent"] >= (500 if stranger is self.near else 300)


@pytest.fixture
def field(lab):
    """Levels; skips where a program is not built."""
    for path in (hardening.driver_path(), laboratory.tacet_path("tacet")):
        if not path or not os.access(path, os.X_OK):
            pytest.skip(f"{path} is not built")
    return Levels(lab)


@LEVELS
def test_catalogue(field, level):
    """Before: answers. After: none, on the link and behind the router."""
    code, proof = field.prove(field.near, "--no-scanners", "--only", "ipv4.icmp.*")
    assert code == FINDINGS and "ipv4.icmp.echo" in named(proof, "answered") | named(
        proof, "oracle")
    field.seal(level)
    field.is_silent(field.near)
    field.is_silent(field.far)


class Guards:
    """What is left in force where a part of the rules is lost."""

    # The hooks of each guard: their chains are emptied and let all through.
    HOOKS = {
        "in": {"inet tacet_harden": {"shape": "prerouting priority -450",
                                     "way_in": "prerouting priority -150"},
               "netdev tacet_harden": {"link_in": "ingress device \"eth0\" priority -500"}},
        "out": {"inet tacet_harden": {"way_out": "postrouting priority -150"},
                "netdev tacet_harden": {"link_out": "egress device \"eth0\" priority 0"}},
    }

    @classmethod
    def lose(cls, host, way):
        """Opens the guard of one way."""
        for table, chains in cls.HOOKS[way].items():
            for chain, hook in chains.items():
                host.run(["nft", f"flush chain {table} {chain}; add chain {table} {chain} "
                                 f"{{ type filter hook {hook}; policy accept; }}"])


@LEVELS
@pytest.mark.parametrize("lost", ["in", "out"])
def test_each_guard_alone(field, level, lost):
    """With the other one open nothing is said either."""
    wait_for_quiet(field.outside.capture(), field.host.port())
    field.seal(level)
    Guards.lose(field.host, lost)
    field.is_silent(field.near)
    field.is_silent(field.far)


def wait_for_quiet(capture, port, quiet=1.5, timeout=20):
    """Waits until a port has sent nothing for a while: what a link says by itself when it is up."""
    deadline, began = time.monotonic() + timeout, time.time()
    while time.monotonic() < deadline:
        last = max([began, *(frame.time for frame in capture.frames(source=port))])
        if time.time() - last > quiet:
            return
        time.sleep(0.05)
    raise AssertionError(f"{port} goes on talking")


@pytest.mark.parametrize("state", ["killed", "removed", "starting"])
@LEVELS
def test_whatever_the_daemon_does(field, level, state):
    """It is killed, removed without --undo, or starts again and again while it is asked."""
    field.seal(level)
    if state != "starting":
        field.tunnel.kill()
        for stranger in (field.near, field.far):
            field.is_silent(stranger)
        return
    stop = threading.Event()
    starts = []

    def restart():
        while not stop.is_set():
            field.tunnel.kill()
            field.tunnel.start()
            field.tunnel.set(private_key=field.tunnel.private_key, listen_port=PORT, fwmark=MARK)
            field.tunnel.up([])
            starts.append(time.monotonic())

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        for stranger in (field.near, field.far):
            field.is_silent(stranger)
    finally:
        stop.set()
        thread.join()
    assert len(starts) >= 5


def test_a_link_that_comes_up(field):
    """By default it says who it is by itself; sealed it says nothing."""
    capture = field.outside.capture()
    said = {}
    for is_sealed in (False, True):
        if is_sealed:
            field.seal("sealed")
        wait_for_quiet(capture, field.host.port())
        capture.clear()
        field.host.port().down()
        field.host.port().up()
        field.host.ip("address", "add", HOST6 + "/64", "dev", "eth0")
        field.host.route("default", ROUTER)
        field.host.route("::/0", ROUTER6)
        capture.wait_for(source=field.host.port(), number=3) if not is_sealed else \
            time.sleep(6)  # solicitations of routers come up to four seconds apart
        said[is_sealed] = [frame for frame in capture.frames(source=field.host.port())
                           if frame.destination_mac != field.router.port().mac]
    assert len(said[False]) >= 3 and said[True] == [], said


def talk(source, destination, address, port=7000):
    """Whether a TCP connection carries data both ways, with no link address known before."""
    for host in (source, destination):
        for version in ("-4", "-6"):
            host.ip(version, "neighbour", "flush", "dev", "eth0")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with source.socket(family, socket.SOCK_STREAM) as here:
        here.settimeout(2)
        try:
            here.connect((address, port))
            here.sendall(b"hello")
            return here.recv(64) == b"hello"
        except OSError:
            return False


def listen(host, *ports):
    """An echo service."""
    host.spawn(["python3", "-c", hardening.ECHO, *ports]).wait_for_output("ready")


def test_own_connections(field):
    """Standard: to hosts on the link and behind the router, both ways; nobody's to us. Sealed: none,
    but those that are kept."""
    for host in (field.host, field.near, field.far):
        listen(host, 7000)
    theirs = [(field.near, NEAR), (field.near, NEAR6), (field.far, FAR), (field.far, FAR6)]
    assert all(talk(host, field.host, HOST) for host in (field.near, field.far))
    field.seal("standard")
    for host, address in theirs:
        assert talk(field.host, host, address), address
        assert not talk(host, field.host, HOST6 if ":" in address else HOST), address
    # Whom it speaks to may ask for it: his own question is answered, a stranger's is not.
    assert talk(field.host, field.near, NEAR)
    field.near.ip("neighbour", "flush", "dev", "eth0")
    field.near.ping(HOST, check=False, wait=0.3)
    assert field.host.port().mac in field.near.ip("neighbour", "show", HOST).stdout
    field.seal("sealed", "--keep", "tcp/7000", "from", f"{FAR}/32", "--keep",
               f"tcp/7000 from {FAR6}/128")
    for host, address in theirs:
        assert not talk(field.host, host, address), address
    assert talk(field.far, field.host, HOST) and talk(field.far, field.host, HOST6)
    assert not talk(field.near, field.host, HOST)


@LEVELS
def test_the_router_goes_on(field, level):
    """It finds the host when it has forgotten it, though the host says nothing by itself."""
    field.seal(level)
    far = field.far.wireguard(addresses=["10.9.0.2/24"])
    field.tunnel.add_peer(far, allowed_ips=["10.9.0.2/32"])
    far.add_peer(field.tunnel, allowed_ips=[f"{INNER}/32"], endpoint=f"{HOST}:{PORT}")
    field.host.ip("neighbour", "flush", "all")
    field.router.ip("neighbour", "flush", "all")
    field.far.wait_for_ping(INNER)
    assert field.far.ping(INNER, size=1300)
    # The same over IPv6, and from another address.
    field.router.ip("-6", "neighbour", "flush", "all")
    far.set_endpoint = far.wg("set", far.name, "peer", field.tunnel.public_key, "endpoint",
                              f"[{HOST6}]:{PORT}")
    field.far.wait_for_ping(INNER)
    before = field.tunnel.peer(far).endpoint
    assert before.startswith("[2001:db8:66::66]")
    field.far.port().add_address("2001:db8:66::67/64")
    field.far.port().remove_address(f"{FAR6}/64")
    field.far.wait_for_ping(INNER)
    assert field.tunnel.peer(far).endpoint.startswith("[2001:db8:66::67]")


def test_a_member_on_the_link(field):
    """Standard speaks to it; sealed only if it is named."""
    near = field.near.wireguard(addresses=["10.9.0.3/24"])
    field.tunnel.add_peer(near, allowed_ips=["10.9.0.3/32"])
    near.add_peer(field.tunnel, allowed_ips=[f"{INNER}/32"], endpoint=f"{HOST}:{PORT}")
    field.near.wait_for_ping(INNER)
    field.seal("standard")
    field.near.wait_for_ping(INNER)
    field.seal("sealed")
    field.host.ip("neighbour", "flush", "all")
    assert not field.near.ping(INNER, check=False, wait=1)
    field.seal("sealed", "--neighbour", NEAR)
    field.near.ip("neighbour", "flush", "all")
    field.near.wait_for_ping(INNER)


def test_levels_in_turn(field):
    """Each knows what the other has changed; undo knows what was there at first."""
    names = ["net.ipv4.conf.eth0.arp_ignore", "net.ipv4.conf.eth0.arp_announce",
             "net.ipv6.conf.eth0.accept_ra", "net.ipv6.conf.eth0.autoconf",
             "net.ipv6.conf.eth0.dad_transmits", "net.ipv4.conf.eth0.accept_redirects"]

    def settings():
        return [field.host.sysctl(name) for name in names]

    before = field.rules(), settings()
    field.seal("standard")
    standard = settings()
    assert standard[:5] == before[1][:5] and standard[5] == "0"
    field.harden("--yes", "--level", "sealed", "--seconds", "5")
    assert settings() == ["1", "2", "0", "0", "0", "0"]
    assert "counter sealed" in field.rules()
    laboratory.wait_until(lambda: settings() == standard, 15, "the level before to be back")
    assert "counter sealed" not in field.rules()
    field.seal("sealed")
    field.harden("--yes", "--keep", "tcp/22")  # the level stays that which is confirmed
    assert "counter sealed" in field.rules()
    field.harden("--confirm")
    assert "Hardened (sealed)" in field.harden("--show").stdout
    field.host.run(["nft", "flush", "ruleset"])
    field.harden("--load")
    assert "counter sealed" in field.rules()
    field.seal("standard")
    assert settings() == standard
    field.harden("--undo")
    assert (field.rules(), settings()) == before


def test_sealed_needs_a_router(lab):
    """Without one, and without a neighbour by name, nobody could be spoken to."""
    host, other = lab.host("host"), lab.host("other")
    lab.link(host, other, left=[f"{HOST}/24"], right=["192.0.2.1/24"])
    words = [hardening.driver_path(), f"{lab.directory}/host", "tacet0", PORT, "--yes", "--level",
             "sealed"]
    refused = host.run(words, check=False)
    assert refused.returncode == 1 and "--neighbour" in refused.stderr
    assert "tacet" not in host.run(["nft", "list", "ruleset"]).stdout
    absent = host.run([*words, "--neighbour", "192.0.2.99"], check=False)
    assert absent.returncode == 1 and "--neighbour" in absent.stderr
    host.run([*words, "--neighbour", "192.0.2.1"])


def test_an_administrator_on_the_link(field):
    """His login lives until he has confirmed, though the host speaks to its router alone; then it is
    cut unless he is kept and named."""
    listen(field.host, 22)

    def login():
        here = field.near.socket(socket.AF_INET, socket.SOCK_STREAM)
        here.settimeout(2)
        here.connect((HOST, 22))
        return here, {"SSH_CONNECTION": f"{NEAR} {here.getsockname()[1]} {HOST} 22"}

    def speaks(here):
        for host in (field.host, field.near):
            host.ip("neighbour", "flush", "dev", "eth0")
        here.sendall(b"still")
        try:
            return here.recv(64) == b"still"
        except TimeoutError:
            return False

    his, env = login()
    plan = field.harden("--yes", "--level", "sealed", env=env).stdout
    assert "FROM THE LINK" in plan and f"--neighbour {NEAR} --keep tcp/22 from {NEAR}" in plan
    assert speaks(his)
    field.harden("--confirm")
    assert not speaks(his)
    his.close()
    field.harden("--undo")
    his, env = login()
    plan = field.harden("--yes", "--level", "sealed", "--neighbour", NEAR, "--keep", "tcp/22",
                        "from", f"{NEAR}/32", env=env).stdout
    assert "which is kept" in plan and f"neighbour {NEAR} at {field.near.port().mac}" in plan
    field.harden("--confirm")
    assert speaks(his)
    his.close()
    assert talk(field.near, field.host, HOST, 22)


def sender(host):
    """A socket that writes frames to the link, as programs do that go around the kernel's ways."""
    raw = host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    raw.bind(("eth0", 0))
    return raw


def frame_of(field, segment):
    """A frame with a UDP datagram of the host's to the far stranger."""
    header = bytes([0x45, 0]) + (20 + len(segment)).to_bytes(2, "big") + bytes(4)
    header += bytes([64, 17, 0, 0]) + socket.inet_aton(HOST) + socket.inet_aton(FAR)
    header = header[:10] + hardening.checksum(header) + header[12:]
    return (bytes.fromhex(field.router.port().mac.replace(":", "")) +
            bytes.fromhex(field.host.port().mac.replace(":", "")) + b"\x08\0" + header + segment)


@LEVELS
def test_raw_senders(field, level):
    """What a program writes to the link from the tunnel's port needs the daemon's mark and shape; of
    other protocols nothing leaves."""
    segment = PORT.to_bytes(2, "big") + b"\x9c\x40" + (8 + 64).to_bytes(2, "big") + b"\0\0"
    data = frame_of(field, segment + b"\x04\0\0\0".ljust(64))
    cookie = frame_of(field, segment + b"\x03\0\0\0".ljust(64))
    lldp = bytes.fromhex("0180c200000e020000000001") + b"\x88\xcc" + bytes(50)
    capture = field.outside.capture()
    with sender(field.host) as raw:
        for one in (data, cookie, lldp):
            raw.send(one)
        capture.wait_for(3, source=field.host.port())
        field.seal(level)
        wait_for_quiet(capture, field.host.port())
        capture.clear()
        for one in (data, lldp):
            with pytest.raises(OSError):
                raw.send(one)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
        with pytest.raises(OSError):
            raw.send(cookie)
        raw.send(data)
    assert len(capture.wait_for(source=field.host.port())) == 1
    dropped = json.loads(field.host.run(
        [hardening.driver_path(), field.state, field.tunnel.name, PORT, "--json", "--show"]
    ).stdout)["dropped"]
    assert dropped["forged"] == 2 and dropped["unsaid"] >= 1


@LEVELS
def test_samples(field, level):
    """Each death is counted; a sample of them is logged with its reason, at most so many."""
    field.seal(level)
    log = Nflog(field.host, 31438)
    counts = {}
    with field.near.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
        raw.bind(("eth0", 0))
        to, own = (bytes.fromhex(host.port().mac.replace(":", ""))
                   for host in (field.host, field.near))
        syn = hardening.ipv4(bytes(20), protocol=6)
        options = hardening.ipv4(bytes(20), protocol=6, options=bytes([1, 1, 1, 1]))
        for reason, packet in (("unasked", syn), ("misshapen", options)):
            for _ in range(5000):
                raw.send(to + own + b"\x08\0" + packet)
            counts[reason] = 5000
    seen = log.read()
    log.close()
    dropped = json.loads(field.host.run(
        [hardening.driver_path(), field.state, field.tunnel.name, PORT, "--json", "--show"]
    ).stdout)["dropped"]
    for reason, count in counts.items():
        assert dropped[reason] == count, dropped
        assert 1000 <= seen[f"tacet {reason}"] <= 4000


class Nflog:
    """Hears what is logged to a group of nflog in a host: how often with which prefix."""

    def __init__(self, host, group):
        self.socket = host.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)  # NETLINK_NETFILTER
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
        self.socket.bind((0, 0))
        self.socket.settimeout(0.5)
        bind = struct.pack("=HHB3x", 5, 1, 1)  # NFULA_CFG_CMD: NFULNL_CFG_CMD_BIND
        copy = struct.pack("=HH", 10, 2) + struct.pack(">IBx", 128, 2) + b"\0\0"
        for attribute in (bind, copy):
            body = struct.pack(">BBH", 0, 0, group) + attribute
            self.socket.send(struct.pack("=IHHII", 16 + len(body), 4 << 8 | 1, 1, 0, 0) + body)

    def read(self):
        """All that has come, by prefix."""
        seen = {}
        while True:
            try:
                data = self.socket.recv(1 << 16)
            except TimeoutError:
                return seen
            while len(data) >= 16:
                size = struct.unpack("=I", data[:4])[0]
                for prefix in re.findall(rb"tacet \w+", data[20:size]):
                    seen[prefix.decode()] = seen.get(prefix.decode(), 0) + 1
                data = data[(size + 3) & ~3:]

    def close(self):
        """No more."""
        self.socket.close()


def test_an_interface_that_comes_later(field):
    """Sealed, it says nothing at all; once the rules are loaded again it is one like the others."""
    field.seal("sealed")
    other = field.lab.host("other")
    link = field.lab.link(field.host, other, left=["203.0.113.1/24", "2001:db8:9::1/64"],
                          right=["203.0.113.2/24", "2001:db8:9::2/64"])
    capture = link.right.capture()
    for address in ("203.0.113.1", "2001:db8:9::1"):
        assert not other.ping(address, check=False, wait=0.5)
    assert not field.host.ping("203.0.113.2", check=False, wait=0.5)
    assert not field.host.ping("2001:db8:9::2", check=False, wait=0.5)
    assert capture.count(source=link.right) >= 2
    assert capture.frames(source=link.left) == []
    field.harden("--load")
    assert field.rules().count(link.left.name) >= 4


@LEVELS
def test_the_kernels_engine(lab, level):
    """No cookie reply leaves, responses to members alone, and sessions begin no faster than it can
    take without a word. Another program stands for it: this kernel may have none."""
    host, router, far = (lab.host(name) for name in ("host", "router", "far"))
    lab.link(host, router, left=[f"{HOST}/24"], right=[f"{ROUTER}/24"])
    link = lab.link(router, far, left=["198.51.100.1/24"], right=[f"{FAR}/24"])
    router.forward()
    host.route("default", ROUTER)
    far.route("default", "198.51.100.1")
    words = [hardening.driver_path(), f"{lab.directory}/host", "wg0", PORT]
    host.run([*words, "--yes", "--level", level, "--engine", "kernel", "--peer", "198.51.100.64/28"])
    host.run([*words, "--confirm"])
    engine = host.socket(socket.AF_INET)
    engine.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE
    engine.bind((HOST, PORT))
    engine.setblocking(False)
    capture = link.capture()

    def say(kind, size, address):
        capture.clear()
        try:
            engine.sendto(bytes([kind, 0, 0, 0]).ljust(size), (address, 40000))
        except PermissionError:
            return False
        return bool(capture.wait_for(source=HOST, destination=address))

    stranger = "198.51.100.200"
    far.port().add_address(f"{stranger}/24")
    assert not say(3, 64, FAR) and not say(3, 64, stranger)
    assert say(2, 92, FAR) and not say(2, 92, stranger)
    assert say(4, 32, stranger) and say(2, 92, stranger)  # it has a session there
    with far.socket(socket.AF_INET) as sender_:
        for kind, size in ((1, 148), (2, 92)) * 1000:
            sender_.sendto(bytes([kind, 0, 0, 0]).ljust(size), (HOST, PORT))
        sender_.sendto(b"\x04\0\0\0".ljust(32), (HOST, PORT))
    got = []
    laboratory.wait_until(lambda: got.append(engine.recv(2048)) or got[-1][0] == 4, 5, "the last")
    assert 200 <= len(got) <= 450
    dropped = json.loads(host.run([*words, "--json", "--show"]).stdout)["dropped"]
    assert dropped["hurried"] == 2001 - len(got)
    host.run([*words, "--load"])
    assert not say(3, 64, FAR) and not say(2, 92, stranger)
    engine.close()


def test_dhcp(field):
    """Standard hears a server's offer after it has asked, not before; sealed does not ask."""
    client, server = (host.socket(socket.AF_INET) for host in (field.host, field.near))
    for one, host, port in ((client, field.host, 68), (server, field.near, 67)):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, host.port().name.encode())
        one.bind(("", port))
        one.settimeout(0.5)

    def offer():
        server.sendto(b"offer", ("255.255.255.255", 68))
        try:
            return client.recv(64) == b"offer"
        except TimeoutError:
            return False

    def ask():
        try:
            client.sendto(b"discover", ("255.255.255.255", 67))
            return server.recv(64) == b"discover"
        except (TimeoutError, PermissionError):
            return False

    assert offer() and ask() and offer()
    field.seal("standard")
    assert not offer()
    assert ask() and offer()
    field.seal("sealed")
    assert not ask() and not offer()
    client.close()
    server.close()


def test_routers_advertisements(field):
    """Standard takes them from a router that it speaks to; sealed from nobody."""
    def advertise(host, prefix):
        option = (bytes([3, 4, 64, 0xC0]) + (600).to_bytes(4, "big") * 2 + bytes(4) +
                  socket.inet_pton(socket.AF_INET6, prefix))
        message = bytes([134, 0, 0, 0, 64, 0]) + (600).to_bytes(2, "big") + bytes(8) + option
        with host.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
            raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            index = host.inside(socket.if_nametoindex, "eth0")
            raw.sendto(message, ("ff02::1", 0, 0, index))

    def has(prefix):
        return prefix[:-2] in field.host.ip("-6", "address", "show", "dev", "eth0").stdout

    def takes(host, prefix):
        try:  # again and again: its own address on the link may not be usable yet
            return laboratory.wait_until(lambda: advertise(host, prefix) or has(prefix), 3,
                                         "an address", 0.1)
        except AssertionError:
            return False

    assert takes(field.near, "2001:db8:a::")
    field.seal("standard")
    assert takes(field.router, "2001:db8:b::")
    assert not takes(field.near, "2001:db8:c::")
    field.seal("sealed")
    assert not takes(field.router, "2001:db8:d::")
