# SPDX-License-Identifier: ISC
"""Makes `lab` importable for all pytest tests, and skips with a reason what cannot run here."""

import functools
import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import lab as laboratory  # noqa: E402 (after the path that it is found by)

CLOCKSHIFT = pathlib.Path(__file__).resolve().parent / "lab" / "clockshift.c"


@functools.lru_cache
def reason_to_skip():
    """Why this machine cannot run a laboratory, asked once; None if it can."""
    return laboratory.missing()


@pytest.fixture
def lab():
    """A Lab for one test; skips the test where the machine cannot run one."""
    if reason_to_skip():
        pytest.skip(reason_to_skip())
    with laboratory.Lab() as made:
        yield made


@pytest.fixture
def shift(lab):
    """Makes an environment in which programs see the time so many seconds off."""
    if shutil.which("gcc") is None:
        pytest.skip("needs the program gcc")
    library = os.path.join(lab.directory, "clockshift.so")
    lab.host("compiler").run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, CLOCKSHIFT])
    return lambda seconds: {"LD_PRELOAD": library, "CLOCKSHIFT_SECONDS": str(seconds)}
