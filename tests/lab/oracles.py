# SPDX-License-Identifier: ISC
"""Three questions by which a stranger finds a WireGuard that a usual firewall lets him reach, and
which a port that the firewall drops does not answer. Each returns the frames that came back."""

import socket
import time

from . import strangers

IPV6_DSTOPTS = 59
UNKNOWN_OPTION = bytes([0, 0, 0x9E, 4, 0, 0, 0, 0])  # type 0x9e: discard, and tell the sender
PATIENCE_S = 0.4

USUAL_FIREWALL = """
table inet usual {{
    chain input {{
        type filter hook input priority filter; policy drop;
        iifname != "{interface}" accept
        ct state established accept
        udp dport {port} accept
        icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert }} accept
    }}
}}
"""


class Questioner:
    """A stranger, and the port of the host (a Port of the lab) where what it says can be seen."""

    def __init__(self, stranger, seen_at, port):
        self.stranger, self.seen_at, self.port = stranger, seen_at, port

    def ask(self, address, datagrams, option=None, times=1, port=None):
        """Sends datagrams, waits a moment; frames that the host sent to the stranger."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self.seen_at.capture() as capture, self.stranger.socket(family) as asker:
            if option:
                asker.setsockopt(socket.IPPROTO_IPV6, IPV6_DSTOPTS, option)
            for _ in range(times):
                for datagram in datagrams:
                    asker.sendto(datagram, (address, port or self.port))
            capture.wait_for(len(datagrams) * times, source=self.stranger)
            time.sleep(PATIENCE_S)  # an answer that does not come cannot be waited for
            return capture.frames(source=self.seen_at.host, destination=self.stranger)

    def cookies(self, address, key, number=2000):
        """A burst of initiations by somebody who has the public key, and nothing else; up to five,
        as a busy machine may send them too slowly to be a burst."""
        for _ in range(5):
            frames = self.ask(address, [strangers.initiation(key) for _ in range(number)])
            if frames:
                break
        return frames

    def replay(self, address, initiation):
        """What a member sent once, sent again."""
        return self.ask(address, [initiation])

    def extension(self, address6, port=None):
        """An IPv6 option that nobody knows and that asks to be told so."""
        return self.ask(address6, [bytes(64)], option=UNKNOWN_OPTION, port=port)


def recorded_initiation(capture, member):
    """The newest initiation of a member (a Host) in a capture."""
    return [frame.payload for frame in capture.frames(source=member, protocol="udp")
            if frame.payload and frame.payload[0] == strangers.INITIATION][-1]
