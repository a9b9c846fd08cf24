# SPDX-License-Identifier: ISC
"""The radar on a hardened server: real scanners by their names, counts to the packet, its process."""

import os
import signal
import time

import pytest

import story
from lab import Gateway, wait_until
from lab.ordinary import ORDINARY
from lab.scans import SCANS, tcp
from lab.tacet import tacet_path
from lab.watched import SERVER, SERVER6, Watched

KINDS = ("nmap -sS", "nmap -sA", "nmap -sX", "nmap -sU", "nmap -sO", "nmap -sn", "nmap -O",
         "nmap -f", "nmap -6 -sS", "nmap -sT", "masscan", "zmap", "zmap -M icmp", "hping3 -S",
         "unicornscan -mT", "mirai", "traceroute")
PEOPLE = ("curl", "ssh", "dig", "ping", "iperf3", "SYN of Windows", "stray ACKs", "QUIC",
          "BitTorrent", "forty behind one address")
FLOOD, TABLE, CPU_SECONDS = 60000, 4096, 0.5
# Another reader of the group: NFULNL_MSG_CONFIG with NFULNL_CFG_CMD_BIND.
LISTENER = """
import socket, struct, time
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
netlink.bind((0, 0))
netlink.send(struct.pack("IHHIIBBHHHB3x", 28, 4 << 8 | 1, 5, 1, 0, 0, 0, socket.htons(31438), 5, 1, 1))
assert struct.unpack("i", netlink.recv(4096)[16:20]) == (0,)
print("heard", flush=True)
time.sleep(60)
"""


@pytest.fixture
def watched(lab):
    """A hardened server, and a stranger."""
    return Watched(lab)


def chosen(kinds, names):
    """Those kinds of these names that can be made here; says which cannot."""
    found = [kind for kind in kinds if kind.name in names]
    assert len(found) == len(names)
    for kind in found:
        if kind.missing():
            print(f"SKIP {kind.name}: {kind.missing()}")
    return [kind for kind in found if not kind.missing()]


def test_names(watched):
    """Each tool by its name, with its ports; people by none; all in silence."""
    capture = watched.link.right.capture(snap=96)
    looked = [(kind, watched.look(kind)) for kind in chosen(SCANS, KINDS)]
    looked += [(kind, watched.look(kind)) for kind in chosen(ORDINARY, PEOPLE)]
    watched.quiet()
    wrong = []
    for kind, source in looked:
        found = watched.name(source)
        print(f"{kind.name}: {' '.join(map(str, found))}")
        if found[0] != kind.tool or (kind.scan and found[1] != kind.scan):
            wrong.append((kind.name, found))
    assert len(looked) > 20 and not wrong, wrong
    answers = [frame for frame in capture.frames(source=SERVER) + capture.frames(source=SERVER6)
               if frame.protocol not in ("arp", "icmp6")]
    assert not answers, answers[:5]


def test_what_is_told(watched):
    """Source, ports, number, time: as they were sent; by the command, too."""
    source, _ = watched.source()
    began = time.time()
    watched.stranger.send([tcp(source, SERVER, (4444, port), window=1024, sequence=7,
                               options=b"\x02\x04\x05\xb4", ttl=50) for port in range(100, 150)])
    watched.quiet()
    row = watched.sightings(source)[0]
    assert (row["tool"], row["scan"], row["packets"]) == ("nmap", "syn", 50)
    assert row["ports"] == {"least": 100, "greatest": 149, "count": 50}
    assert began - 1 <= row["first"] <= row["last"] <= time.time()
    said = watched.server.tacet("radar").stdout
    assert source in said and "nmap syn" in said and "100-149 (50)" in said, said
    assert watched.server.json("radar", "--since", "1h")["sightings"]
    wait_until(lambda: source not in str(watched.server.json("radar", "--since", "1s")), 5,
               "it to be longer ago than a second", interval=0.2)
    live = watched.server.host.spawn([tacet_path("tacet"), "radar", "--live"],
                                     env=watched.server.environment)
    live.wait_for_output(source)
    watched.server.tacet("radar", "--clear")
    assert not watched.sightings(source)


def test_counts_are_exact(watched):
    """What died is counted to the packet, however fast it came: a capture says how many."""
    source, _ = watched.source()
    before = watched.died()
    capture = watched.link.right.capture(snap=64)
    watched.stranger.send([tcp(source, SERVER, (4444, port), window=1024, sequence=7,
                               flags=2 if port % 2 else 16, ttl=50) for port in range(1, 5001)])
    watched.quiet()
    sent = capture.count(source=source, destination=SERVER)
    grown, came = watched.died() - before, watched.strangers(capture)
    print(f"{sent} sent, {came} came, {grown} counted, "
          f"{watched.radar()['radar']['sampled']} sampled")
    assert sent == 5000 and grown == came
    assert watched.sightings(source)[0]["packets"] < sent, "samples are rate-limited"


