# SPDX-License-Identifier: ISC
"""What the end-to-end tests share: the implementation under test, and a pair of hosts."""

import pytest

import lab as laboratory
from pair import Pair

@pytest.fixture(autouse=True)
def _program():
    """Skips every test here while the program under test is not built."""
    reason = laboratory.implementation_missing(laboratory.default_implementation())
    if reason:
        pytest.skip(reason)


@pytest.fixture
def ours():
    """For tests of what only tacet-wg promises; skips with a stand-in."""
    if laboratory.default_implementation() != "tacet-wg":
        pytest.skip(f"{laboratory.default_implementation()} does not promise this")


@pytest.fixture
def pair(lab):
    """A Pair whose ends know each other."""
    return Pair(lab).join()
