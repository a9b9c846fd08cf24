# SPDX-License-Identifier: ISC
"""tacet prove from outside: it finds what a host says to strangers, and exits 0 only where that is
nothing. A stranger on the host's own link, and one behind a router."""

import json

import pytest

import lab as laboratory
from lab import strangers

PORT, CONTROL = 40004, 40005
HOST, HOST6 = "192.0.2.10", "2001:db8:1::10"
ROUTER, ROUTER6 = "192.0.2.20", "2001:db8:1::20"
NEAR, NEAR6 = "192.0.2.66", "2001:db8:1::66"
FAR, FAR6 = "198.51.100.66", "2001:db8:66::66"
INNER, INNER6 = "10.9.0.1", "fd09::1"
SILENT, FINDINGS, FAILED, USAGE = 0, 5, 1, 2

USUAL = f"""
table inet usual {{
    chain input {{
        type filter hook input priority filter; policy drop;
        iifname != "eth0" accept
        udp dport {PORT} accept
        icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert }} accept
    }}
}}
"""

# The verified rules, for this lab: the neighbours of the host are the router and nobody else.
SEALED = f"""
table netdev sealed {{
    chain shape {{
        udp length 156 @th,64,32 0x01000000 accept
        udp length 100 @th,64,32 0x02000000 accept
        udp length 72 @th,64,32 0x03000000 accept
        udp length >= 40 @th,64,32 0x04000000 accept
    }}
    chain in {{
        type filter hook ingress device "eth0" priority -500; policy drop;
        ether type arp ether saddr ROUTER_MAC arp daddr ip {HOST} accept
        ether type ip ip hdrlength 5 ip frag-off & 0x3fff == 0 ip daddr {HOST} ip protocol udp \
            udp dport {PORT} jump shape
        ether type ip6 ether saddr ROUTER_MAC ip6 hoplimit 255 ip6 nexthdr icmpv6 \
            icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
        ether type ip6 ip6 nexthdr udp ip6 daddr {HOST6} udp dport {PORT} jump shape
    }}
    chain out {{
        type filter hook egress device "eth0" priority 0; policy drop;
        ether type arp ether daddr ROUTER_MAC accept
        ether type ip udp sport {PORT} accept
        ether type ip6 ip6 nexthdr udp udp sport {PORT} accept
        ether type ip6 ether daddr ROUTER_MAC \
            icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} accept
    }}
}}
"""


class Field:
    """A host with WireGuard, a stranger on its link, a router, a stranger behind that."""

    def __init__(self, lab, rules=None, **options):
        self.lab = lab
        bridge = lab.bridge()
        self.host, self.router = lab.host("host"), lab.host("router")
        self.near, self.far = lab.host("near"), lab.host("far")
        bridge.attach(self.host, [f"{HOST}/24", f"{HOST6}/64"])
        bridge.attach(self.router, [f"{ROUTER}/24", f"{ROUTER6}/64"])
        bridge.attach(self.near, [f"{NEAR}/24", f"{NEAR6}/64"])
        lab.link(self.router, self.far, left=["198.51.100.1/24", "2001:db8:66::1/64"],
                 right=[f"{FAR}/24", f"{FAR6}/64"])
        self.router.forward()
        for host, via, via6 in ((self.host, ROUTER, ROUTER6),
                                (self.far, "198.51.100.1", "2001:db8:66::1")):
            host.route("default", via)
            host.route("::/0", via6)
        self.short_patience()
        self.tunnel = self.host.wireguard(addresses=[f"{INNER}/24", f"{INNER6}/64"],
                                          listen_port=PORT, **options)
        if rules:
            text = rules.replace("ROUTER_MAC", self.router.port().mac)
            self.host.run(["nft", "-f", "-"], input=text)

    def short_patience(self):
        """Reassembly gives up after a second, and ICMP errors are not limited."""
        for name, value in (("net.ipv4.ipfrag_time", 1), ("net.ipv6.ip6frag_time", 1),
                            ("net.ipv4.icmp_ratelimit", 0), ("net.ipv6.icmp.ratelimit", 0),
                            ("net.ipv4.icmp_msgs_per_sec", 100000),
                            ("net.ipv4.icmp_msgs_burst", 100000)):
            try:
                self.host.sysctl(name, value)
            except OSError:  # some are of the first namespace alone
                pass

    def prove(self, stranger, *words, target6=HOST6):
        """Run it; return the exit code and what it said as JSON."""
        if stranger is self.near:
            words += ("--mac", self.host.port().mac, "--overlay", f"{INNER}/24",
                      "--overlay", INNER6)
        if target6:
            words += ("--target6", target6, "--i-own-this-host", target6)
        result = stranger.run(
            [laboratory.tacet_path("tacet"), "prove", HOST, "--port", PORT, "--control-port",
             CONTROL, "--i-own-this-host", HOST, "--server-key", self.tunnel.public_key,
             "--times", 2, "--pace", 0, "--patience", 3, "--rate", 500, "--json", *words],
            check=False, timeout=110)
        assert result.returncode in (SILENT, FINDINGS), result.stderr
        proof = json.loads(result.stdout)
        assert proof["control"]["good"], proof["control"]
        return result.returncode, proof


