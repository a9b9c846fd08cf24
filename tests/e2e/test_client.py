# SPDX-License-Identifier: ISC
"""tacet join against a gateway that the test stands in for: tacet-wg, and a controller in Python.

So every answer can be had that a controller should not give, and silence of every kind.
"""

import base64
import http.server
import json
import os
import pathlib
import socket
import threading
import time

import pytest

import lab as laboratory
from lab import generate_preshared_key, generate_private_key, public_key_of

SERVER, MEMBER, PORT = "192.0.2.10", "192.0.2.20", 51820
OVERLAY = {"overlay_ipv4": "100.80.0.0/16", "overlay_ipv6": "fd00::/112"}
SILENT = 6


def build_path(*parts):
    """A program of the build that tacet-wg comes from."""
    return pathlib.Path(laboratory.program_path("tacet-wg")).parents[2].joinpath(*parts)


PROGRAM = os.environ.get("TACET", build_path("src", "cli", "tacet"))
DRIVER = build_path("tests", "e2e", "token_driver")


class Controller(http.server.ThreadingHTTPServer):
    """Answers POST /v1/enrol by answer(body): (status, json); None: closes without a word."""

    daemon_threads = True

    def __init__(self, host, answer):
        self.answer, self.bodies = answer, []
        super().__init__(("100.80.0.1", 7412), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = host.socket(kind=socket.SOCK_STREAM)
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_bind(self):
        """Without looking up its own name, which takes a resolver."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append((self.path, body))
        said = self.server.answer(body)
        if said is None:
            self.close_connection = True
            return
        status, answer = said
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Says nothing."""


class World:
    """A member, and a gateway that knows one one-time key."""

    def __init__(self, lab):
        self.lab = lab
        self.server, self.member = lab.host("server"), lab.host("member")
        lab.link(self.server, self.member, left=[f"{SERVER}/24"], right=[f"{MEMBER}/24"])
        self.one_time, self.preshared = generate_private_key(), generate_preshared_key()
        self.wg = self.server.wireguard("wg", addresses=["100.80.0.1/16", "fd00::1/112"],
                                        listen_port=PORT)
        self.wg.add_peer(public_key_of(self.one_time), preshared_key=self.preshared,
                         allowed_ips=["100.80.255.1/32", "fd00::ff01/128"])
        self.folder = pathlib.Path(lab.directory) / "device"
        self.config = self.folder / "tacet.conf"
        self.folder.mkdir(mode=0o755)
        self.config.write_text(f"role: client\ninterface: {lab.interface_name('tacet')}\n"
                               f"listen: 0\nstate: {self.folder}/state\nrun: {self.folder}/run\n"
                               f"hosts: {self.folder}/hosts\n")
        self.controller = None

    def serve(self, answer):
        """A controller with these answers."""
        self.controller = Controller(self.server, answer)
        return self.controller

    def token(self, *, kind="device", endpoint=f"{SERVER}:{PORT}", lasts=3600):
        return self.member.run([DRIVER, kind, endpoint, int(time.time()) + lasts,
                                self.wg.public_key, self.one_time, self.preshared]).stdout.strip()

    def join(self, token, *words, input=None):
        return self.member.run([PROGRAM, "join", token, "--no-start", *words], check=False,
                               timeout=60, input=input, env={"TACET_CONFIG": self.config})

    def files(self):
        """What there is below the device's folder, by relative path."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def interfaces(self):
        return self.member.ip("-brief", "link").stdout

    def netmap(self, body, **changes):
        return {"version": 1, "network": "net", "user": "alice", "device": body["name"],
                "state": "active", "ipv4": "100.80.128.1", "ipv6": "fd00::8001", **OVERLAY,
                "control_port": 7411,
                "gateways": [{"name": "gateway", "endpoint": f"{SERVER}:{PORT}",
                              "public_key": self.wg.public_key, "ipv4": "100.80.0.1",
                              "ipv6": "fd00::1"}],
                "services": [], **changes}


@pytest.fixture
def world(lab):
    if laboratory.default_implementation() != "tacet-wg":
        pytest.skip("the stand-in is made of tacet-wg")
    for program in (PROGRAM, DRIVER):
        if not os.access(program, os.X_OK):
            pytest.skip(f"needs the program {program} (build first)")
    world = World(lab)
    yield world
    if world.controller:
        world.controller.shutdown()
        world.controller.server_close()


def is_as_before(world):
    """Nothing half done: no interface, no file but the configuration that was there."""
    return "tacet-join" not in world.interfaces() and world.files() == ["tacet.conf"]


def test_join_keeps_what_it_got_and_nothing_else(world):
    controller = world.serve(lambda body: (200, world.netmap(body)))
    began = time.monotonic()
    result = world.join(world.token(), "--name", "laptop")
    print(f"\njoined in {time.monotonic() - began:.3f} s")
    assert result.returncode == 0, result
    assert "joined net as alice/laptop" in result.stdout
    assert "tacet-join" not in world.interfaces()
    assert world.files() == ["state", "state/control", "state/control/device.json", "state/device.key",
                             "state/engine", "tacet.conf"]
    keys = (world.folder / "state" / "device.key").read_text().splitlines()
    (path, body), = controller.bodies
    assert path == "/v1/enrol" and body["name"] == "laptop"
    assert body["public_key"] == public_key_of(keys[0]) and body["preshared_key"] == keys[1]
    known = (world.folder / "state" / "control" / "device.json").read_text()
    assert keys[0] not in known and keys[1] not in known
    assert f"{SERVER}:{PORT}" in json.loads(known)["last_known"]
    modes = {path: oct((world.folder / path).stat().st_mode & 0o777) for path in world.files()}
    assert modes["state/device.key"] == modes["state/control/device.json"] == "0o600"
    assert modes["state/control"] == modes["state/engine"] == "0o700"
    again = world.join(world.token())
    assert again.returncode == 1 and "--again" in again.stderr
    assert world.join(world.token(), "--again", "--name", "other").returncode == 0
    assert keys[0] not in (world.folder / "state" / "device.key").read_text()
    assert "state/device.key.new" not in world.files()


def test_token_at_stdin(world):
    world.serve(lambda body: (200, world.netmap(body)))
    token = world.token().upper()
    assert world.join("-", input=f"\n {token[:50]}\n{token[50:]} \n").returncode == 0


REFUSALS = {
    "used": (409, "ERR_INVITE_USED", "administrator"),
    "expired": (410, "ERR_INVITE_EXPIRED", "words of it"),
    "revoked": (410, "ERR_INVITE_REVOKED", "words of it"),
    "broken": (500, "ERR_DATABASE", "words of it"),
}


@pytest.mark.parametrize("status, code, words", REFUSALS.values(), ids=REFUSALS)
def test_refusal_is_said_in_its_words(world, status, code, words):
    world.serve(lambda body: (status, {"error": code, "message": f"words of it\u001b[2J"}))
    result = world.join(world.token())
    assert result.returncode == 1 and "words of it" in result.stderr and words in result.stderr
    assert "\x1b" not in result.stderr
    assert is_as_before(world)


ANSWERS = {
    "another server": ({"gateways": [{"name": "gateway", "endpoint": "192.0.2.10:51820",
                                      "public_key": base64.b64encode(b"x" * 32).decode(),
                                      "ipv4": "100.80.0.1", "ipv6": "fd00::1"}]}, "another"),
    "another network": ({"network": "evil"}, "another"),
    "no gateway": ({"gateways": []}, "not understood"),
    "address outside": ({"ipv4": "192.0.2.99"}, "ipv4"),
    "all of the Internet": ({"overlay_ipv4": "0.0.0.0/0"}, "overlay_ipv4"),
}


@pytest.mark.parametrize("changes, words", ANSWERS.values(), ids=ANSWERS)
def test_wrong_netmap_is_refused(world, changes, words):
    world.serve(lambda body: (200, world.netmap(body, **changes)))
    result = world.join(world.token())
    assert result.returncode == 1 and words in result.stderr, result
    assert is_as_before(world)


def test_lost_answer_is_asked_for_again(world):
    answers = [None, (503, {"error": "EAGAIN", "message": "starting"})]
    controller = world.serve(lambda body: answers.pop(0) if answers else
                             (200, world.netmap(body)))
    assert world.join(world.token()).returncode == 0
    assert len({json.dumps(body) for _, body in controller.bodies}) == 1, "the same each time"
    assert len(controller.bodies) == 3


def test_unknown_key_is_met_with_silence(world):
    world.wg.remove_peer(public_key_of(world.one_time))
    began = time.monotonic()
    result = world.join(world.token())
    took = time.monotonic() - began
    assert result.returncode == SILENT, result
    assert "used already" in result.stderr and f"{SERVER}:{PORT}" in result.stderr
    assert "blocked" in result.stderr and "handshake: none" in result.stderr
    assert 10 < took < 25
    assert is_as_before(world)


def test_expired_token_is_tried_and_explained(world):
    world.wg.remove_peer(public_key_of(world.one_time))
    result = world.join(world.token(lasts=-7200))
    assert result.returncode == SILENT and "expired 2 hours ago" in result.stderr


def test_controller_that_is_away_is_told_from_silence(world):
    result = world.join(world.token())
    assert result.returncode == SILENT and "handshake: completed" in result.stderr
    assert "the tunnel works" in result.stderr and "used already" not in result.stderr
    assert is_as_before(world)


def test_name_that_leads_nowhere(world):
    result = world.join(world.token(endpoint="nowhere.invalid:51820"))
    assert result.returncode == SILENT and "does not resolve" in result.stderr
    assert is_as_before(world)


def test_interface_in_the_way(world):
    world.member.ip("tuntap", "add", "mode", "tun", "name", "tacet-join")
    result = world.join(world.token())
    assert result.returncode == 1 and "tacet-join" in result.stderr
    assert world.files() == ["tacet.conf"]


TOKENS = {
    "none": ("hello", "no token"),
    "gateway's": (None, "gateway"),
}


@pytest.mark.parametrize("token, words", TOKENS.values(), ids=TOKENS)
def test_wrong_tokens(world, token, words):
    result = world.join(token or world.token(kind="gateway"))
    assert result.returncode == 2 and words in result.stderr
    assert is_as_before(world)


@pytest.mark.parametrize("change, words", [
    (lambda token: token[:60], ("cut short", "damaged")),
    (lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"), ("damaged",)),
])
def test_damaged_tokens(world, change, words):
    result = world.join(change(world.token()))
    assert result.returncode == 2 and any(word in result.stderr for word in words)


def test_server_is_not_made_a_device(world):
    state = world.folder / "state"
    state.mkdir()
    (state / "server.key").touch()
    result = world.join(world.token())
    assert result.returncode == 1 and "server" in result.stderr
    assert world.files() == ["state", "state/server.key", "tacet.conf"]


def test_disk_that_takes_nothing(world):
    """A state folder that cannot be written, though we are root: nothing is asked."""
    controller = world.serve(lambda body: (200, world.netmap(body)))
    (world.folder / "state").write_text("not a folder\n")
    result = world.join(world.token())
    assert result.returncode == 1 and "state" in result.stderr
    assert controller.bodies == []
