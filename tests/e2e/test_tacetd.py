# SPDX-License-Identifier: ISC
"""The daemon by itself: how it starts, what it refuses and says, what it puts right, how it ends.

What becomes of traffic meanwhile is in test_survival.py.
"""

import os
import pathlib
import re
import signal
import socket

import pytest

import lab as laboratory
from lab import generate_private_key, wait_until
from lab.tacet import Server, tacet_path


@pytest.fixture
def host(lab):
    """One host; no network is needed for most of this."""
    reason = laboratory.missing("wg", "nft", "ss") or laboratory.tacet_missing()
    if reason:
        pytest.skip(reason)
    return lab.host("server")


@pytest.fixture
def server(host):
    """A server that was founded, and not started."""
    made = Server(host, endpoint="192.0.2.10:51820")
    made.init()
    return made


@pytest.fixture
def running(server):
    """The same, started, and all of it up: control answers before the engine has begun."""
    server.start()
    wait_for_engine(server)
    return server


def wait_for_engine(server):
    wait_until(lambda: server.status()["engine"]["up"], 10, "the engine")


def refused(server):
    """What tacetd says when it does not start."""
    result = server.host.run([tacet_path("tacetd"), "-c", server.config, "-f"], check=False,
                             timeout=20)
    assert result.returncode == 1, result
    return result.stderr


def links(server):
    return server.host.run(["ip", "-br", "link"]).stdout


def wait_for_other(server, title, dead):
    wait_until(lambda: server.processes().get(title) not in (None, dead), 10, f"a new {title}")


def test_without_configuration(host):
    result = host.run([tacet_path("tacetd"), "-c", "/nowhere/tacet.conf", "-f"], check=False)
    assert result.returncode == 1
    assert "run tacet init or tacet join first" in result.stderr


def test_words_that_mean_nothing(host):
    for words in (["now"], ["--colour"], ["engine"], ["-c"]):
        assert host.run([tacet_path("tacetd"), *words], check=False).returncode == 2
    assert "usage" in host.run([tacet_path("tacetd"), "--help"]).stdout


def test_wrong_configuration(server):
    with open(server.config, "a", encoding="ascii") as file:
        file.write("colour: blue\n")
    assert "colour" in refused(server)


def test_children_are_not_started_by_hand(server):
    for title in ("engine", "control"):
        result = server.host.run([tacet_path("tacetd"), title, server.config], check=False)
        assert result.returncode == 1
        assert "by tacetd itself only" in result.stderr


def test_not_as_somebody(server):
    result = server.host.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                              tacet_path("tacetd"), "-c", server.config, "-f"], check=False)
    assert result.returncode != 0
    assert "root" in result.stderr or "ermission" in result.stderr


def test_without_network(server):
    """The control process says so, and the daemon ends instead of trying for ever."""
    os.unlink(server.state / "control" / "tacet.db")
    said = refused(server)
    assert "tacet init" in said or "No such file" in said, said
    assert not server.is_running()
    assert not server.socket_path.exists()


def test_key_open_to_others(server):
    os.chmod(server.state / "server.key", 0o644)
    said = refused(server)
    assert "server.key" in said and "0600" in said, said


def test_port_taken(server):
    with server.host.socket() as holder:
        holder.bind(("0.0.0.0", 51820))
        said = refused(server)
    assert "51820" in said and "ss -ulpn" in said, said
    assert not server.is_running()
    assert server.interface not in links(server)


def test_interface_taken(server):
    server.host.ip("link", "add", server.interface, "type", "veth", "peer", "name", "other")
    said = refused(server)
    assert server.interface in said and "ip link delete" in said, said
    assert server.interface in links(server)


def test_second_one_is_refused(running):
    said = refused(running)
    assert "running already" in said and str(running.processes()["parent"]) in said, said
    assert running.status()


def test_background(server):
    """It is ready when the command returns, and has let go of what it was started with."""
    server.host.run([tacet_path("tacetd"), "-c", server.config], timeout=20)
    assert server.status()["engine"]["up"]
    found = server.processes()
    assert set(found) == {"parent", "engine", "control"}
    for pid in found.values():
        for number in (0, 1):
            assert os.readlink(f"/proc/{pid}/fd/{number}") == "/dev/null"
    assert os.readlink(f"/proc/{found['parent']}/cwd") == "/"
    assert (server.run / "tacetd.pid").read_text() == f"{found['parent']}\n"
    server.stop()


def test_background_says_why_not(server):
    with server.host.socket() as holder:
        holder.bind(("0.0.0.0", 51820))
        result = server.host.run([tacet_path("tacetd"), "-c", server.config], check=False,
                                 timeout=20)
    assert result.returncode == 1
    assert "51820" in result.stderr, result.stderr


def test_service_manager_is_told(server, tmp_path):
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(15)
        server.host.spawn([tacet_path("tacetd"), "-c", server.config, "-f"],
                          env={"NOTIFY_SOCKET": path})
        assert listener.recv(64) == b"READY=1"
        assert server.status()["engine"]["up"]
        os.kill(server.processes()["parent"], signal.SIGTERM)
        assert listener.recv(64) == b"STOPPING=1"
        wait_until(lambda: not server.is_running(), 10, "the end")


def test_end_leaves_rules_only(running):
    began = running.processes()
    process = running.process
    running.stop()
    assert process.returncode == 0
    assert "(signal" not in process.output  # the children ended in order, too
    assert running.interface not in links(running)
    assert not running.socket_path.exists()
    assert not (running.run / "tacetd.pid").exists()
    assert not os.path.exists(f"/var/run/wireguard/{running.interface}.sock")
    assert "table inet tacet" in running.host.run(["nft", "list", "tables"]).stdout
    running.start()
    assert running.processes()["parent"] != began["parent"]


