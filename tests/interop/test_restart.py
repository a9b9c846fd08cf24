# SPDX-License-Identifier: ISC
"""One end ends, cleanly or by SIGKILL, and comes back knowing nothing but its configuration."""

import signal
import time

import pytest

from duo import INNER_MEMBER, INNER_SERVER, MEMBER, OURS, PORT, THEIRS, Duo, endpoint, with_prefixes
from traffic import at_once

# Paper, 6.2 and 6.5: he who sends and hears nothing for 10 + 5 s begins a new session; an
# initiation is tried again after 5 s and up to a third of a second.
NOTICED_SECONDS = 15
RETRY_SECONDS = 5.4
SLACK_SECONDS = 2


def stop(tunnel, number):
    """End a tunnel's daemon by a signal; wait until it and its device are gone."""
    if number == signal.SIGKILL:
        tunnel.kill()
    else:
        tunnel.stop(number)


def start(tunnel, addresses, **settings):
    """Start it again, with the same key."""
    tunnel.start()
    tunnel.set(private_key=tunnel.private_key, **settings)
    tunnel.up(with_prefixes(addresses))


def seconds_until(host, address, timeout):
    """How long until a host that keeps pinging an address is answered."""
    began = time.monotonic()
    host.wait_for_ping(address, timeout, wait=0.2)
    return time.monotonic() - began


def restart_member(duo, number):
    """He who calls comes back: his next packet begins a session, at once."""
    stop(duo.far, number)
    start(duo.far, INNER_MEMBER, listen_port=PORT + 1)
    duo.join()
    return seconds_until(duo.member, INNER_SERVER[4], 30)


def restart_server(duo, number):
    """He who is called comes back and cannot call: the caller has to notice."""
    stop(duo.near, number)
    start(duo.near, INNER_SERVER, listen_port=PORT)
    duo.admit_member()
    return seconds_until(duo.member, INNER_SERVER[4], 40)


def restart_server_with_endpoint(duo, number):
    """He who is called comes back, knows where the other is, and has something to say."""
    stop(duo.near, number)
    start(duo.near, INNER_SERVER, listen_port=PORT)
    duo.admit_member()
    duo.near.add_peer(duo.far, endpoint=endpoint(MEMBER[4], PORT + 1))
    return seconds_until(duo.server, INNER_MEMBER[4], 30)


ALLOWED_SECONDS = {
    restart_member: RETRY_SECONDS + SLACK_SECONDS,
    restart_server: NOTICED_SECONDS + RETRY_SECONDS + SLACK_SECONDS,
    restart_server_with_endpoint: RETRY_SECONDS + SLACK_SECONDS,
}


@pytest.mark.parametrize("restart", ALLOWED_SECONDS, ids=lambda restart: restart.__name__)
def test_restart(lab, restart):
    """Every caller and every way to end, at the same time: most of it is waiting."""
    rows = {}
    for caller in (OURS, THEIRS):
        for number in (signal.SIGTERM, signal.SIGKILL):
            name = f"{'we' if caller == OURS else 'they'}-{number.name[3:].lower()}-"
            duo = Duo(lab, caller, name=name, far_options={"listen_port": PORT + 1}).join()
            rows[name] = (duo.works(), number)
    took = at_once(**{name: lambda row=row: restart(*row) for name, row in rows.items()})
    assert all(seconds <= ALLOWED_SECONDS[restart] for seconds in took.values()), took
    for duo, _ in rows.values():
        duo.server.ping(INNER_MEMBER[6])
        duo.member.ping(INNER_SERVER[6])