def named(proof, verdict):
    """The names of the stimuli of a verdict."""
    return {row["name"] for row in proof["stimuli"] if row["verdict"] == verdict}


def shown(proof):
    """What is shown of a proof that fails a test."""
    return [(row["name"], row["port"].get("first", {}).get("text"),
             row.get("control", {}).get("first", {}).get("text"))
            for row in proof["stimuli"] if row["verdict"] in ("answered", "oracle")], \
        proof["unprompted"], [scan for scan in proof["scanners"] if scan["answers"]]


@pytest.fixture(autouse=True)
def _program():
    if not laboratory.tacet_path("tacet"):
        pytest.skip("tacet is not built")


def test_default_host(lab):
    """No firewall: most of what the silence page lists is answered, of each kind."""
    field = Field(lab)
    code, proof = field.prove(field.near, "--no-scanners")
    answered = named(proof, "answered") | named(proof, "oracle")
    assert code == FINDINGS and not proof["silent"]
    assert len(answered) >= 50
    for name in ("arp.request", "arp.overlay", "ipv4.icmp.echo", "ipv4.icmp.timestamp",
                 "ipv4.udp.closed", "ipv4.tcp.closed.syn", "ipv4.tcp.mirai.23",
                 "ipv4.protocol.gre", "ipv4.protocol.sctp", "ipv4.option.length",
                 "ipv4.option.record-route", "ipv4.fragment.udp", "ipv4.overlay.echo",
                 "ipv6.overlay.udp", "ipv6.neighbour.solicit", "ipv6.neighbour.duplicate",
                 "ipv6.icmp.echo", "ipv6.icmp.echo.nodes", "ipv6.protocol.experiment",
                 "ipv6.extension.routing", "ipv6.extension.destination", "ipv6.fragment.udp",
                 "ipv6.groups.v2", "ipv6.udp.closed", "ipv6.tcp.closed.xmas"):
        assert name in answered, (name, sorted(answered))
    assert not named(proof, "silent") >= {"ipv4.port.junk.64"} or \
        "ipv4.port.junk.64" in named(proof, "oracle")


def test_usual_firewall(lab):
    """INPUT drops all but the port: its oracles are found, on the link and behind a router."""
    field = Field(lab, USUAL)
    for stranger in (field.near, field.far):
        code, proof = field.prove(stranger, "--no-scanners")
        oracles = named(proof, "oracle")
        assert code == FINDINGS
        assert {"ipv6.port.destination.report", "ipv6.port.routing.unknown"} <= oracles, \
            sorted(oracles)
        answered = named(proof, "answered") | oracles
        assert {"ipv4.port.fragment.first", "ipv6.port.fragment.first"} <= answered, \
            sorted(answered)
        # a router sees to bad options itself
        assert ("ipv4.port.option.length" in answered) == (stranger is field.near)
        assert not {"ipv4.icmp.echo", "ipv4.udp.closed", "ipv4.tcp.closed.syn"} & answered


def test_sealed_host(lab):
    """The verified rules: not one stimulus, nor scanner, gets a frame."""
    field = Field(lab, SEALED)
    for stranger in (field.near, field.far):
        words = [] if stranger is field.far else ["--no-scanners"]
        code, proof = field.prove(stranger, *words)
        assert code == SILENT and proof["silent"], shown(proof)
        assert proof["summary"]["answered"] == 0
        assert proof["summary"]["silent"] >= (500 if stranger is field.near else 300)


