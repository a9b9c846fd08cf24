# SPDX-License-Identifier: ISC
"""Ordinary traffic of people and programs that meets a host which does not answer.

None of it is a scan; the radar may call at most one of a hundred of these so.
"""

from .scans import Kind, ipv4, tcp, udp

# What a SYN says: time to live, window, options.
STACKS = {
    "Linux": (64, 64240, bytes.fromhex("020405b40402080a0000aa550000000001030307")),
    "Linux 3": (64, 29200, bytes.fromhex("020405b40402080a0000aa550000000001030307")),
    "Android": (64, 65535, bytes.fromhex("020405b40402080a0000aa550000000001030308")),
    "Windows": (128, 64240, bytes.fromhex("020405b40103030801010402")),
    "Windows 7": (128, 8192, bytes.fromhex("020405b40103030801010402")),
    "macOS": (64, 65535, bytes.fromhex("020405b4010303060101080a0000aa550000000004020000")),
    "FreeBSD": (64, 65535, bytes.fromhex("020405b4010303060402080a0000aa5500000000")),
    "OpenBSD": (64, 16384, bytes.fromhex("020405b40101040201030306" "0101080a0000aa5500000000")),
    "printer": (255, 5840, bytes.fromhex("020405b4")),
    "old camera": (64, 5840, b""),
    "lwIP": (255, 2144, bytes.fromhex("02040218")),
}
TIMESTAMPS = bytes.fromhex("0101080a0000aa550000bb66")


def hops(rng):
    """How many routers are between."""
    return rng.randint(0, 20)


def stack(name):
    """A function that makes a few connections as a system's SYNs, each thrice, to two ports."""
    def make(source, target, rng):
        ttl, window, options = STACKS[name]
        away, packets = hops(rng), []
        for port in (443, 80):
            from_, sequence = rng.randint(32768, 60999), rng.getrandbits(32)
            packets += [tcp(source, target, (from_, port), window=window, sequence=sequence,
                            options=options, ttl=ttl - away, number=rng.getrandbits(16),
                            flags=2)] * 3
        return packets
    return make


def stray(flags, options=TIMESTAMPS, payload=b"", ttl=64):
    """Segments of connections that are long gone, of windows of any size."""
    def make(source, target, rng):
        away, packets = hops(rng), []
        for _ in range(4):
            ports = (443 if flags & 16 else rng.randint(1024, 65535), rng.randint(32768, 60999))
            packets += [tcp(source, target, ports, flags=flags, options=options,
                            window=rng.choice([501, 502, 1024, 512, 229, 65535, 0, 64240, 8192]),
                            sequence=rng.getrandbits(32),
                            acknowledged=rng.getrandbits(32) if flags & 16 else 0,
                            payload=payload, ttl=ttl - away, number=rng.getrandbits(16))] * 2
        return packets
    return make


def datagrams(port, payload, *, ttl=64, flags=0x4000, from_=None, count=6):
    """The same datagram some times; payload may be a function of the dice."""
    def make(source, target, rng):
        sport, away = from_ or rng.randint(32768, 60999), hops(rng) if 32 < ttl < 255 else 0
        return [udp(source, target, (sport, port),
                    payload(rng) if callable(payload) else payload, ttl=ttl - away,
                    number=rng.getrandbits(16), flags=flags) for _ in range(count)]
    return make


def wireguard_roams(source, target, rng):
    """A member's data from a new port each time, as behind a router that forgets."""
    away = hops(rng)
    return [udp(source, target, (rng.randint(1024, 65535), 51820),
                b"\x04\0\0\0" + rng.randbytes(28 + 16 * rng.randint(0, 8)), ttl=64 - away,
                number=rng.getrandbits(16)) for _ in range(20)]


def bittorrent(source, target, rng):
    """Many peers behind one address, who were told that we are one: ports of their own, ours one."""
    packets = []
    for _ in range(20):
        away, sport = rng.randint(4, 7), rng.randint(1024, 65535)
        packets.append(udp(source, target, (sport, 6881),
                           b"d1:ad2:id20:" + rng.randbytes(20) + b"e1:q4:ping1:t2:aa1:y1:qe",
                           ttl=64 - away, number=rng.getrandbits(16), flags=0x4000))
        packets.append(tcp(source, target, (sport, 6881), window=64240,
                           sequence=rng.getrandbits(32), options=STACKS["Linux"][2],
                           ttl=64 - away, flags=2, number=rng.getrandbits(16)))
    return packets


