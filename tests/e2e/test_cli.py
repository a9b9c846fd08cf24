# SPDX-License-Identifier: ISC
"""`tacet` says what is wrong, on what, why, what to do; and tells programs by its exit code."""

import json

import pytest

import story

FAILED, USAGE, NOT_RUNNING, NOT_ALLOWED = 1, 2, 3, 4

# words; exit codes that are right; what stderr has to name
WRONG = [
    (["no-such-command"], {USAGE}, "no-such-command"),
    (["user"], {USAGE}, "user"),
    (["user", "add"], {USAGE}, "NAME"),
    (["user", "add", "Alice!"], {FAILED, USAGE}, "Alice!"),
    (["user", "add", "alice"], {FAILED}, "alice"),
    (["user", "add", "carol", "--grup", "x"], {USAGE}, "--grup"),
    (["user", "remove", "nobody"], {FAILED}, "nobody"),
    (["group", "join", "nogroup", "alice"], {FAILED}, "nogroup"),
    (["service", "add", "intranet", "--target", "127.0.0.1:80"], {FAILED}, "intranet"),
    (["service", "add", "new"], {USAGE}, "--target"),
    (["service", "add", "new", "--target", "127.0.0.1"], {FAILED, USAGE}, "127.0.0.1"),
    (["service", "add", "new", "--target", "127.0.0.1:0"], {FAILED, USAGE}, "127.0.0.1:0"),
    (["service", "add", "new", "--target", "127.0.0.1:65536"], {FAILED, USAGE}, "65536"),
    (["service", "add", "new", "--target", "db.example:80"], {FAILED, USAGE}, "db.example"),
    (["service", "add", "new", "--target", "10.0.0.7:1", "--protocol", "sctp"], {FAILED, USAGE},
     "sctp"),
    (["service", "add", "Not_A_Label", "--target", "10.0.0.7:1"], {FAILED, USAGE}, "Not_A_Label"),
    (["service", "remove", "nothing"], {FAILED}, "nothing"),
    (["invite", "nobody", "--expires", "1h"], {FAILED}, "nobody"),
    (["invite", "alice", "--expires", "yesterday"], {USAGE}, "yesterday"),
    (["invite", "alice", "--expires", "0s"], {FAILED, USAGE}, "0"),
    (["invite", "revoke", "999"], {FAILED}, "999"),
    (["invite", "revoke", "many"], {FAILED, USAGE}, "many"),
    (["revoke", "alice", "--device", "none"], {FAILED}, "none"),
    (["device", "approve", "alice/none"], {FAILED}, "none"),
    (["policy", "apply", "/nonexistent/policy.yaml"], {FAILED, USAGE}, "/nonexistent/policy.yaml"),
    (["restore", "/nonexistent/backup"], {FAILED, USAGE}, ""),
    (["backup", "/nonexistent/folder/backup"], {FAILED, USAGE}, "/nonexistent/folder"),
    (["init", "--endpoint", "gw.example.net:51820"], {FAILED, USAGE}, ""),
    (["harden", "--keep", "icmp/22"], {FAILED, USAGE}, "icmp/22"),
    (["join", "tacet1-nonsense"], {FAILED, USAGE}, "token"),
]

LISTS = [["user", "list"], ["group", "list"], ["service", "list"], ["invite", "list"],
         ["device", "list"], ["policy", "show"], ["audit", "show"], ["status"]]


@pytest.fixture
def server(lab):
    """A Server with a user and a service."""
    made = story.make(lab, programs=(), services=()).server
    made.add_user("alice")
    made.add_service("intranet", "127.0.0.1:80")
    return made


def test_what_is_wrong_is_named(server):
    """By the right exit code, on stderr alone, and nothing is done."""
    before = len(server.audit())
    wrong = []
    for words, codes, named in WRONG:
        result = server.tacet(*words, check=False, input="")
        if result.returncode not in codes or named not in result.stderr or result.stdout or \
                not result.stderr.startswith(("tacet: ", "usage: ", "tacet ")):
            wrong.append(f"{words}: rc={result.returncode} {result.stdout!r} {result.stderr!r}")
    assert not wrong, "\n".join(wrong)
    assert len(server.audit()) == before


def test_lists_and_help(server):
    server.allow(alice=["intranet"])
    for words in LISTS:
        assert server.tacet(*words).returncode == 0, words
        if words != ["policy", "show"]:
            json.loads(server.tacet(*words, "--json").stdout)
    assert "alice" in server.tacet("user", "list").stdout
    assert "127.0.0.1:80" in server.tacet("service", "list").stdout
    helped = server.tacet("--help").stdout
    for words in LISTS:
        assert words[0] in helped
        assert server.tacet(*words, "--help").stdout


def test_not_root_and_not_running(server):
    denied = server.host.run(["setpriv", "--reuid=nobody", "--clear-groups",
                              story.laboratory.tacet_path("tacet"), "user", "list"], check=False,
                             env=server.environment)
    assert denied.returncode == NOT_ALLOWED and denied.stderr
    server.stop()
    result = server.tacet("user", "list", check=False)
    assert result.returncode == NOT_RUNNING and "tacetd" in result.stderr


@pytest.mark.parametrize("text", ["role: king\n", "rule: server\n", "listen: 70000\n", ":\n",
                                  "state: relative\n", "log: [\n", "role: server\nrole: client\n"])
def test_wrong_configuration_is_named(lab, text):
    world = story.make(lab, programs=(), services=(), prepare=False)
    server = world.server
    server.config.write_text(text)
    result = server.tacet("status", check=False)
    assert result.returncode in (FAILED, USAGE)
    assert f"{server.config}:" in result.stderr
    daemon = server.host.run([story.laboratory.tacet_path("tacetd"), "-c", server.config, "-f"],
                             check=False, timeout=10)
    assert daemon.returncode != 0 and f"{server.config}:" in daemon.stderr


def test_init_tells_what_to_do_next(lab):
    """And makes what there is once: nothing is overwritten by a second one."""
    world = story.make(lab, programs=(), services=(), prepare=False)
    server = world.server
    said = server.init().stdout
    for word in ("harden", "user add", "invite"):
        assert word in said
    key = (server.state / "server.key").read_text()
    assert (server.state / "server.key").stat().st_mode & 0o777 == 0o600
    assert key.strip() not in said
    again = server.init(check=False)
    assert again.returncode != 0 and again.stderr
    assert (server.state / "server.key").read_text() == key
    server.start()
    assert server.api("GET", "/v1/network")["endpoint"] == server.endpoint
    folders = {path.name: oct(path.stat().st_mode & 0o777) for path in server.state.iterdir()}
    assert (folders["control"], folders["engine"]) == ("0o700", "0o700")


def test_device_without_a_network_says_so(lab):
    world = story.make(lab, "alice", programs=(), services=(), prepare=False)
    alice = world.members["alice"]
    for words in (["status"], ["up"]):
        result = alice.tacet(*words, check=False)
        assert result.returncode in (FAILED, NOT_RUNNING, USAGE), words
        assert "tacet join" in result.stderr or "not running" in result.stderr or \
            "tacetd" in result.stderr, result.stderr