def test_replay(lab):
    """What a member sent is sent again, with his session alive: silence."""
    field = Field(lab, USUAL)
    path = f"{lab.directory}/recorded.pcap"
    member = field.far.wireguard(addresses=["10.9.0.2/24"])
    field.tunnel.add_peer(member, allowed_ips=["10.9.0.2/32"])
    member.add_peer(field.tunnel, allowed_ips=[f"{INNER}/32"], endpoint=f"{HOST}:{PORT}")
    with field.far.port().capture(snap=1500) as capture:
        field.far.wait_for_ping(INNER)
        capture.wait_for(source=FAR, destination=HOST, protocol="udp")
        assert any(frame.payload[0] == strangers.INITIATION
                   for frame in capture.frames(source=FAR, protocol="udp"))
        capture.save(path)
    _, proof = field.prove(field.near, "--no-scanners", "--only", "ipv4.port.replay.*",
                           "--recorded", path)  # its link has come up: it may speak unprompted
    assert not named(proof, "oracle") | named(proof, "answered"), shown(proof)
    assert {"ipv4.port.replay.initiation", "ipv4.port.replay.burst",
            "ipv4.port.replay.data"} <= named(proof, "silent")


def test_cookies_of_another(lab):
    """Who knows the public key gets cookie replies of wireguard-go by a burst, and we see them."""
    if laboratory.implementation_missing("wireguard-go"):
        pytest.skip(laboratory.implementation_missing("wireguard-go"))
    field = Field(lab, USUAL, implementation="wireguard-go")
    code, proof = field.prove(field.far, "--no-scanners", "--only", "ipv4.port.mac1.*")
    cookies = [row for row in proof["stimuli"] if row["port"]["answers"] and
               bytes.fromhex(row["port"]["first"]["frame"])[42] == strangers.COOKIE_REPLY]
    assert code == FINDINGS and named(proof, "oracle")
    assert sum(row["port"]["answers"] for row in cookies) > 100, proof["stimuli"]
    assert not any(row["control"]["answers"] for row in cookies)


def test_page(lab):
    """The page stands alone, and says what was found."""
    field = Field(lab)
    path = f"{lab.directory}/proof.html"
    field.prove(field.near, "--no-scanners", "--only", "ipv4.*", "--html", path)
    with open(path, encoding="utf-8") as file:
        page = file.read()
    assert "not silent" in page and "ipv4.icmp.echo" in page and "<svg" in page
    assert "src=" not in page and "http:" not in page and "<script" not in page
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize("words, code, said", [
    (["192.0.2.10", "--port", 1], FAILED, "--i-own-this-host 192.0.2.10"),
    (["192.0.2.10", "--port", 1, "--i-own-this-host", "192.0.2.11"], FAILED, "not confirmed"),
    (["192.0.2.66", "--port", 1, "--i-own-this-host", "192.0.2.66"], FAILED, "of this host"),
    (["192.0.2.255", "--port", 1, "--i-own-this-host", "192.0.2.255"], FAILED, "not the address"),
    (["224.0.0.1", "--port", 1, "--i-own-this-host", "224.0.0.1"], USAGE, "one host"),
    (["255.255.255.255", "--port", 1], USAGE, "one host"),
    (["192.0.2.0/24", "--port", 1], USAGE, "expected an IPv4"),
    (["ff02::1", "--port", 1], USAGE, "one host"),
    (["192.0.2.10"], USAGE, "--port"),
    (["192.0.2.10", "--port", 7, "--control-port", 7], USAGE, "the port itself"),
    (["192.0.2.10", "--port", 7, "--server-key", "x"], USAGE, "public key"),
    (["192.0.2.10", "--target6", "192.0.2.11", "--port", 7], USAGE, "one address of each"),
    (["--explain", "no-such"], USAGE, "no stimulus"),
    (["192.0.2.77", "--port", 1, "--i-own-this-host", "192.0.2.77"], FAILED, "--mac"),
    (["198.51.100.9", "--port", 1, "--i-own-this-host", "198.51.100.9"], FAILED, "no way"),
])
def test_refusals(lab, words, code, said):
    """Nothing is sent to whom the user has not named as theirs, or to more than one host."""
    near, other = lab.host("near"), lab.host("other")
    link = lab.link(near, other, left=[f"{NEAR}/24"], right=["192.0.2.1/24"])
    with link.capture() as capture:
        result = near.run([laboratory.tacet_path("tacet"), "prove", *words], check=False)
        assert result.returncode == code, result.stderr
        assert said in result.stderr
        assert not [frame for frame in capture.frames(source=NEAR) if frame.protocol != "arp"]
