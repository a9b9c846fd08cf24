# SPDX-License-Identifier: ISC
"""Those with a wrong key, a wrong psk or an old timestamp hear nothing from us."""

import time

import pytest

from duo import (INNER_MEMBER, INNER_SERVER, MEMBER, OURS, PORT, SERVER, THEIRS, Duo, endpoint,
                 kinds, other, with_prefixes)
from lab import (generate_preshared_key, generate_private_key, noise, public_key_of, strangers,
                 wait_until)
from traffic import at_once

CALLED = pytest.mark.parametrize("called", [OURS, THEIRS], ids=["we-are-called", "they-are-called"])
SECOND_NS = 10**9
RETRIED = 2  # initiations after which one that was to be answered would have been
QUIET_SECONDS = 0.5  # an answer takes a millisecond


def wait_for_calls(duo, number=RETRIED):
    """Wait until the member has called so many times."""
    wait_until(lambda: duo.begun()[0] >= number, 15, f"{number} initiations")
    time.sleep(QUIET_SECONDS)


def call_anew(duo, **options):
    """The member forgets the session and the server, and is told of the server again."""
    duo.far.remove_peer(duo.near)
    duo.far.add_peer(duo.near, allowed_ips=with_prefixes(INNER_SERVER),
                     endpoint=endpoint(SERVER[4]), preshared_key=duo.preshared_key, **options)


def unknown_key(duo):
    """A stranger with a key of his own, by a real WireGuard."""
    call_anew(duo, keepalive=1)
    wait_for_calls(duo)
    assert kinds(duo.capture, source=duo.server) == []
    assert duo.near.show().peers == {}


def wrong_key_of_the_server(duo):
    """He knows the address, and takes another for the server: mac1 says so."""
    duo.admit_member()
    duo.far.add_peer(public_key_of(generate_private_key()), keepalive=1,
                     allowed_ips=with_prefixes(INNER_SERVER), endpoint=endpoint(SERVER[4]))
    wait_for_calls(duo)
    assert kinds(duo.capture, source=duo.server) == []


def removed_member(duo):
    """He was a member until just now: neither his session nor his key is worth an answer."""
    duo.join().works()
    duo.near.remove_peer(duo.far)
    duo.capture.clear()
    duo.member.ping(INNER_SERVER[4], count=5, check=False, wait=0.2)
    duo.capture.wait_for(5, source=duo.member, protocol="udp")
    call_anew(duo, keepalive=1)
    wait_for_calls(duo)
    assert kinds(duo.capture, source=duo.server) == []


def wrong_preshared_key(duo, key):
    """The psk enters with the response, which shows the caller that he has another. So each of
    his calls gets that one answer, since his key is a member's; and it gets him no session."""
    duo.admit_member()
    duo.far.add_peer(duo.near, allowed_ips=with_prefixes(INNER_SERVER), preshared_key=key,
                     endpoint=endpoint(SERVER[4]), keepalive=1)
    duo.server.ping(INNER_MEMBER[4], check=False, wait=0.1)  # nor may this get to him
    wait_for_calls(duo)
    # Not even from us, who called: a response that does not open is dropped, and nothing follows.
    assert set(kinds(duo.capture, source=duo.member)) == {strangers.INITIATION}
    answers = kinds(duo.capture, source=duo.server)
    assert set(answers) == {strangers.RESPONSE} and len(answers) <= duo.begun()[0]
    assert not duo.member.ping(INNER_SERVER[4], check=False, wait=0.2)
    assert duo.far.peer(duo.near).latest_handshake == 0


def another_preshared_key(duo):
    """He has one of his own."""
    wrong_preshared_key(duo, generate_preshared_key())


def no_preshared_key(duo):
    """He has none."""
    wrong_preshared_key(duo, "")


@CALLED
def test_refused(lab, called):
    """Each of them at the same time: most of it is waiting for a second try."""
    rows = (unknown_key, wrong_key_of_the_server, removed_member, another_preshared_key,
            no_preshared_key)
    duos = {row.__name__: Duo(lab, other(called), name=row.__name__.replace("_", "-") + "-",
                              preshared=True) for row in rows}
    at_once(**{row.__name__: lambda row=row: row(duos[row.__name__]) for row in rows})


class Recorder:
    """A host on the same link as the server, which has read all that passed between the two."""

    def __init__(self, lab, duo):
        self.duo = duo
        self.host = lab.host("recorder")
        self.link = lab.link(duo.server, self.host, left=["198.51.100.1/24"],
                             right=["198.51.100.66/24"])
        self.socket = self.host.socket()
        self.capture = self.link.capture()

    def replay(self, payloads):
        """Send recorded datagrams to the server; wait until it has dealt with them."""
        for payload in payloads:
            self.socket.sendto(payload, ("198.51.100.1", PORT))
        self.capture.wait_for(len(payloads), source=self.host, protocol="udp")
        time.sleep(QUIET_SECONDS)

    def heard(self):
        """What the server sent here."""
        return self.capture.frames(source=self.link.left, protocol="udp")


def recorded(duo, source):
    """The datagrams that a host sent, as they were, oldest first."""
    return [frame.payload for frame in duo.capture.frames(source=source, protocol="udp")]


def test_recorded_datagrams(lab):
    """Replayed to a server whose state is whole: silence, and the member stays where he is."""
    duo = Duo(lab, THEIRS).join().works()
    first = recorded(duo, duo.member)
    time.sleep(0.1)  # within 50 ms of the first it would be one too many
    call_anew(duo)
    duo.works()
    assert duo.begun()[0] >= 2
    recorder = Recorder(lab, duo)
    at = duo.near.peer(duo.far).endpoint
    everything = recorded(duo, duo.member)
    assert all(payload in everything for payload in first)
    for payloads in (first, everything, recorded(duo, duo.server)):
        recorder.replay(payloads)
    assert recorder.heard() == []
    assert duo.near.peer(duo.far).endpoint == at
    duo.works()


@CALLED
def test_old_timestamp(lab, called):
    """A member whose clock was set back is not heard until it is past where it was."""
    host, caller = lab.host("server"), lab.host("caller")
    link = lab.link(host, caller, left=[f"{SERVER[4]}/24"], right=[f"{MEMBER[4]}/24"])
    tunnel = host.wireguard(implementation=called, listen_port=PORT,
                            addresses=with_prefixes(INNER_SERVER))
    key = generate_private_key()
    tunnel.add_peer(public_key_of(key), allowed_ips=with_prefixes(INNER_MEMBER))
    capture = link.capture()
    now = time.time_ns()
    with caller.socket() as socket:
        def call(time_ns):
            """Call with this timestamp; what the server said to it."""
            capture.clear()
            socket.sendto(noise.initiation(key, tunnel.public_key, time_ns), (SERVER[4], PORT))
            capture.wait_for(source=caller, protocol="udp")
            time.sleep(QUIET_SECONDS)
            return kinds(capture, source=host)
        assert call(now) == [strangers.RESPONSE]
        for back in (0, 1, SECOND_NS, 3600 * SECOND_NS, now):
            assert call(now - back) == [], back
        assert call(now + SECOND_NS) == [strangers.RESPONSE]
        assert call(now) == []
