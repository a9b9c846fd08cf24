# SPDX-License-Identifier: ISC
"""A session is renewed under traffic, in real time: looked at when all other tests are over."""

import pytest

from duo import CALLERS
from rekey import REKEY_AFTER_SECONDS, STREAM_SECONDS
from traffic import read_report

LOST_MAX = 0.001


@pytest.mark.slow
@CALLERS
def test_renewed_under_traffic(rekey, caller):
    stream = rekey.streams[caller]
    stream.wait()
    # The caller, and he alone, begins each session; nothing had to be tried twice.
    assert stream.begun == (2, 0)
    assert stream.responses == 2
    for before, after in zip(stream.begun_at, stream.ended_at):
        assert REKEY_AFTER_SECONDS - 1 <= after - before <= REKEY_AFTER_SECONDS + 5
    for ping in stream.pings:
        words = ping.output.split(" packets transmitted, ")
        sent, received = int(words[0].split()[-1]), int(words[1].split()[0])
        assert sent > 10 * STREAM_SECONDS and sent - received <= sent * LOST_MAX, ping.output
    report = read_report(stream.client.output)
    for way in ("sum", "sum_bidir_reverse"):
        assert report[way]["packets"] > 10 * STREAM_SECONDS
        assert report[way]["lost_packets"] <= report[way]["packets"] * LOST_MAX
