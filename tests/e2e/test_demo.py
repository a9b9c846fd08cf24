# SPDX-License-Identifier: ISC
"""The demo tells the truth: it passes as it is, and fails on a host that talks."""

import importlib.machinery
import importlib.util
import pathlib
import sys

import pytest

import lab as laboratory

PATH = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "demo"


@pytest.fixture
def demo(monkeypatch):
    """The demo's code as a module of its own."""
    reason = laboratory.missing("nginx", "nmap", "nft", "curl", "ss")
    if reason:
        pytest.skip(reason)
    loader = importlib.machinery.SourceFileLoader("demo", str(PATH))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("demo", loader))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", [str(PATH)])
    return module


def test_every_claim_holds(demo, capsys):
    demo.main()
    said = capsys.readouterr().out
    assert "FAILED" not in said
    assert "40004/udp open|filtered" in said and "40005/udp open|filtered" in said
    assert f"status 200, title {demo.TITLE!r}" in said
    assert "packets from the host to the stranger: 0" in said


def test_a_host_that_talks_is_noticed(demo, capsys, monkeypatch):
    """The same with a firewall that lets all in: the claims must fail, the exit code says so."""
    talking = demo.FIREWALL.replace("policy drop", "policy accept")
    talking = talking.replace("counter drop", "counter")
    monkeypatch.setattr(demo, "FIREWALL", talking)
    with pytest.raises(SystemExit) as ended:
        demo.main()
    assert ended.value.code not in (0, None)
    said = capsys.readouterr().out
    assert "FAILED: all 2 ports of 192.0.2.10 are open|filtered" in said
    assert "FAILED: all 6 ports of 192.0.2.10 are filtered" in said
    assert "FAILED: packets from the host to the stranger" in said
