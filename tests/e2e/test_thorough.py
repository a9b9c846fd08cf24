# SPDX-License-Identifier: ISC
"""tacet prove --thorough and --lab: that the statistical test runs, tells apart what differs and
not what is the same; that the lab makes its hosts, and leaves nothing behind."""

import json
import os

import pytest

import lab as laboratory
from lab.services import Echo

PORT, CONTROL, BLIND, CLOSED, ECHO = 40004, 40005, 40006, 40007, 5353
HOST, NEAR = "192.0.2.10", "192.0.2.66"
HOST6, NEAR6 = "2001:db8:1::10", "2001:db8:1::66"
SILENT, FINDINGS, FAILED, USAGE = 0, 5, 1, 2

USUAL = f"""
table inet usual {{
    chain input {{
        type filter hook input priority filter; policy drop;
        iifname != "eth0" accept
        udp dport {{ {PORT}, {ECHO}, {CLOSED} }} accept
        icmp type echo-request accept
        icmpv6 type {{ echo-request, nd-neighbor-solicit, nd-neighbor-advert }} accept
    }}
}}
"""


@pytest.fixture(autouse=True)
def _program():
    if not laboratory.tacet_path("tacet"):
        pytest.skip("tacet is not built")


class Field:
    """A host behind the usual firewall that answers an echo, and a stranger on its link."""

    def __init__(self, lab):
        self.host, self.near = lab.host("host"), lab.host("near")
        lab.link(self.host, self.near, left=[f"{HOST}/24", f"{HOST6}/64"],
                 right=[f"{NEAR}/24", f"{NEAR6}/64"])
        self.host.sysctl("net.ipv4.icmp_ratelimit", 0)  # else one error a second
        self.host.run(["nft", "-f", "-"], input=USUAL)
        self.echo = Echo(self.host, HOST, ECHO)
        self.tunnel = self.host.wireguard(addresses=["10.9.0.1/24"], listen_port=PORT)

    def prove(self, *words, target=HOST):
        """Run it; return the exit code and what it said as JSON."""
        result = self.near.run(
            [laboratory.tacet_path("tacet"), "prove", target, "--thorough", "--port", PORT,
             "--control-port", CONTROL, "--blind-port", BLIND, "--i-own-this-host", target,
             "--server-key", self.tunnel.public_key, "--json", *words], check=False, timeout=110)
        assert result.returncode in (SILENT, FINDINGS, FAILED), result.stderr
        return result.returncode, json.loads(result.stdout)


def test_sees_what_differs(lab):
    """A closed port is told from a dropped one by its answers; two dropped ones are not."""
    field = Field(lab)
    _, found = field.prove("--closed-port", CLOSED, "--trials", 60, "--companion", "icmp",
                           "--companion", f"udp:{ECHO}")
    assert found["control"]["good"] and found["control"]["probes"] >= 60 * 4 * 2 * 3
    closed, blind = found["closed"], found["blind"]
    assert closed["told_apart"] and closed["auc"]["low"] > 0.6
    assert all(cell["control_answers"] == 0 for cell in closed["cells"])
    assert 0.42 < blind["auc"]["value"] < 0.58, blind["auc"]
    cells = found["port"]["cells"]
    assert {(cell["companion"], cell["kind"], cell["datagrams"]) for cell in cells} == {
        (companion, kind, count) for companion in ("icmp", f"udp:{ECHO}")
        for kind in ("junk", "shaped", "mac1") for count in (1, 10, 50, 500)}
    for cell in cells:
        assert cell["trials"] == 60 and cell["answers"] == 0
        assert 0 <= cell["auc"]["low"] <= cell["auc"]["value"] <= cell["auc"]["high"] <= 1
        assert 0 < cell["control_us"] < 50000
        assert cell["verdict"] in ("same", "undecided", "apart")


def test_ipv6(lab):
    """The same by IPv6, in a few trials."""
    field = Field(lab)
    path = f"{lab.directory}/thorough.html"
    _, found = field.prove("--closed-port", CLOSED, "--trials", 20, "--companion", "icmp",
                           "--html", path, target=HOST6)
    with open(path, encoding="utf-8") as file:
        page = file.read()
    assert "icmp mac1 500" in page and "<svg" in page and page.rstrip().endswith("</html>")
    assert found["control"]["good"]
    assert any(cell["answers"] > 0 for cell in found["closed"]["cells"])
    assert not any(cell["answers"] for cell in found["port"]["cells"])


def test_nobody_answers(lab):
    """A companion that is not there: nothing is proven."""
    field = Field(lab)
    field.host.run(["nft", "flush ruleset; add table inet shut; add chain inet shut input "
                           "{ type filter hook input priority 0; policy drop; }"])
    result = field.near.run(
        [laboratory.tacet_path("tacet"), "prove", HOST, "--thorough", "--port", PORT,
         "--i-own-this-host", HOST, "--mac", field.host.port().mac, "--trials", 20,
         "--companion", "icmp"], check=False, timeout=200)
    assert result.returncode == FAILED and "COULD NOT SEE" in result.stdout, result.stderr


def test_silent_host(lab):
    """Without a companion only what is emitted counts: nothing is."""
    field = Field(lab)
    code, found = field.prove("--trials", 20)
    assert code == SILENT and not found["port"]["told_apart"], found["port"]
    assert not any(cell["answers"] for cell in found["port"]["cells"])


@pytest.mark.parametrize("words, said", [
    (["--trials", 3], "--trials"),
    (["--companion", "sctp:1"], "--companion"),
    (["--companion", "udp:0"], "--companion"),
    (["--blind-port", PORT], "--blind-port"),
    (["--closed-port", PORT], "--closed-port"),
    (["--lab"], "--lab"),
])
def test_refusals(words, said):
    """What is written wrongly is refused before anything is sent."""
    result = laboratory.process.run(
        "here", [], [laboratory.tacet_path("tacet"), "prove", HOST, "--port", PORT, "--thorough",
                     "--i-own-this-host", HOST, *words], check=False)
    assert result.returncode == USAGE and said in result.stderr


def test_lab_of_hosts(lab):
    """Four hosts: the default one answers, both hardened ones are silent, and all are gone."""
    path, page = f"{lab.directory}/lab.json", f"{lab.directory}/lab.html"
    before = set(os.listdir("/tmp"))
    result = laboratory.process.run(
        "here", [], [laboratory.tacet_path("tacet"), "prove", "--lab", "--only", "*.icmp.echo*",
                     "--json-file", path, "--html", page], check=False, timeout=110)
    assert result.returncode == SILENT, result.stdout + result.stderr
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    answered = {host["name"]: host["proof"]["summary"]["answered"] for host in found["hosts"]}
    assert found["silent"] and found["could_see"]
    assert answered["default"] >= 2 and answered["standard"] == answered["sealed"] == 0, answered
    with open(page, encoding="utf-8") as file:
        text = file.read()
    assert "ipv4.icmp.echo" in text and "<svg" in text and "<script" not in text
    assert text.rstrip().endswith("</html>")
    assert not [name for name in set(os.listdir("/tmp")) - before
                if name.startswith("tacet-lab-")]
