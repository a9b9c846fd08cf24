# SPDX-License-Identifier: ISC
"""wg-quick up and down, with our program as the userspace implementation."""

import os
import pathlib
import shutil

import pytest

import lab as laboratory
from lab import generate_private_key, public_key_of, wait_until
from pair import MEMBER, PORT, SERVER


class Quick:
    """An interface made by wg-quick from a configuration file."""

    def __init__(self, lab, host, configuration):
        self.host = host
        self.name = lab.interface_name("wgq")
        self.path = pathlib.Path(lab.directory) / f"{self.name}.conf"
        self.path.write_text(configuration)
        self.path.chmod(0o600)
        program = laboratory.program_path(laboratory.default_implementation())
        self.environment = {
            "WG_QUICK_USERSPACE_IMPLEMENTATION": os.path.basename(program),
            "PATH": f"{os.path.dirname(program)}:{os.environ['PATH']}",
        }

    def run(self, verb):
        """`wg-quick up|down|save|strip`; the Result."""
        return self.host.run(["wg-quick", verb, self.path], env=self.environment)

    def is_gone(self):
        """Whether neither device nor socket is left."""
        device = self.host.ip("link", "show", self.name, check=False)
        return device.returncode != 0 and not os.path.exists(f"/var/run/wireguard/{self.name}.sock")


@pytest.fixture
def hosts(lab):
    """Server and member on a link."""
    if shutil.which("wg-quick") is None:
        pytest.skip("needs the program wg-quick")
    server, member = lab.host("server"), lab.host("member")
    lab.link(server, member, left=[f"{SERVER}/24"], right=[f"{MEMBER}/24"])
    return server, member


def configurations(allowed="10.9.0.0/24, fd00:9::/64", mtu="MTU = 1380\n"):
    """Texts of two wg-quick configurations that fit each other: server, member."""
    near, far = generate_private_key(), generate_private_key()
    return (f"[Interface]\nPrivateKey = {near}\nListenPort = {PORT}\n"
            f"Address = 10.9.0.1/24, fd00:9::1/64\n{mtu}"
            f"[Peer]\nPublicKey = {public_key_of(far)}\nAllowedIPs = 10.9.0.2/32, fd00:9::2/128\n",
            f"[Interface]\nPrivateKey = {far}\nAddress = 10.9.0.2/24, fd00:9::2/64\n{mtu}"
            f"[Peer]\nPublicKey = {public_key_of(near)}\nAllowedIPs = {allowed}\n"
            f"Endpoint = {SERVER}:{PORT}\nPersistentKeepalive = 25\n")


def test_up_and_down(lab, hosts):
    ends = [Quick(lab, host, text) for host, text in zip(hosts, configurations())]
    for end in ends:
        end.run("up")
        link = end.host.ip("-o", "link", "show", end.name).stdout
        assert "mtu 1380" in link and ",UP" in link
    hosts[1].wait_for_ping("10.9.0.1")
    hosts[1].wait_for_ping("fd00:9::1")
    for end in ends:
        end.run("down")
        wait_until(end.is_gone, 5, f"{end.name} to be gone")


def test_up_again_after_down(lab, hosts):
    ends = [Quick(lab, host, text) for host, text in zip(hosts, configurations())]
    for end in ends:
        end.run("up")
    hosts[1].wait_for_ping("10.9.0.1")
    ends[1].run("down")
    wait_until(ends[1].is_gone, 5, "the member's end to be gone")
    ends[1].run("up")
    hosts[1].wait_for_ping("10.9.0.1")


def test_default_route_by_fwmark(lab, hosts):
    """AllowedIPs of everything: wg-quick then keeps the tunnel out of itself by a fwmark."""
    if shutil.which("nft") is None:
        pytest.skip("needs the program nft")
    server, member = hosts
    near, far = configurations(allowed="0.0.0.0/0", mtu="")
    server.ip("address", "add", "10.77.0.1/32", "dev", "lo")
    ends = [Quick(lab, host, text) for host, text in zip(hosts, (near, far))]
    for end in ends:
        end.run("up")
    mark = member.run(["wg", "show", ends[1].name, "fwmark"]).stdout.strip()
    assert mark not in ("off", "")
    member.wait_for_ping("10.77.0.1")
    ends[1].run("down")
    wait_until(ends[1].is_gone, 5, "the member's end to be gone")
    assert "10.77.0.1" not in member.ip("route", "show", "table", "all").stdout


def test_save_writes_what_runs(lab, hosts):
    end = Quick(lab, hosts[0], configurations()[0])
    end.run("up")
    extra = public_key_of(generate_private_key())
    hosts[0].run(["wg", "set", end.name, "peer", extra, "allowed-ips", "10.9.0.77/32"])
    end.run("save")
    text = end.path.read_text()
    assert extra in text and "10.9.0.77/32" in text and f"ListenPort = {PORT}" in text
    end.run("down")
