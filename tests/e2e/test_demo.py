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
    loader = importlib.machinery.SourceFileLoader("demo", str(PATH))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("demo", loader))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    reason = laboratory.missing(*module.TOOLS) or laboratory.tacet_missing() or \
        laboratory.services_missing("nginx", "postgres", "sshd")
    if reason:
        pytest.skip(reason)
    monkeypatch.setattr(sys, "argv", [str(PATH)])
    return module


def test_every_claim_holds(demo, capsys):
    demo.main()
    said = capsys.readouterr().out
    assert "FAILED" not in said
    assert "packets from the host to the stranger: 0" in said
    assert f"curl: title {demo.TITLE!r}" in said
    assert "tacet audit verify: sound" in said


def test_a_host_that_talks_is_noticed(demo, capsys, monkeypatch):
    """The same without hardening: the claims must fail, the exit code says so."""
    monkeypatch.setattr(demo, "harden", lambda narrator, stage: None)
    with pytest.raises(SystemExit) as ended:
        demo.main()
    assert ended.value.code not in (0, None)
    said = capsys.readouterr().out
    assert "FAILED: after, all ports are one of: closed, " in said
    assert "FAILED: packets from the host to the stranger: " in said
