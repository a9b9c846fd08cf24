# SPDX-License-Identifier: ISC
"""A recorded initiation is never answered again, whatever happened to the server meanwhile."""

import os
import pathlib
import signal

import pytest

from lab import strangers, wait_until
from pair import INNER_SERVER, MEMBER, PORT, SERVER, Pair

SOURCE = pathlib.Path(__file__).parent.parent / "lab" / "clockshift.c"
STRANGER_PORT = 7777
REPLAYS = 100
DAY_SECONDS = 86400


class Recording:
    """A pair that has talked, and what somebody on the wire has recorded of it."""

    def __init__(self, lab, **options):
        self.lab = lab
        self.pair = Pair(lab, **options).join()
        self.pair.works()
        self.near, self.far = self.pair.near, self.pair.far
        self.initiations = [frame.payload for frame in
                            self.pair.capture.frames(source=MEMBER, protocol="udp")
                            if frame.payload[0] == strangers.INITIATION]
        assert self.initiations
        self.far.kill()

    def restart(self, number, env=None):
        """End the server's daemon by a signal, and start it again with its configuration."""
        self.near.stop(number)
        wait_until(lambda: not self.near.device_exists(), 10, "the device to go")
        self.near.start(env=env)
        self.near.set(private_key=self.near.private_key, listen_port=PORT)
        addresses, self.near.addresses = self.near.addresses, []
        self.near.up(addresses)
        self.admit()

    def admit(self):
        """Make the member a peer of the server's again; it may have been at this address."""
        self.near.add_peer(self.far, allowed_ips=["10.9.0.2/32"], endpoint=f"{MEMBER}:4242")

    def replay(self):
        """Send all that was recorded, many times, from another port; (answers, endpoint)."""
        capture = self.pair.capture
        with self.pair.member.socket() as sender:
            sender.bind(("0.0.0.0", STRANGER_PORT))
            self.control(sender)
            capture.clear()
            for _ in range(REPLAYS):
                for initiation in self.initiations:
                    sender.sendto(initiation, (SERVER, PORT))
            capture.wait_for(REPLAYS, source=MEMBER, destination=SERVER, protocol="udp")
            wait_until(lambda: not any(row["receive_queue"] for row in
                                       self.pair.server.udp_sockets() if row["port"] == PORT),
                       10, "the server to read all")
            self.near.show()
        answers = capture.frames(source=SERVER, protocol="udp")
        return len(answers), self.near.peer(self.far).endpoint

    def control(self, sender):
        """The host answers at a port where nobody listens, so that an answer would be seen."""
        self.pair.capture.clear()
        sender.sendto(b"anyone?", (SERVER, PORT + 9))
        self.pair.capture.wait_for(source=SERVER, destination=MEMBER)

    def member_gets_in(self):
        """The member's own device, with its own next initiation, is served."""
        self.far.start()
        self.far.set(private_key=self.far.private_key)
        self.far.up(["10.9.0.2/24"])
        self.far.add_peer(self.near, allowed_ips=[f"{INNER_SERVER}/32"],
                          endpoint=f"{SERVER}:{PORT}")
        self.pair.works(timeout=12)


def killed(recording):
    recording.restart(signal.SIGKILL)


def restarted(recording):
    recording.restart(signal.SIGTERM)


def killed_and_clock_set_back(recording):
    library = os.path.join(recording.lab.directory, "clockshift.so")
    recording.pair.server.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, SOURCE])
    recording.restart(signal.SIGKILL, env={"LD_PRELOAD": library,
                                           "CLOCKSHIFT_SECONDS": str(-DAY_SECONDS)})


def reloaded(recording):
    near = recording.near
    text = near.wg("showconf", near.name).stdout
    near.wg("setconf", near.name, "/dev/stdin", input="[Interface]\nPrivateKey = " +
            near.private_key + f"\nListenPort = {PORT}\n")
    near.wg("setconf", near.name, "/dev/stdin", input=text)
    recording.admit()


def removed_and_added(recording):
    recording.near.remove_peer(recording.far)
    recording.admit()


def key_taken_and_set(recording):
    recording.near.wg("set", recording.near.name, "private-key", "/dev/null")
    recording.near.set(private_key=recording.near.private_key)
    recording.admit()


def device_down_and_up(recording):
    recording.near.down()
    recording.near.host.ip("link", "set", recording.near.name, "up")
    recording.admit()


EVENTS = [killed, restarted, killed_and_clock_set_back, reloaded, removed_and_added,
          key_taken_and_set, device_down_and_up]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_not_answered(lab, ours, event):
    recording = Recording(lab)
    event(recording)
    answers, endpoint = recording.replay()
    assert answers == 0
    assert endpoint == f"{MEMBER}:4242"
    recording.member_gets_in()


def test_not_answered_by_several_workers(lab, ours):
    recording = Recording(lab, options=["--workers", "3"])
    killed(recording)
    answers, endpoint = recording.replay()
    assert (answers, endpoint) == (0, f"{MEMBER}:4242")
    recording.member_gets_in()


def test_lost_file(lab, ours):
    """What was known is lost: nobody is answered whose initiation was made before."""
    recording = Recording(lab)
    folder = f"{lab.directory}/state/timestamps"
    recording.near.stop()
    for name in os.listdir(folder):
        if name.endswith(".peers"):
            os.unlink(f"{folder}/{name}")
    recording.near.start()
    killed(recording)
    answers, endpoint = recording.replay()
    assert (answers, endpoint) == (0, f"{MEMBER}:4242")
    recording.member_gets_in()


def test_others_answer(lab, ours):
    """The control: wireguard-go answers, and moves the endpoint to whoever replays."""
    recording = Recording(lab, implementation="wireguard-go")
    recording.restart(signal.SIGKILL)
    answers, endpoint = recording.replay()
    assert answers >= 1
    assert endpoint == f"{MEMBER}:{STRANGER_PORT}"


def test_nowhere_to_store(lab, ours):
    """Where nothing can be stored nobody is answered, and the log says why."""
    pair = Pair(lab)
    pair.near.stop()
    pair.near.start(foreground=True, env={"TACET_STATE_DIRECTORY": "/proc/nowhere"})
    pair.near.set(private_key=pair.near.private_key, listen_port=PORT)
    addresses, pair.near.addresses = pair.near.addresses, []
    pair.near.up(addresses)
    pair.join()
    pair.capture.clear()
    assert not pair.member.ping(INNER_SERVER, check=False, wait=1)
    pair.capture.wait_for(source=MEMBER, destination=SERVER, protocol="udp")
    assert pair.capture.count(source=SERVER, protocol="udp") == 0
    assert "are not answered; make room" in pair.near.process.output