def cpu_seconds(pid):
    """What a process has used so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def test_flood(watched):
    """A flood from made-up sources fills the table and no more, and costs next to nothing."""
    packets = [tcp(f"198.{18 + (i >> 16)}.{i >> 8 & 255}.{i & 255}", SERVER, (4444, 22),
                   window=1024, sequence=7, options=b"\x02\x04\x05\xb4", ttl=50)
               for i in range(FLOOD)]
    pid = watched.server.processes()["radar"]
    before, began = cpu_seconds(pid), time.monotonic()
    watched.stranger.send(packets)
    took = time.monotonic() - began
    watched.quiet()
    used, radar = cpu_seconds(pid) - before, watched.radar()
    print(f"{FLOOD / took:.0f} packets a second for {took:.1f} s: the radar looked at "
          f"{radar['radar']['sampled']}, used {used * 1000:.0f} ms")
    assert radar["died"] >= FLOOD
    assert 1 <= len(radar["sightings"]) <= TABLE
    assert watched.server.processes()["radar"] == pid
    assert used < CPU_SECONDS


def test_it_dies_alone(watched):
    """Killed, it is started again; nothing else is touched; it sees as before."""
    server = watched.server
    former = server.processes()
    dead = server.kill("radar")
    wait_until(lambda: server.processes().get("radar") not in (None, dead), 10, "a new radar")
    wait_until(lambda: watched.radar()["radar"]["up"], 10, "the radar to answer")
    assert watched.radar()["radar"]["starts"] == 2
    kind = chosen(SCANS, ("mirai",))[0]
    source = wait_until(lambda: (lambda s: watched.name(s)[0] and s)(watched.look(kind)), 20,
                        "a sighting after that")
    assert watched.name(source)[0] == "mirai"
    now = server.processes()
    assert {title: now[title] for title in ("parent", "engine", "control")} == {
        title: former[title] for title in ("parent", "engine", "control")}
    assert server.status()["engine"]["up"]


def test_what_it_holds(watched):
    """It is nobody of importance, and has a socket of netlink, its channel and its log."""
    pid = watched.server.processes()["radar"]
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        facts = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert facts["Uid"].split()[0] != "0" and facts["CapEff"].strip("0") == ""
    assert facts["CapBnd"].strip("0") == "" and facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"
    assert os.stat(f"/proc/{pid}/environ").st_uid == 0, "it cannot be dumped"
    held = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")
            if name != "2"]  # the log
    assert sum(path.startswith("socket:") for path in held) == 2, held
    assert not [path for path in held if path.startswith("/") and path != "/dev/null"], held
    assert open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[16] == "19", "nice"


def test_off(lab):
    """Switched off there is no process, and packets are counted."""
    watched = Watched(lab, radar="off")
    assert "radar" not in watched.server.processes()
    watched.look(chosen(SCANS, ("mirai",))[0])
    wait_until(lambda: watched.radar()["died"] >= 10, 5, "counts")
    assert watched.radar()["radar"] == {
        "on": False, "up": False, "hardened": True, "starts": 0, "sampled": 0, "unsampled": 0,
        "unread": 0, "forgotten": 0}
    assert "The radar is off" in watched.server.tacet("radar").stdout


def test_end(watched):
    """It ends with the daemon."""
    pid = watched.server.processes()["radar"]
    os.kill(watched.server.processes()["parent"], signal.SIGTERM)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the radar to end")


def test_taken(watched):
    """Where another process hears the group, it is said, and all else goes on; later it sees."""
    server = watched.server
    server.stop()
    taken = server.host.spawn(["/usr/bin/python3", "-c", LISTENER])
    taken.wait_for_output("heard")
    server.start()
    wait_until(lambda: server.status()["engine"]["up"], 10, "the engine")
    assert not watched.radar()["radar"]["up"]
    assert "another process hears group 31438" in server.log, server.log
    assert server.log.count("31438") == 1, server.log
    taken.stop()
    wait_until(lambda: watched.radar()["radar"]["up"], 15, "the radar to begin")


def test_on_a_gateway_and_a_device(lab):
    """Not only the server has strangers."""
    world = story.make(lab, "alice")
    host, link = world.add_host("far")
    gateway = Gateway(host)
    gateway.join(world.server.invite_gateway("berlin"))
    gateway.wait_connected()
    world.web("alice")
    alice = world.enrol("alice", services=["intranet"])
    for node in (gateway, alice):
        said = node.json("radar")
        assert said["radar"]["on"] and said["radar"]["up"] and said["sightings"] == []
        assert "radar" in node.processes()
        assert any(row["place"] == "engine" for row in said["counters"])
        assert "not hardened" in node.tacet("radar").stdout
    assert link
