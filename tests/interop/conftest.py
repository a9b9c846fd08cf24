# SPDX-License-Identifier: ISC
"""Interoperation with wireguard-go: what makes a test run here, and the long test that runs while
the others do."""

import pytest

import lab as laboratory
from duo import OURS, THEIRS
from rekey import Rekey


def reason_to_skip():
    """Why nothing here can run, as text; None if it can."""
    return (laboratory.missing("iperf3", "nft") or laboratory.implementation_missing(OURS)
            or laboratory.implementation_missing(THEIRS))


def pytest_configure(config):
    """Names our mark."""
    config.addinivalue_line("markers", "slow: takes minutes of real time, beside the others")


def pytest_collection_modifyitems(items):
    """The slow ones are looked at last."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(scope="session")
def rekey():
    """The tunnels that run for longer than a session lasts."""
    with Rekey() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _begin(request):
    """Skips where nothing can run; starts what takes long before all else, if it was asked for."""
    if reason_to_skip():
        pytest.skip(reason_to_skip())
    if any("rekey" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("rekey")
