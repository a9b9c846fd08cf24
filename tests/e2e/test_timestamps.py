# SPDX-License-Identifier: ISC
"""How far the timestamps of our initiations went, kept over restarts; see timestampfile.h."""

import base64
import os
import time

import pytest

import lab as laboratory
from pair import PORT, Pair

SECOND = 10**9
AHEAD = 30 * SECOND  # nobody runs ahead of the clock by more than that without need


def stored(lab, public_key):
    """What is stored for a key, in ns since 1970."""
    name = base64.b64decode(public_key).hex()
    with open(f"{lab.directory}/state/timestamps/{name}", encoding="ascii") as file:
        return int(file.read())


def restart(device, **options):
    """Start a daemon anew with the key, the port and the addresses that it had."""
    device.start(**options)
    device.set(private_key=device.private_key, listen_port=PORT)
    addresses, device.addresses = device.addresses, []
    device.up(addresses)


def test_clean_end_gives_back(lab, ours):
    pair = Pair(lab).join()
    pair.works()
    assert stored(lab, pair.far.public_key) > time.time_ns() + AHEAD, "reserved while it runs"
    for device in (pair.far, pair.near):
        device.stop()
        assert stored(lab, device.public_key) < time.time_ns() + AHEAD


def test_kill_keeps_reserve(lab, ours):
    """Nobody knows how far they went: what was reserved is taken for used."""
    pair = Pair(lab).join()
    pair.works()
    pair.far.kill()
    assert stored(lab, pair.far.public_key) > time.time_ns() + AHEAD
    restart(pair.far)
    pair.join()
    pair.works()


def test_change_of_key_gives_back(lab, ours):
    device = lab.host("host").wireguard()
    before = device.public_key
    device.set(private_key="")
    assert stored(lab, before) < time.time_ns() + AHEAD


@pytest.mark.parametrize("restarts", [3])
def test_restarts_add_nothing_up(lab, ours, restarts):
    pair = Pair(lab).join()
    for _ in range(restarts):
        pair.works()
        pair.far.stop()
        restart(pair.far)
        pair.join()
    pair.works()
    pair.far.stop()
    assert stored(lab, pair.far.public_key) < time.time_ns() + AHEAD


def test_files_are_ours_alone(lab, ours):
    pair = Pair(lab).join()
    folder = f"{lab.directory}/state"
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert os.stat(f"{folder}/timestamps").st_mode & 0o777 == 0o700
    for device in (pair.near, pair.far):
        name = base64.b64decode(device.public_key).hex()
        assert os.stat(f"{folder}/timestamps/{name}").st_mode & 0o777 == 0o600


def test_folder_is_absolute(lab, ours):
    """A relative one would be another in the background, where the process goes to /."""
    host = lab.host("host")
    program = laboratory.program_path(laboratory.default_implementation())
    result = host.run([program, lab.interface_name()], check=False,
                      env={"TACET_STATE_DIRECTORY": "state"})
    assert result.returncode == 2 and "absolute path" in result.stderr
