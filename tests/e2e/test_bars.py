# SPDX-License-Identifier: ISC
"""The bars in small: what has to be right is asserted, times are printed (bench/zerotrust)."""

import os
import pathlib
import statistics

import pytest

import bars
import story
from lab.wireguard import program_path


def test_revocation_is_at_once(lab):
    delays, commands = bars.revocations(story.make(lab, "alice", "bob"), 4)
    print(f"\nlast byte after {', '.join(f'{delay * 1000:.0f}' for delay in delays)} ms, "
          f"command {statistics.median(commands) * 1000:.0f} ms")
    assert max(delays) < 1


def test_policy_for_many(lab):
    fill_store = pathlib.Path(program_path("tacet-wg")).parents[2] / "bench/fill_store"
    if not os.access(fill_store, os.X_OK):
        pytest.skip(f"{fill_store} is not built")
    world = story.make(lab, prepare=False)
    figures = bars.policy_for_many(world, devices=500, services=100, rules=50, teams=20)
    print("\n" + ", ".join(f"{name} {value:.4g}" for name, value in figures.items()))
    assert figures["apply ms"] < 3000 and figures["MiB"] < 200


def test_mediation_costs_little(lab):
    """Ten times less would be wrong in kind; the figure is for the benchmark."""
    (mediated, plain), = bars.mediation(story.make(lab, "alice"), 1, size=16 << 20)
    print(f"\nmediated to plain: {mediated / plain:.2f}")
    assert mediated > plain / 10


def test_enrolments_in_a_row(lab):
    seconds = bars.enrolments_in_a_row(story.make(lab), 8)
    print(f"\n{statistics.median(seconds) * 1000:.0f} ms each")


def test_enrolments_at_once(lab):
    total, slowest = bars.enrolments_at_once(story.make(lab), 6)
    print(f"\nall in {total:.2f} s, the slowest {slowest:.2f} s")


def test_deaths_at_random_moments(lab):
    figures = bars.deaths(story.make(lab, "alice"), 12)
    print("\n" + ", ".join(f"{name} {value:.4g}" for name, value in figures.items()))
