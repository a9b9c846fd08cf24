# SPDX-License-Identifier: ISC
"""Both ends made by wg-quick, one with each implementation, from configuration files."""

import os
import pathlib
import shutil

import pytest

from duo import CALLERS, PORT, SERVER, MEMBER, other
from lab import (generate_preshared_key, generate_private_key, program_path, public_key_of,
                 wait_until)
from traffic import send_file

INNER = "Address = 10.9.0.{0}/24, fd00:9::{0}/64\n"


class Quick:
    """An interface by wg-quick."""

    def __init__(self, lab, host, implementation, configuration):
        self.host, self.name = host, lab.interface_name("wgq")
        self.path = pathlib.Path(lab.directory, f"{self.name}.conf")
        self.path.write_text(configuration, encoding="ascii")
        self.path.chmod(0o600)
        program = program_path(implementation)
        self.environment = {"WG_QUICK_USERSPACE_IMPLEMENTATION": os.path.basename(program),
                            "PATH": f"{os.path.dirname(program)}:{os.environ['PATH']}"}

    def run(self, verb):
        """`wg-quick up|down`."""
        self.host.run(["wg-quick", verb, self.path], env=self.environment)

    def is_gone(self):
        """Whether device and socket are gone."""
        socket = pathlib.Path(f"/var/run/wireguard/{self.name}.sock")
        return not socket.exists() and \
            self.host.ip("link", "show", self.name, check=False).returncode != 0


@pytest.fixture
def ends(lab, caller, allowed):
    """The member's and the server's interface, up."""
    if shutil.which("wg-quick") is None:
        pytest.skip("needs the program wg-quick")
    server, member = lab.host("server"), lab.host("member")
    lab.link(server, member, left=[f"{SERVER[4]}/24", f"{SERVER[6]}/64"],
             right=[f"{MEMBER[4]}/24", f"{MEMBER[6]}/64"])
    near, far, psk = generate_private_key(), generate_private_key(), generate_preshared_key()
    made = [
        Quick(lab, member, caller, f"[Interface]\nPrivateKey = {far}\n{INNER.format(2)}"
              f"[Peer]\nPublicKey = {public_key_of(near)}\nPresharedKey = {psk}\n"
              f"AllowedIPs = {allowed}\nEndpoint = [{SERVER[6]}]:{PORT}\n"
              "PersistentKeepalive = 25\n"),
        Quick(lab, server, other(caller), f"[Interface]\nPrivateKey = {near}\n"
              f"ListenPort = {PORT}\n{INNER.format(1)}"
              f"[Peer]\nPublicKey = {public_key_of(far)}\nPresharedKey = {psk}\n"
              "AllowedIPs = 10.9.0.2/32, fd00:9::2/128\n")]
    for end in made:
        end.run("up")
    return made


@CALLERS
@pytest.mark.parametrize("allowed", ["10.9.0.1/32, fd00:9::1/128", "0.0.0.0/0, ::/0"],
                         ids=["its-own", "everything"])
def test_wg_quick(ends):
    """Up, used, down and up again; with the default route in the tunnel as well, which wg-quick
    keeps out of itself by a fwmark."""
    member, server = ends
    for _ in range(2):
        member.host.wait_for_ping("10.9.0.1")
        member.host.ping("fd00:9::1", count=3)
        send_file(member.host, server.host, "10.9.0.1", 8 << 20)
        send_file(server.host, member.host, "fd00:9::2", 8 << 20)
        member.run("down")
        wait_until(member.is_gone, 5, f"{member.name} to be gone")
        member.run("up")
    member.host.wait_for_ping("fd00:9::1")
    for end in ends:
        end.run("down")
        wait_until(end.is_gone, 5, f"{end.name} to be gone")
