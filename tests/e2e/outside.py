# SPDX-License-Identifier: ISC
"""What a host's strangers do to it, and what they hear: the requirements of silence, measured.

    far stranger ─┐
    member ───────┼── router ──┬── bridge ── host
                  ┘            └─ near stranger

A subject is what runs on the host, behind which rules. An emission is a frame that leaves the host
and is neither for the member nor neighbour discovery with the router.
"""

import contextlib
import json
import pathlib
import random
import socket
import subprocess
import threading
import time

import lab as laboratory
from lab import Device, Server, program_path, strangers, wait_until

PORT, CONTROL = 40004, 40005
HOST, HOST6 = "192.0.2.10", "2001:db8:1::10"
ROUTER, ROUTER6 = "192.0.2.20", "2001:db8:1::20"
NEAR, NEAR6 = "192.0.2.66", "2001:db8:1::66"
FAR, FAR6 = "198.51.100.66", "2001:db8:66::66"
MEMBER, MEMBER6 = "203.0.113.7", "2001:db8:77::7"
INNER, INNER_MEMBER = "10.9.0.1", "10.9.0.2"
OVERLAY_TESTED = (f"{INNER}/24", "fd09::1")

# The usual advice: all dropped but the tunnel's port, neighbours and what belongs to own flows.
USUAL = laboratory.USUAL_FIREWALL.format(interface="eth0", port=PORT)


def tool(name):
    """A program of the build's bench folder."""
    return str(pathlib.Path(program_path("tacet-wg")).parents[2] / "bench" / name)


class Ground:
    """The hosts: host, router, near, far, member; port (the host's)."""

    def __init__(self, lab):
        self.lab = lab
        bridge = lab.bridge()
        self.host, self.router, self.near, self.far, self.member = (
            lab.host(name) for name in ("host", "router", "near", "far", "member"))
        self.port = bridge.attach(self.host, [f"{HOST}/24", f"{HOST6}/64"]).left
        self.gate = bridge.attach(self.router, [f"{ROUTER}/24", f"{ROUTER6}/64"]).left
        self.near_port = bridge.attach(self.near, [f"{NEAR}/24", f"{NEAR6}/64"]).left
        lab.link(self.router, self.far, left=["198.51.100.1/24", "2001:db8:66::1/64"],
                 right=[f"{FAR}/24", f"{FAR6}/64"])
        lab.link(self.router, self.member, left=["203.0.113.1/24", "2001:db8:77::1/64"],
                 right=[f"{MEMBER}/24", f"{MEMBER6}/64"])
        self.router.forward()
        for host, via, via6 in ((self.host, ROUTER, ROUTER6),
                                (self.near, ROUTER, ROUTER6),
                                (self.far, "198.51.100.1", "2001:db8:66::1"),
                                (self.member, "203.0.113.1", "2001:db8:77::1")):
            host.route("default", via)
            host.route("::/0", via6)
        for name, value in (("net.ipv4.ipfrag_time", 1), ("net.ipv6.ip6frag_time", 1),
                            ("net.ipv4.icmp_ratelimit", 0), ("net.ipv6.icmp.ratelimit", 0),
                            ("net.ipv4.icmp_msgs_per_sec", 100000),
                            ("net.ipv4.icmp_msgs_burst", 100000)):
            with contextlib.suppress(OSError):  # some are of the first namespace alone
                self.host.sysctl(name, value)

    def watch(self):
        """A Capture of emissions alone, whatever else passes."""
        to_router = (f"(arp and ether dst {self.gate.mac})"
                     f" or (icmp6 and ether dst {self.gate.mac} and"
                     f" (dst host {ROUTER6} or dst net fe80::/10))")
        return self.port.capture(
            only=f"outbound and not (dst host {MEMBER} or dst host {MEMBER6}) "
                 f"and not ({to_router})")


# Subjects.

class Tacet:
    """tacetd with the host hardened; its member is a device that has joined."""

    def __init__(self, ground, level="standard", reception="normal", **settings):
        self.ground, self.level = ground, level
        if reception != "normal":
            settings["reception"] = reception
        self.server = Server(ground.host, endpoint=f"{HOST}:{PORT}", listen=PORT, **settings)
        self.server.init()
        self.server.start()
        self.key = self.server.api("GET", "/v1/network")["server_key"]
        self.server.add_user("alice")
        self.device = Device(ground.member, "laptop")
        self.device.join(self.server.invite("alice"))
        self.device.wait_connected()
        self.inner = self.server.api("GET", "/v1/network")["ipv4"]
        words = [] if level == "standard" else ["--level", level]
        self.server.tacet("harden", "--yes", *words)
        self.server.tacet("harden", "--confirm", "--force")

    def works(self, timeout=15):
        """Waits until the member reaches the control port through the tunnel."""
        wait_until(lambda: self.device.fetch(f"http://{self.inner}:7411/", timeout=1) is not None,
                   timeout, "the member to be answered")


