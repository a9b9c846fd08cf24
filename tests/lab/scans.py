# SPDX-License-Identifier: ISC
"""Kinds of scans by real tools, and of ordinary traffic, as command lines of a stranger.

What Debian does not have (Unicornscan, the Mirai family) is crafted from the marks of its source.
Few ports each, so that a run takes seconds; what makes packets recognisable is left as it is.
"""

import dataclasses
import random
import shutil
import socket
import struct

from . import process

PORTS = "20-25,53,80,110,139,143,161,443,445,3389,8080"


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of scan: what the radar should call it, and by which words it is made.

    words: {T} target, {T6} the same, {S} {S6} source, {I} interface, {M} link address of the
    next hop, {P} ports. A function instead makes the packets: function(source, target, rng).
    """

    name: str
    tool: str  # as in docs/radar.md
    scan: str
    words: object
    version: int = 4

    def missing(self):
        """Why it cannot be made here, or None."""
        if callable(self.words):
            return None
        words = self.words.split()
        program = words[2] if words[0] == "timeout" else words[0]
        return None if shutil.which(program) else f"needs the program {program}"


def checksum(data):
    """The Internet's (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ipv4(source, target, protocol, body, *, ttl=64, number=0, flags=0, tos=0):
    """An IPv4 packet."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, tos, 20 + len(body), number, flags, ttl, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def transport(source, target, protocol, body, at):
    """The body with its checksum, of TCP or UDP, at its place."""
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack(
        "!BBH", 0, protocol, len(body))
    return body[:at] + struct.pack("!H", checksum(pseudo + body)) + body[at + 2:]


def tcp(source, target, ports, *, flags=2, window, sequence, acknowledged=0, options=b"",
        payload=b"", **more):
    """An IPv4 packet with a TCP segment. ports: from, to."""
    body = struct.pack("!HHIIBBHHH", *ports, sequence, acknowledged,
                       (20 + len(options)) // 4 << 4, flags, window, 0, 0) + options + payload
    return ipv4(source, target, 6, transport(source, target, 6, body, 16), **more)


def udp(source, target, ports, payload, **more):
    """An IPv4 packet with a UDP datagram."""
    body = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    return ipv4(source, target, 17, transport(source, target, 17, body, 6), **more)


def unicornscan_tcp(source, target, rng):
    """Unicornscan 0.4.7, -mT with its default fingerprint (src/scan_progs/init_packet.c)."""
    return [tcp(source, target, (rng.randint(4096, 65535), port), window=4128,
                sequence=rng.getrandbits(32), options=b"\x02\x04\x05\xb4", ttl=255,
                number=rng.getrandbits(16)) for port in (22, 80, 443, 21, 23, 25, 53, 110, 8080)]


def unicornscan_udp(source, target, rng):
    """The same, -mU: ports without a payload of their own get an empty datagram."""
    return [udp(source, target, (rng.randint(4096, 65535), port), b"", ttl=255,
                number=rng.getrandbits(16)) for port in (7, 9, 13, 31337, 520, 631, 1434, 5632)]


def mirai(source, target, rng):
    """The telnet scan of the Mirai family (its published scanner.c): sequence = destination."""
    sport, window = rng.randint(1024, 65535), rng.getrandbits(16)
    number = struct.unpack("!I", socket.inet_aton(target))[0]
    return [tcp(source, target, (sport, 2323 if i % 10 == 0 else 23), window=window,
                sequence=number, number=rng.getrandbits(16)) for i in range(10)]


def zmap_new(source, target, rng):
    """ZMap 3 and later, whose number of packets is random: one SYN, as Linux's in its options."""
    return [tcp(source, target, (rng.randint(32768, 61000), 443), window=65535,
                sequence=rng.getrandbits(32), options=b"\x02\x04\x05\xb4", ttl=255,
                number=rng.getrandbits(16))]


NMAP, NMAP6 = "nmap -n -Pn -e {I} -S {S} -p {P} ", "nmap -6 -n -Pn -e {I} -S {S6} -p {P} "
MASSCAN = "timeout 3 masscan {T} -e {I} --source-ip {S} --router-mac {M} --wait 0 --rate 200 "
ZMAP = "zmap -q -v 0 -i {I} -S {S} -G {M} -r 100 -c 1 -B 1M -b /dev/null -o - "
HPING = "hping3 -q -n -I {I} -a {S} -c 6 -i u20000 "

