# SPDX-License-Identifier: ISC
"""The knock on real sockets: who gets in where it is asked for (docs/knock.md)."""

import base64
import random

import pytest

from lab import program_path, strangers
from pair import MEMBER, PORT, SERVER, Pair

FULL, REMOVED = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))


def knock_file(lab, name, *lines):
    """A file for --knock; the options that name it."""
    path = f"{lab.directory}/{name}"
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    return ["--knock", path]


def pair_of(lab, mode, send, far="tacet-wg"):
    """A Pair whose server asks for knocks, and whose member sends one, or none."""
    server = knock_file(lab, "server.knock", f"mode {mode}", f"accept 7 {FULL}",
                        f"accept 3 {REMOVED} budgeted")
    pair = Pair(lab, options=server)
    pair.far.stop()
    pair.far.implementation = far
    pair.far.options = knock_file(lab, "member.knock", f"send {send}") if send else []
    pair.far.start()
    pair.far.set(private_key=pair.far.private_key)
    addresses, pair.far.addresses = pair.far.addresses, []
    pair.far.up(addresses)
    return pair.join()


@pytest.mark.parametrize("mode, send, far", [
    ("required", f"7 {FULL}", "tacet-wg"), ("required", f"3 {REMOVED}", "tacet-wg"),
    ("preferred", f"7 {FULL}", "tacet-wg"), ("preferred", "", "tacet-wg"),
    ("preferred", "", "wireguard-go")])
def test_gets_in(lab, ours, mode, send, far):
    pair_of(lab, mode, send, far).works()


@pytest.mark.parametrize("send, far", [
    ("", "tacet-wg"), (f"7 {REMOVED}", "tacet-wg"), ("", "wireguard-go")])
def test_does_not_get_in(lab, ours, send, far):
    pair = pair_of(lab, "required", send, far)
    pair.member.ping("10.9.0.1", check=False, wait=1)
    pair.capture.wait_for(source=MEMBER, destination=SERVER, protocol="udp")
    assert not pair.member.ping("10.9.0.1", check=False, wait=2)
    assert pair.capture.count(source=SERVER, protocol="udp") == 0


def test_stock_peers_ignore_it(lab, ours):
    """A member that knocks is served by wireguard-go as any other."""
    pair = Pair(lab, implementation="wireguard-go",
                options=[])
    pair.far.stop()
    pair.far.options = knock_file(lab, "member.knock", f"send 7 {FULL}")
    pair.far.start()
    pair.far.set(private_key=pair.far.private_key)
    addresses, pair.far.addresses = pair.far.addresses, []
    pair.far.up(addresses)
    pair.join().works()


def test_members_get_in_during_a_flood(lab, ours):
    """A flood with valid mac1 and without knock, and a member who calls meanwhile."""
    pair = pair_of(lab, "required", f"7 {FULL}")
    chance = random.Random(7)
    flood = [strangers.initiation(pair.near.public_key, chance) for _ in range(4000)]
    with pair.member.socket() as sender:
        for _ in range(5):
            for datagram in flood:
                sender.sendto(datagram, (SERVER, PORT))
        pair.works(timeout=6)
    replies = {frame.payload[0] for frame in pair.capture.frames(source=SERVER, protocol="udp")}
    assert strangers.COOKIE_REPLY not in replies


@pytest.mark.parametrize("line, reason", [
    ("mode sometimes", "not known"), ("accept 65536 " + FULL, "range"),
    ("accept 1 tooshort", "key"), ("accept 1 " + FULL + " always", "not known"),
    ("send 1", "not written"), ("knock", "not written")])
def test_wrong_file(lab, ours, line, reason):
    host = lab.host("host")
    options = knock_file(lab, "wrong.knock", "# a comment", "", line)

    result = host.run([program_path("tacet-wg"), "-f", *options, lab.interface_name()],
                      check=False)
    assert result.returncode == 1
    assert ":3:" in result.stderr and reason in result.stderr