class Engine:
    """tacet-wg alone, asking for knocks, with the host hardened; or another WireGuard behind the
    usual firewall. The member's end is `far`."""

    def __init__(self, ground, implementation="tacet-wg", harden=True, options=(), rules=None):
        self.ground = ground
        folder = ground.lab.directory
        knock = []
        if implementation == "tacet-wg":
            key = laboratory.generate_private_key()
            knock = [f"{folder}/server.knock", f"{folder}/member.knock"]
            pathlib.Path(knock[0]).write_text(f"mode required\naccept 7 {key}\n", encoding="ascii")
            pathlib.Path(knock[1]).write_text(f"send 7 {key}\n", encoding="ascii")
        self.member_options = ["--knock", knock[1]] if knock else []
        self.near = ground.host.wireguard(
            addresses=[f"{INNER}/16", "fd09::1/64"], listen_port=PORT,
            implementation=implementation,
            options=[*(["--knock", knock[0]] if knock else []), *options])
        self.key = self.near.public_key
        self.far = self.add_member(INNER_MEMBER)
        if rules:
            ground.host.run(["nft", "-f", "-"], input=rules)
        elif harden:
            self.harden()

    def harden(self, level="standard"):
        """By the product's own command."""
        folder = pathlib.Path(self.ground.lab.directory) / "harden"
        folder.mkdir(exist_ok=True)
        config = folder / "tacet.conf"
        config.write_text(f"role: server\ninterface: {self.near.name}\nlisten: {PORT}\n"
                          f"state: {folder}/state\nrun: {folder}/run\n", encoding="ascii")
        self.near.set(fwmark="0x7ace7")
        words = [] if level == "standard" else ["--level", level]
        for step in (["--yes", *words], ["--confirm", "--force"]):
            self.ground.host.run([laboratory.tacet_path("tacet"), "harden", *step],
                                 env={"TACET_CONFIG": config})

    def add_member(self, address, calls=True):
        """One more member, on the member's host; knows where the server is, if it calls."""
        end = self.ground.member.wireguard(addresses=[f"{address}/32"], implementation="tacet-wg",
                                           options=self.member_options)
        self.near.add_peer(end, allowed_ips=[f"{address}/32"])
        if calls:
            self.call(end)
        return end

    def call(self, end):
        """The end begins a handshake at once."""
        end.add_peer(self.near, allowed_ips=[f"{INNER}/32"], endpoint=f"{HOST}:{PORT}",
                     keepalive=25)

    def works(self, timeout=15):
        """Waits until a ping of the member is answered through the tunnel."""
        self.ground.member.ip("route", "replace", f"{INNER}/32", "dev", self.far.name)
        self.ground.member.wait_for_ping(INNER, timeout)


def default_host(ground):
    """No firewall at all, and wireguard-go at the port."""
    return Engine(ground, "wireguard-go", harden=False)


def usual_firewall(ground):
    """The usual advice, and wireguard-go at the port."""
    return Engine(ground, "wireguard-go", rules=USUAL)


# What strangers do.

def flood(host, kind, count, *, rate=0, seconds=60, target=HOST, port=PORT, argument=None):
    """Datagrams by bench/stranger; how many were sent, and in how many seconds."""
    words = [tool("stranger"), kind, target, port, count, rate, seconds]
    said = host.run([*words, *([argument] if argument else [])], timeout=seconds + 60).stdout
    sent = json.loads(said)
    return sent["sent"], sent["seconds"]


def record(path, frames):
    """Writes payloads of frames as bench/stranger reads them."""
    with open(path, "wb") as file:
        for frame in frames:
            file.write(len(frame.payload).to_bytes(2, "big") + frame.payload)
    return str(path)


