# SPDX-License-Identifier: ISC
"""The requirements of silence in small; bench/silence has the stated sizes, and the controls."""

import time

import pytest

import outside
from lab import implementation_missing, missing, tacet_missing

LEVELS = pytest.mark.parametrize("level", ["standard"])


@pytest.fixture
def ground(lab):
    """A Ground; skips where something is missing."""
    reason = missing("nft", "tcpdump", "curl") or tacet_missing()
    if reason:
        pytest.skip(reason)
    return outside.Ground(lab)


@LEVELS
def test_flood_with_the_public_key(ground, ours, level):
    """Initiations and responses with a valid mac1, and mutated datagrams, as fast as it goes: not a
    frame; members come in meanwhile."""
    subject = outside.Engine(ground, harden=False)
    subject.harden(level)
    subject.works()
    with ground.watch() as watch:
        for kind in ("initiations", "responses", "mixed"):
            sent, _ = outside.flood(ground.far, kind, 20000, argument=subject.key)
            assert sent == 20000
        took = outside.handshakes(subject, 10, 5, outside.background_flood(
            ground, "initiations", 3, argument=subject.key))
        assert None not in took
        subject.works()
        assert not watch.frames(), watch.frames()[:5]


def test_flood_is_seen(ground):
    """The control: wireguard-go behind the usual firewall answers one of some bursts."""
    if implementation_missing("wireguard-go"):
        pytest.skip(implementation_missing("wireguard-go"))
    subject = outside.usual_firewall(ground)
    with ground.watch() as watch:
        for _ in range(20):
            outside.flood(ground.far, "initiations", 2000, argument=subject.key)
            if watch.count():
                return
            time.sleep(0.5)  # a burst for itself
    pytest.fail("no burst of 20 was answered")
