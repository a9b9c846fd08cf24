# SPDX-License-Identifier: ISC
"""The levels of hardening, asked the whole catalogue of tacet prove: standard and sealed, IPv4 and
IPv6, on the link and behind a router, whatever state the daemon is in, and each guard alone."""

import os

import pytest

import hardening
import lab as laboratory
from test_prove import FINDINGS, PORT, SILENT, Field, named, shown

MARK = 0x7ACE7
LEVELS = pytest.mark.parametrize("level", ["standard", "sealed"])


class Levels(Field):
    """A Field whose host can be hardened."""

    def __init__(self, lab, **options):
        super().__init__(lab, fwmark=MARK, **options)
        self.state = f"{lab.directory}/host"

    def harden(self, *words, check=True, **options):
        """`tacet harden words...` on the host."""
        return self.host.run([hardening.driver_path(), self.state, self.tunnel.name, PORT, *words],
                             check=check, **options)

    def seal(self, level, *words):
        """Hardens it for good. The router is known by what the host asks it."""
        self.harden("--yes", "--level", level, *words)
        self.harden("--confirm")
        assert "netdev tacet_harden" in self.rules()

    def rules(self):
        """What the kernel has."""
        return self.host.run(["nft", "list", "ruleset"]).stdout

    def is_silent(self, stranger, *words):
        """Asks the catalogue; fails with what answered."""
        code, proof = self.prove(stranger, "--no-scanners", *words)
        assert code == SILENT and proof["silent"], shown(proof)
        assert proof["summary"]["answered"] == 0
        assert proof["summary"]["silent"] >= (500 if stranger is self.near else 300)


@pytest.fixture
def field(lab):
    """Levels; skips where a program is not built."""
    for path in (hardening.driver_path(), laboratory.tacet_path("tacet")):
        if not path or not os.access(path, os.X_OK):
            pytest.skip(f"{path} is not built")
    return Levels(lab)


@LEVELS
def test_catalogue(field, level):
    """Before: answers. After: none, on the link and behind the router."""
    code, proof = field.prove(field.near, "--no-scanners", "--only", "ipv4.icmp.*")
    assert code == FINDINGS and "ipv4.icmp.echo" in named(proof, "answered") | named(
        proof, "oracle")
    field.seal(level)
    field.is_silent(field.near)
    field.is_silent(field.far)


class Guards:
    """What is left in force where a part of the rules is lost."""

    # The hooks of each guard: their chains are emptied and let all through.
    HOOKS = {
        "in": {"inet tacet_harden": {"shape": "prerouting priority -450",
                                     "way_in": "prerouting priority -150"},
               "netdev tacet_harden": {"link_in": "ingress device \"eth0\" priority -500"}},
        "out": {"inet tacet_harden": {"way_out": "postrouting priority -150"},
                "netdev tacet_harden": {"link_out": "egress device \"eth0\" priority 0"}},
    }

    @classmethod
    def lose(cls, host, way):
        """Opens the guard of one way."""
        for table, chains in cls.HOOKS[way].items():
            for chain, hook in chains.items():
                host.run(["nft", f"flush chain {table} {chain}; add chain {table} {chain} "
                                 f"{{ type filter hook {hook}; policy accept; }}"])


@LEVELS
@pytest.mark.parametrize("lost", ["in", "out"])
def test_each_guard_alone(field, level, lost):
    """With the other one open nothing is said either."""
    field.seal(level)
    Guards.lose(field.host, lost)
    field.is_silent(field.near)
    field.is_silent(field.far)
