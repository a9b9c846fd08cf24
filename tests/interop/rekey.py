# SPDX-License-Identifier: ISC
"""Two tunnels under traffic for as long as a session lasts and a little more.

Begun before all other tests and looked at after them: it needs two minutes of real time, and
hardly any CPU.
"""

import threading
import time

from duo import INNER_MEMBER, INNER_SERVER, OURS, THEIRS, Duo, kinds
from lab import Lab, strangers
from traffic import Iperf

REKEY_AFTER_SECONDS = 120
STREAM_SECONDS = REKEY_AFTER_SECONDS + 14
PING_INTERVAL_SECONDS = 0.05


class Stream:
    """A duo with pings both ways and a UDP stream both ways."""

    def __init__(self, lab, caller):
        self.duo = duo = Duo(lab, caller, name=f"{'ours' if caller == OURS else 'theirs'}-",
                             preshared=True).join()
        duo.works()
        self.begun_at = self.handshakes()
        self.iperf = Iperf(duo.member, duo.server, INNER_SERVER[4])
        self.client = duo.member.spawn(self.iperf.command(
            "-u", "-b", "1M", "-l", "1200", "--bidir", "-t", str(STREAM_SECONDS)), deadline=300)
        self.pings = [host.spawn([
            "ping", "-n", "-q", "-i", str(PING_INTERVAL_SECONDS),
            "-c", str(int(STREAM_SECONDS / PING_INTERVAL_SECONDS)), address], deadline=300)
            for host, address in ((duo.member, INNER_SERVER[6]), (duo.server, INNER_MEMBER[4]))]
        self.error = None
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()

    def handshakes(self):
        """The latest handshake as each end has it: the member's, the server's."""
        duo = self.duo
        return (duo.far.peer(duo.near).latest_handshake, duo.near.peer(duo.far).latest_handshake)

    def watch(self):
        """Note how things are when the streams end: not when somebody looks, minutes later.

        By then wireguard-go may have called for a reason of its own. It notes that it sent data
        after it did; on a busy machine the answer may have come before, and where it was the last
        packet of all, 15 s later it misses it.
        """
        try:
            for process in (self.client, *self.pings):
                assert process.wait(STREAM_SECONDS + 60) == 0, process.output
            self.begun = self.duo.begun()
            self.responses = kinds(self.duo.capture).count(strangers.RESPONSE)
            self.ended_at = self.handshakes()
        except Exception as error:  # told by wait()
            self.error = error

    def wait(self):
        """Wait for the end of all streams, and for what was noted then."""
        self.watcher.join(STREAM_SECONDS + 120)
        assert not self.watcher.is_alive()
        if self.error:
            raise self.error


class Rekey:
    """Both streams: `ours` is where tacet-wg calls, `theirs` is where wireguard-go does."""

    def __init__(self):
        self.lab = Lab()
        self.streams = {}

    def __enter__(self):
        self.lab.__enter__()
        try:
            self.streams = {caller: Stream(self.lab, caller) for caller in (OURS, THEIRS)}
        except BaseException as error:
            self.lab.__exit__(type(error), error, None)
            raise
        self.since = time.monotonic()
        return self

    def __exit__(self, *about):
        self.lab.__exit__(*about)