SCANS = (
    Kind("nmap -sS", "nmap", "syn", NMAP + "-sS {T}"),
    Kind("nmap -sA", "nmap", "ack", NMAP + "-sA {T}"),
    Kind("nmap -sW", "nmap", "ack", NMAP + "-sW {T}"),
    Kind("nmap -sN", "nmap", "null", NMAP + "-sN {T}"),
    Kind("nmap -sF", "nmap", "fin", NMAP + "-sF {T}"),
    Kind("nmap -sX", "nmap", "xmas", NMAP + "-sX {T}"),
    Kind("nmap -sM", "nmap", "maimon", NMAP + "-sM {T}"),
    Kind("nmap --scanflags", "nmap", "flags", NMAP + "-sS --scanflags URGPSH {T}"),
    Kind("nmap -sU", "nmap", "udp", NMAP + "-sU --max-retries 2 {T}"),
    Kind("nmap -sY", "nmap", "sctp", NMAP + "-sY {T}"),
    Kind("nmap -sZ", "nmap", "sctp", NMAP + "-sZ {T}"),
    Kind("nmap -sO", "nmap", "protocols",
         "nmap -n -Pn -e {I} -S {S} -sO -p 2,4,6,17,41,47,50,88,103,132 {T}"),
    Kind("nmap -sn", "nmap", "ping", "nmap -n -sn -e {I} -S {S} --disable-arp-ping {T}"),
    Kind("nmap", "nmap", "syn", "nmap -n -e {I} -S {S} -p {P} --disable-arp-ping -PS80 {T}"),
    Kind("nmap -O", "nmap", "syn", NMAP + "-O --max-os-tries 1 {T}"),
    Kind("nmap -sV", "nmap", "syn", NMAP + "-sV {T}"),
    Kind("nmap -T4 -A", "nmap", "syn", NMAP + "-T4 -A --max-os-tries 1 {T}"),
    Kind("nmap -T2", "nmap", "syn", "nmap -n -Pn -e {I} -S {S} -p 22,80 -T2 --max-retries 0 {T}"),
    Kind("nmap --traceroute", "nmap", "syn", NMAP + "--traceroute {T}"),
    Kind("nmap -f", "nmap", "fragments", NMAP + "-f {T}"),
    Kind("nmap -D", "nmap", "syn", NMAP + "-D 203.0.113.5,ME,203.0.113.6 {T}"),
    Kind("nmap --data-length", "nmap", "syn", NMAP + "--data-length 24 {T}"),
    Kind("nmap -6 -sS", "nmap", "syn", NMAP6 + "-sS {T6}", 6),
    Kind("nmap -6 -sU", "nmap", "udp", NMAP6 + "-sU --max-retries 2 {T6}", 6),
    Kind("nmap -6 -sA", "nmap", "ack", NMAP6 + "-sA {T6}", 6),
    Kind("nmap -sT", "connect", "syn", "nmap -n -Pn -S {S} -p {P} -sT {T}"),
    Kind("masscan", "masscan", "syn", MASSCAN + "-p {P}"),
    Kind("masscan -pU:", "masscan", "udp", MASSCAN + "-p U:53,U:161,U:123,U:1900,U:5060,U:7"),
    Kind("masscan --ping", "masscan", "ping", MASSCAN + "--ping"),
    Kind("zmap", "zmap", "syn", ZMAP + "-p 443 {T}"),
    Kind("zmap -M udp", "zmap", "udp", ZMAP + "-M udp -p 161 {T}"),
    Kind("zmap -M icmp", "zmap", "ping", ZMAP + "-M icmp_echoscan {T}"),
    Kind("zmap 3", "zmap", "syn", zmap_new),
    Kind("hping3 -S", "hping", "syn", HPING + "-S -p ++20 {T}"),
    Kind("hping3", "hping", "null", HPING + "{T}"),
    Kind("hping3 -A", "hping", "ack", HPING + "-A -p 80 {T}"),
    Kind("hping3 --udp", "hping", "udp", HPING + "--udp -p ++50 {T}"),
    Kind("unicornscan -mT", "unicornscan", "syn", unicornscan_tcp),
    Kind("unicornscan -mU", "unicornscan", "udp", unicornscan_udp),
    Kind("mirai", "mirai", "syn", mirai),
    Kind("traceroute", "traceroute", "udp", "traceroute -n -q 3 -w 0.2 -m 4 -s {S} {T}"),
)


class Stranger:
    """Runs scans from one host against another, each from an address of its own."""

    def __init__(self, stranger, target, link, *, seed=1):
        """link: the stranger's, to the target or to a router on the way there."""
        self.host, self.target = stranger, target
        self.near = link.port(stranger)
        self.far = link.left if self.near is link.right else link.right
        self.random = random.Random(seed)

    def run(self, kind, source, source6=None, timeout=60.0):
        """One run of a kind from a source, which the stranger's port has."""
        if callable(kind.words):
            self.send(kind.words(source, self.target.address(), self.random))
            return None
        words = kind.words.format(T=self.target.address(), T6=self.target.address(6), S=source,
                                  S6=source6, I=self.near.name, M=self.far.mac, P=PORTS)
        return self.host.run(words.split(), check=False, timeout=timeout)

    def send(self, packets):
        """Sends crafted IPv4 packets as they are."""
        with self.host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as raw:
            raw.bind((self.near.name, 0x0800))
            head = bytes.fromhex((self.far.mac + self.near.mac).replace(":", "")) + b"\x08\x00"
            for packet in packets:
                raw.send(head + packet)


def settle(link, wait=0.1):
    """Waits until no frame has passed for a while."""
    capture = link.capture(snap=64)
    seen = [-1]

    def quiet():
        before, seen[0] = seen[0], capture.count()
        return before == seen[0]
    try:
        process.wait_until(quiet, 10, "the link to be quiet", interval=wait)
    finally:
        capture.stop()
