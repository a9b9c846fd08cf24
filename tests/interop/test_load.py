# SPDX-License-Identifier: ISC
"""Under a flood of initiations with valid mac1, members get in: with cookies, theirs or ours, and
in silence, which is how we are unless told otherwise."""

import pytest

from duo import (INNER_MEMBER, INNER_SERVER, MAC2_SIZE, OURS, PORT, SERVER, THEIRS, Duo, endpoint,
                 kinds, program_with_options)
from lab import strangers, wait_until
from traffic import Flood

FLOODED, FLOODER = "198.51.100.1", "198.51.100.66"
PATIENCE_SECONDS = 40  # some tries of 5 s, each of which may be lost in the flood


class Siege:
    """A duo whose server a stranger floods over a link of his own, at both ends of which we
    listen."""

    def __init__(self, lab, caller, **options):
        self.duo = Duo(lab, caller, **options)
        self.flooder = lab.host("flooder")
        self.link = lab.link(self.duo.server, self.flooder, left=[f"{FLOODED}/24"],
                             right=[f"{FLOODER}/24"])
        self.capture = self.link.capture(snap=64)

    def flood(self):
        """The flood, for a `with` block."""
        return Flood(self.flooder, FLOODED, PORT, self.duo.near.public_key)

    def to_flooder(self):
        """The message types that the server sent to the flooder."""
        return kinds(self.capture, source=self.link.left)

    def initiations(self):
        """The initiations of the member, whether each had a mac2."""
        return [any(frame.payload[-MAC2_SIZE:]) for frame in self.duo.capture.frames(
            source=self.duo.member, protocol="udp")
            if frame.payload[0] == strangers.INITIATION]


def gets_in_by_mac2(siege):
    """Wait until the server answers floods with cookies; then the member gets in, and with one."""
    with siege.flood():
        wait_until(lambda: strangers.COOKIE_REPLY in siege.to_flooder(), 20, "a cookie reply")
        duo = siege.duo.join()
        duo.member.wait_for_ping(INNER_SERVER[4], PATIENCE_SECONDS)
        assert strangers.COOKIE_REPLY in kinds(duo.capture, source=duo.server)
        tries = siege.initiations()
        assert tries[0] is False and tries[-1] is True
        assert strangers.RESPONSE in kinds(duo.capture, source=duo.server)
        duo.server.wait_for_ping(INNER_MEMBER[6])
    assert set(siege.to_flooder()) == {strangers.COOKIE_REPLY}


def test_we_take_their_cookie(lab):
    """wireguard-go under load tells us to prove our address, and we do."""
    gets_in_by_mac2(Siege(lab, OURS))


def test_they_take_our_cookie(lab):
    """The same with us under load, when we are told to answer by cookies."""
    program = program_with_options(lab, "--cookies=always")
    gets_in_by_mac2(Siege(lab, THEIRS, near_options={"program": program}))


@pytest.mark.parametrize("name", ["default", "--cookies=never"])
def test_we_are_silent(lab, name):
    """Nothing at all goes to him who floods; a member in a session notices nothing, and a new one
    gets in."""
    options = {} if name == "default" else {"program": program_with_options(lab, name)}
    siege = Siege(lab, THEIRS, near_options=options)
    duo = siege.duo.join().works()
    with siege.flood() as flood:
        wait_until(lambda: flood.sent >= 5000, 20, "the flood to rise")
        stream = duo.member.run(["ping", "-n", "-q", "-i", "0.01", "-c", 200, INNER_SERVER[4]],
                                check=False)
        received = int(stream.stdout.split(" received")[0].rpartition(" ")[2])
        assert received >= 150, stream.stdout  # the rest is lost where its buffer was full
        new = duo.member.wireguard(implementation=THEIRS, addresses=["10.9.0.77/32"])
        duo.near.add_peer(new, allowed_ips=["10.9.0.77/32"])
        duo.server.ip("address", "add", "10.77.0.1/32", "dev", duo.near.name)
        new.add_peer(duo.near, allowed_ips=["10.77.0.1/32"], endpoint=endpoint(SERVER[4]))
        duo.member.route("10.77.0.1", port=new)
        duo.member.run(["ping", "-n", "-I", "10.9.0.77", "-c", 1, "-W", 1, "10.77.0.1"],
                       check=False)
        new.wait_for_handshake(duo.near, timeout=PATIENCE_SECONDS)
    assert siege.capture.frames(source=siege.link.left, protocol="udp") == []
    assert strangers.COOKIE_REPLY not in kinds(duo.capture)