def shared_address(source, target, rng):
    """Forty people behind one address: all systems, all distances, two ports."""
    packets = []
    for _ in range(40):
        ttl, window, options = STACKS[rng.choice(["Linux", "Windows", "macOS", "Android"])]
        packets.append(tcp(source, target, (rng.randint(1024, 65535), rng.choice([80, 443])),
                           window=window, sequence=rng.getrandbits(32), options=options,
                           ttl=ttl - rng.randint(6, 10), number=rng.getrandbits(16)))
        packets.append(udp(source, target, (rng.randint(1024, 65535), 443),
                           b"\xc0\0\0\0\x01" + rng.randbytes(100), ttl=ttl - rng.randint(6, 10),
                           number=rng.getrandbits(16), flags=0x4000))
    return packets


def pings(size, ttl, flags):
    """A ping of a system."""
    def make(source, target, rng):
        away, number = hops(rng), rng.getrandbits(16)
        return [ipv4(source, target, 1, b"\x08\0\0\0" + number.to_bytes(2, "big") +
                     i.to_bytes(2, "big") + bytes(range(size % 256)), ttl=ttl - away,
                     number=rng.getrandbits(16), flags=flags) for i in range(8)]
    return make


def errors(source, target, rng):
    """A router says that what we sent did not arrive."""
    return [ipv4(source, target, 1, b"\x03\x01" + bytes(6) + ipv4(
        target, "203.0.113.9", 17, rng.randbytes(8)), ttl=250, number=rng.getrandbits(16))
        for _ in range(6)]


def ordinary(name, words, version=4):
    """A Kind that the radar is to have no name for."""
    return Kind(name, "unknown", "", words, version)


CURL, SSH = "curl -s --max-time 2 --interface {S} ", "ssh -o ConnectTimeout=2 -b {S} "
ORDINARY = (
    ordinary("curl", CURL + "http://{T}/"),
    ordinary("curl https", CURL + "https://{T}/"),
    ordinary("curl, five ports", CURL + "http://{T}:[8080-8084]/ --connect-timeout 1"),
    ordinary("ssh", SSH + "{T}"),
    ordinary("dig", "dig -b {S} +time=1 +tries=3 @{T} example.org"),
    ordinary("dig tcp", "dig -b {S} +tcp +time=1 +tries=2 @{T} example.org"),
    ordinary("ping", "ping -n -q -c 6 -i 0.1 -W 0.1 -I {S} {T}"),
    ordinary("ping -s 0", "ping -n -q -c 6 -i 0.1 -W 0.1 -s 0 -I {S} {T}"),
    ordinary("iperf3", "iperf3 -c {T} -B {S} -P 4 --connect-timeout 800"),
    ordinary("iperf3 -u", "iperf3 -u -c {T} -B {S} --connect-timeout 800"),
    *(ordinary(f"SYN of {name}", stack(name)) for name in STACKS),
    ordinary("stray ACKs", stray(16)),
    ordinary("stray ACKs without options", stray(16, b"")),
    ordinary("stray data", stray(24, payload=b"x" * 60)),
    ordinary("stray FINs", stray(17)),
    ordinary("stray FINs of Windows", stray(17, b"", ttl=128)),
    ordinary("stray resets", stray(4, b"")),
    ordinary("stray resets with ACK", stray(20, b"")),
    ordinary("stray SYN/ACKs", stray(18, STACKS["Linux"][2])),
    ordinary("stray SYN/ACKs, MSS alone", stray(18, bytes.fromhex("020405b4"))),
    ordinary("mDNS", datagrams(5353, b"\0" * 12, ttl=255, from_=5353)),
    ordinary("SSDP", datagrams(1900, b"M-SEARCH * HTTP/1.1\r\n\r\n", ttl=4, flags=0x4000)),
    ordinary("DHCP", datagrams(67, b"\x01\x01\x06\0" + bytes(200), ttl=64, from_=68)),
    ordinary("NetBIOS", datagrams(137, bytes(50), ttl=128, from_=137, flags=0)),
    ordinary("NTP", datagrams(123, b"\x23" + bytes(47))),
    ordinary("syslog", datagrams(514, b"<13>Nov 24 18:00:00 host cron: x")),
    ordinary("SNMP", datagrams(161, bytes.fromhex("302602010104067075626c6963a019"))),
    ordinary("SIP", datagrams(5060, b"OPTIONS sip:x SIP/2.0\r\n\r\n", from_=5060)),
    ordinary("QUIC", datagrams(443, lambda rng: b"\xc3\0\0\0\x01\x08" + rng.randbytes(300))),
    ordinary("WireGuard roams", wireguard_roams),
    ordinary("BitTorrent", bittorrent),
    ordinary("forty behind one address", shared_address),
    ordinary("ping of Windows", pings(32, 128, 0)),
    ordinary("ping of a BSD", pings(56, 64, 0)),
    ordinary("ICMP errors", errors),
)
