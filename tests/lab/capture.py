# SPDX-License-Identifier: ISC
"""Captures: every frame that passes a port, in both directions, parsed and counted."""

import ctypes
import ipaddress
import select
import socket
import struct
import threading
import time

ETH_P_ALL = 0x0003
ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806
ETH_P_IPV6 = 0x86DD
SOL_PACKET = 263
PACKET_STATISTICS = 6
SO_ATTACH_FILTER = 26
ARPHRD_ETHER = 1
ARPHRD_LOOPBACK = 772
RECEIVE_BUFFER_BYTES = 64 << 20
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}


class CaptureError(AssertionError):
    """A capture cannot vouch for its counts (the kernel dropped frames meant for it)."""


class Frame:
    """One frame as it passed: who, to whom, what.

    time (seconds, when it was read), outgoing (True: sent by the port captured on), length
    (on the wire), raw (the first `snap` bytes), source_mac and destination_mac (None on a
    tunnel device), ethertype, source and destination (address texts; for ARP the sender's
    and the target's), protocol ("udp", "tcp", "icmp", "icmp6", "arp", a number, or None),
    source_port and destination_port, payload (of UDP, within the snap).
    """

    __slots__ = ("time", "outgoing", "length", "raw", "source_mac", "destination_mac", "ethertype",
                 "source", "destination", "protocol", "source_port", "destination_port", "payload")

    def __init__(self, raw, length, outgoing, ethertype, has_link_header):
        self.time, self.raw, self.length = time.time(), raw, length
        self.outgoing, self.ethertype = outgoing, ethertype
        self.source_mac = self.destination_mac = self.source = self.destination = None
        self.protocol = self.source_port = self.destination_port = self.payload = None
        network = raw
        if has_link_header and len(raw) >= 14:
            self.destination_mac, self.source_mac = raw[0:6].hex(":"), raw[6:12].hex(":")
            self.ethertype = int.from_bytes(raw[12:14], "big")
            network = raw[14:]
        if self.ethertype == ETH_P_IP and len(network) >= 20:
            self._parse_ipv4(network)
        elif self.ethertype == ETH_P_IPV6 and len(network) >= 40:
            self._parse_ipv6(network)
        elif self.ethertype == ETH_P_ARP and len(network) >= 28:
            self.protocol = "arp"
            self.source = str(ipaddress.ip_address(network[14:18]))
            self.destination = str(ipaddress.ip_address(network[24:28]))

    def __repr__(self):
        way = "sent" if self.outgoing else "received"
        ports = f" {self.source_port}->{self.destination_port}" if self.source_port else ""
        return (f"<{way} {self.source or self.source_mac} -> "
                f"{self.destination or self.destination_mac} {self.protocol}{ports} "
                f"{self.length} bytes>")

    def _parse_ipv4(self, packet):
        header = (packet[0] & 15) * 4
        self.source = socket.inet_ntop(socket.AF_INET, packet[12:16])
        self.destination = socket.inet_ntop(socket.AF_INET, packet[16:20])
        fragment = int.from_bytes(packet[6:8], "big") & 0x1FFF
        self._parse_transport(packet[9], packet[header:] if fragment == 0 else b"")

    def _parse_ipv6(self, packet):
        self.source = socket.inet_ntop(socket.AF_INET6, packet[8:24])
        self.destination = socket.inet_ntop(socket.AF_INET6, packet[24:40])
        protocol, rest = packet[6], packet[40:]
        if protocol == 0 and len(rest) >= 8:  # hop-by-hop options, as multicast reports have them
            protocol, rest = rest[0], rest[8 + 8 * rest[1]:]
        self._parse_transport(protocol, rest)

    def _parse_transport(self, protocol, segment):
        self.protocol = PROTOCOLS.get(protocol, protocol)
        if protocol in (6, 17) and len(segment) >= 8:
            self.source_port, self.destination_port = struct.unpack("!HH", segment[:4])
        if protocol == 17 and len(segment) >= 8:
            self.payload = segment[8:]


