# SPDX-License-Identifier: ISC
"""Our clock is set back: that must not make us unheard; nor do we hear whom it made so."""

import os

import pytest

from duo import INNER_MEMBER, INNER_SERVER, OURS, THEIRS, Duo, kinds, with_prefixes
from lab import strangers, wait_until

DAY_SECONDS = 86400
CALLED = pytest.mark.parametrize("called", [OURS, THEIRS], ids=["we-are-called", "they-are-called"])


def restart_member(duo, env):
    """The member's device starts again in this environment, and calls."""
    duo.far.stop()
    duo.far.start(env=env)
    duo.far.set(private_key=duo.far.private_key)
    duo.far.up(with_prefixes(INNER_MEMBER))
    duo.capture.clear()
    duo.join()
    duo.member.ping(INNER_SERVER[4], check=False)


@CALLED
def test_set_back_and_heard(lab, shift, called):
    """What we sent last is kept, so a device of ours goes on from there, however far back."""
    duo = Duo(lab, OURS, called=called).join().works()
    for seconds in (-DAY_SECONDS, -2 * DAY_SECONDS):
        restart_member(duo, shift(seconds))
        duo.works(timeout=3)


@CALLED
def test_set_back_and_not_heard(lab, shift, called):
    """One that lost that, too, calls in vain, until its clock is right again."""
    duo = Duo(lab, OURS, called=called).join().works()
    lost = {"TACET_STATE_DIRECTORY": os.path.join(lab.directory, "lost")}
    restart_member(duo, {**shift(-DAY_SECONDS), **lost})
    wait_until(lambda: duo.begun()[0] >= 2, 15, "two initiations")
    assert not duo.member.ping(INNER_SERVER[4], check=False)
    assert strangers.RESPONSE not in kinds(duo.capture, source=duo.server)
    assert kinds(duo.capture, source=duo.server) == []
    restart_member(duo, lost)
    duo.works(timeout=3)