def prove(ground, stranger, subject, *words, times=2, target6=HOST6, timeout=1800):
    """tacet prove; what it says, as JSON."""
    if stranger is ground.near:
        words += ("--mac", ground.port.mac, "--overlay", OVERLAY_TESTED[0],
                  "--overlay", OVERLAY_TESTED[1])
    result = stranger.run(
        [laboratory.tacet_path("tacet"), "prove", HOST, "--port", PORT, "--control-port", CONTROL,
         "--i-own-this-host", HOST, "--target6", target6, "--i-own-this-host", target6,
         "--server-key", subject.key, "--times", times, "--pace", 0, "--patience", 3,
         "--rate", 1000, "--json", *words], check=False, timeout=timeout)
    assert result.returncode in (0, 5), result.stderr
    proof = json.loads(result.stdout)
    assert proof["control"]["good"], proof["control"]
    return proof


def answered(proof):
    """Names of the stimuli that were answered, of scanners that were, and unprompted frames."""
    names = [row["name"] for row in proof["stimuli"] if row["verdict"] in ("answered", "oracle")]
    names += [scan["name"] for scan in proof["scanners"] if scan["answers"]]
    return names + ["unprompted"] * len(proof["unprompted"])


@contextlib.contextmanager
def probing(host, kinds, per_second=100):
    """Probes the host all the time, as a stranger: TCP, UDP, echo and WireGuard's shapes."""
    ended, sent = threading.Event(), [0]
    raw = host.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    udp = host.socket()
    echo = b"\x08\x00\xf7\xfd\x00\x01\x00\x01"

    def work():
        while not ended.wait(len(kinds) / per_second):
            for datagram in kinds:
                udp.sendto(datagram, (HOST, PORT))
                udp.sendto(datagram, (HOST, CONTROL))
            raw.sendto(echo, (HOST, 0))
            with host.socket(kind=socket.SOCK_STREAM) as probe:
                probe.setblocking(False)
                probe.connect_ex((HOST, 22))
            sent[0] += 2 * len(kinds) + 2
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield sent
    finally:
        ended.set()
        thread.join()
        raw.close()
        udp.close()


def probes_of(key, rng=random):
    """One of each that a stranger with the public key can make."""
    return [strangers.initiation(key, rng), strangers.response(key, rng), rng.randbytes(64),
            strangers.message(strangers.DATA, 96, rng)]


def handshakes(subject, count, limit, during=contextlib.nullcontext()):
    """Members that begin at the same time as `during`, ten at a time; seconds each took, None for
    those that were not there within the limit."""
    ends = [subject.add_member(f"10.9.{1 + number // 250}.{1 + number % 250}", calls=False)
            for number in range(count)]
    took = {}
    with during:
        for start in range(0, count, 10):
            begun = {}
            for end in ends[start:start + 10]:
                begun[end] = time.monotonic()
                subject.call(end)
            deadline = time.monotonic() + limit
            while begun and time.monotonic() < deadline:
                for end in list(begun):
                    if has_session(end):
                        took[end] = time.monotonic() - begun.pop(end)
                time.sleep(0.01)
    return [took.get(end) for end in ends]


def has_session(end):
    """Whether an interface has had a handshake with anybody, by its own socket."""
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(end.socket_path)
        asker.sendall(b"get=1\n\n")
        text = b""
        while not text.endswith(b"\n\n"):
            piece = asker.recv(65536)
            if not piece:
                break
            text += piece
    return b"last_handshake_time_sec=0\n" not in text and b"last_handshake_time_sec=" in text


class Download:
    """iperf3 through the tunnel from the host to the member; the rate by `finish()`."""

    def __init__(self, subject, seconds):
        ground = subject.ground
        self.server = ground.host.spawn(["iperf3", "-s", "-1", "-B", INNER], deadline=600)
        wait_until(lambda: ":5201" in ground.host.run(["ss", "-ltn"]).stdout, 10, "iperf3")
        self.client = ground.member.spawn(
            ["iperf3", "-J", "-R", "-c", INNER, "-B", INNER_MEMBER, "-t", seconds],
            deadline=seconds + 120)
        self.seconds = seconds

    def finish(self):
        """Waits for its end; bits a second as received."""
        self.client.wait(self.seconds + 100)
        report = json.loads(self.client.output)
        if "error" in report:
            raise AssertionError(report["error"])
        return report["end"]["sum_received"]["bits_per_second"]


@contextlib.contextmanager
def background_flood(ground, kind, seconds, *, port=PORT, rate=0, argument=None):
    """A flood by the far stranger while the block runs; yields a list with what was sent."""
    sent = []

    def work():
        with contextlib.suppress(subprocess.SubprocessError):
            sent.append(flood(ground.far, kind, 1 << 40, rate=rate, seconds=seconds, port=port,
                              argument=argument))
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield sent
    finally:
        thread.join()