def test_hang_up_means_nothing(running):
    os.kill(running.processes()["parent"], signal.SIGHUP)
    wait_until(lambda: "SIGHUP means nothing" in running.log, 5, "the log")
    assert running.status()


def test_what_children_gave_up(running):
    """What the kernel says of the processes: whose they are, and what they cannot do."""
    def fact(pid, name):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return next(line.split()[1:] for line in file if line.startswith(f"{name}:"))
    found = running.processes()
    assert fact(found["parent"], "Uid")[0] == "0"
    for title in ("engine", "control"):
        assert fact(found[title], "Uid")[0] != "0"
        assert int(fact(found[title], "CapEff")[0], 16) == 0
        assert fact(found[title], "Seccomp") == ["2"]
        assert fact(found[title], "NoNewPrivs") == ["1"]
    assert fact(found["engine"], "Uid") != fact(found["control"], "Uid")


def test_device_that_is_deleted_is_made_anew(running):
    """Its engine ends with it; the listeners, bound to the former one, are made anew too."""
    dead = running.processes()["engine"]
    running.host.ip("link", "delete", running.interface)
    wait_for_other(running, "engine", dead)
    wait_for_engine(running)
    assert running.interface in links(running)
    listening = running.host.run(["ss", "-Hltn"]).stdout
    assert listening.count(f"%{running.interface}:7411") == 2
    assert "control" in running.processes()
    assert "(signal" not in running.log


def test_interface_that_is_changed_is_put_right(running):
    host, name = running.host, running.interface
    before = host.ip("-o", "addr", "show", "dev", name).stdout
    assert " inet6 fd" in before
    host.ip("addr", "add", "10.66.0.1/24", "dev", name)
    wait_until(lambda: host.ip("-o", "addr", "show", "dev", name).stdout == before, 5,
               "the foreign address to go")
    host.ip("link", "set", name, "down")
    wait_until(lambda: host.ip("-o", "addr", "show", "dev", name).stdout == before, 5,
               "the interface to be as before")
    assert "had other addresses" in running.log and "was down" in running.log
    assert running.status()["enforcement"]["repaired"] >= 2


def test_host_without_ipv6(server):
    """Where the host's interfaces have none, the tunnel has."""
    server.host.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    server.start()
    assert " inet6 fd" in server.host.ip("-o", "addr", "show", "dev", server.interface).stdout


def test_wg_cannot_change_who_we_are(running):
    """Another port or mark is refused; another key ends the engine, whose successor has ours."""
    host, name = running.host, running.interface
    engine = running.processes()["engine"]
    for words in (["listen-port", "51999"], ["fwmark", "0x42"]):
        host.run(["wg", "set", name, *words], check=False)
        assert host.run(["wg", "show", name, "listen-port"]).stdout.strip() == "51820"
        assert host.run(["wg", "show", name, "fwmark"]).stdout.strip() == "0x7ace7"
    assert running.processes()["engine"] == engine
    ours = host.run(["wg", "show", name, "public-key"]).stdout
    host.run(["wg", "set", name, "private-key", "/dev/stdin"], input=generate_private_key())
    wait_for_other(running, "engine", engine)
    wait_until(lambda: host.run(["wg", "show", name, "public-key"], check=False).stdout == ours,
               10, "the key")
    assert "the private key was changed" in running.log
    assert running.status()["enforcement"]["repaired"] >= 1


def test_socket_of_wg_may_go(running):
    engine = running.processes()["engine"]
    os.unlink(f"/var/run/wireguard/{running.interface}.sock")
    running.host.run(["wg", "show", running.interface], check=False)
    assert running.status()["engine"]["up"]
    assert running.processes()["engine"] == engine
    running.kill("engine")
    wait_for_other(running, "engine", engine)
    wait_for_engine(running)
    assert running.host.run(["wg", "show", running.interface, "listen-port"]).stdout == "51820\n"


def test_with_the_rights_of_its_unit(server):
    """Those that packaging/systemd leaves it."""
    unit = pathlib.Path(__file__).resolve().parents[2] / "packaging/systemd/tacetd.service.in"
    words = re.search(r"^CapabilityBoundingSet=(.*)$", unit.read_text(), re.MULTILINE)[1]
    rights = ",".join("+" + word.removeprefix("CAP_").lower() for word in words.split())
    server.process = server.host.spawn(
        ["setpriv", "--bounding-set", f"-all,{rights}", "--inh-caps", "-all", "--no-new-privs",
         tacet_path("tacetd"), "-c", server.config, "-f"])
    server.wait_ready()
    wait_for_engine(server)
    dead = server.processes()["engine"]
    server.host.ip("link", "delete", server.interface)
    wait_for_other(server, "engine", dead)
    wait_for_engine(server)
    server.stop()


def test_several_workers(server):
    """Threads are confined like the first one."""
    server.configure(workers=3)
    server.start()
    wait_for_engine(server)
    engine = server.processes()["engine"]
    tasks = os.listdir(f"/proc/{engine}/task")
    assert len(tasks) >= 3
    for task in tasks:
        with open(f"/proc/{engine}/task/{task}/status", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        assert lines["Uid"].split()[0] != "0" and lines["Seccomp"].strip() == "2"
        assert int(lines["CapEff"], 16) == 0 and lines["NoNewPrivs"].strip() == "1"
    process = server.process
    server.stop()
    assert process.returncode == 0 and "(signal" not in process.output


def test_control_that_is_restarted_has_its_sockets(running):
    """They stay open meanwhile: who calls then waits, and is answered."""
    for _ in range(2):
        dead = running.kill("control")
        assert running.api("GET", "/v1/status", timeout=10)
        assert running.processes()["control"] != dead