class Capture:
    """Records all frames of one port from the moment the constructor returns until stop().

    The packet socket is bound before that moment, so no frame can slip by before; counting
    drains the socket first, so no frame that has passed can be missed after. If the kernel
    had to drop frames, counting raises CaptureError instead of returning a wrong number.
    `only` is an expression of pcap-filter(7) that frames must match to be recorded at all: for
    floods, which Python could not read.
    """

    def __init__(self, port, snap=256, only=None):
        self.port = port
        self.snap = snap
        self._frames = []
        self._dropped = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._socket = port.host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, 33, RECEIVE_BUFFER_BYTES)  # SO_RCVBUFFORCE
        self._socket.setblocking(False)
        if only:
            self._attach(only)
        self._buffer = bytearray(max(snap, 64))
        self._socket.bind((port.name, ETH_P_ALL))
        self._thread = threading.Thread(target=self._read, name=f"capture {port}", daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def frames(self, source=None, destination=None, protocol=None, port=None):
        """All frames so far that match every criterion given, oldest first.

        source and destination: a Host (any of its outer addresses), a Port (its link address),
        an address or a link address as text. protocol: "udp", "tcp", "icmp", "icmp6", "arp" or
        a number. port: a UDP or TCP port on either end.
        """
        from_keys, to_keys = keys_of(source), keys_of(destination)
        self._drain()
        with self._lock:
            frames = list(self._frames)
        return [frame for frame in frames
                if (from_keys is None or frame.source in from_keys or frame.source_mac in from_keys)
                and (to_keys is None or frame.destination in to_keys
                     or frame.destination_mac in to_keys)
                and (protocol is None or frame.protocol == protocol)
                and (port is None or port in (frame.source_port, frame.destination_port))]

    def count(self, source=None, destination=None, protocol=None, port=None):
        """How many frames match; the criteria are those of frames()."""
        return len(self.frames(source, destination, protocol, port))

    def wait_for(self, number=1, timeout=10.0, **criteria):
        """Wait until at least `number` frames match, and return them."""
        from .process import wait_until
        return wait_until(lambda: (lambda found: found if len(found) >= number else None)(
            self.frames(**criteria)), timeout, f"{number} frames with {criteria} on {self.port}")

    def clear(self):
        """Forget what was recorded so far; recording goes on."""
        self._drain()
        with self._lock:
            self._frames.clear()

    def stop(self):
        """Stop recording. What was recorded stays readable. May be repeated."""
        if self._stopped.is_set():
            return
        self._drain(check=False)
        self._stopped.set()
        self._thread.join()
        self._socket.close()

    def save(self, path):
        """Write what was recorded as a pcap file, for tcpdump -r or Wireshark."""
        with self._lock:
            frames = list(self._frames)
        link_type = 1 if not frames or frames[0].source_mac else 101
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, self.snap, link_type))
            for frame in frames:
                seconds = int(frame.time)
                file.write(struct.pack("<IIII", seconds, int((frame.time - seconds) * 1e6),
                                       len(frame.raw), frame.length))
                file.write(frame.raw)

    def _attach(self, expression):
        """Have the kernel pass only frames that match, in the words of pcap-filter(7)."""
        listed = self.port.host.run(["tcpdump", "-ddd", "-i", "lo", expression]).stdout.split()
        numbers = list(map(int, listed[1:]))
        program = b"".join(struct.pack("HBBI", *numbers[at:at + 4])
                           for at in range(0, len(numbers), 4))
        memory = ctypes.create_string_buffer(program)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack(
            "HL", int(listed[0]), ctypes.addressof(memory)))

    def _read(self):
        while not self._stopped.is_set():
            if select.select([self._socket], [], [], 0.1)[0]:
                self._drain(check=False)

    def _drain(self, check=True):
        with self._lock:
            while not self._stopped.is_set():
                try:
                    length, _, _, origin = self._socket.recvmsg_into(
                        [self._buffer], 0, socket.MSG_TRUNC)
                except BlockingIOError:
                    break
                except OSError:  # the device went down: said once, frames may follow
                    continue
                raw = bytes(self._buffer[:min(length, len(self._buffer))])
                self._frames.append(Frame(raw, length, origin[2] == socket.PACKET_OUTGOING,
                                          origin[1], origin[3] in (ARPHRD_ETHER, ARPHRD_LOOPBACK)))
            if not self._stopped.is_set():
                statistics = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
                self._dropped += struct.unpack("II", statistics)[1]
        if check and self._dropped:
            raise CaptureError(f"capture on {self.port} lost {self._dropped} frames")


def keys_of(end):
    """The set of address texts that stand for an end given as Host, Port or text; None: any."""
    if end is None:
        return None
    if isinstance(end, str):
        return {end.lower()}
    return end.capture_keys()
