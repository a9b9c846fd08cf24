# SPDX-License-Identifier: ISC
"""The gate itself: what it counts, and that nothing that went wrong counts as passed."""

import importlib.machinery
import importlib.util
import json
import os
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / 'scripts' / 'check'


@pytest.fixture(name='gate')
def fixture_gate():
    """The gate's module."""
    loader = importlib.machinery.SourceFileLoader('gate', str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('gate', loader))
    sys.modules['gate'] = module
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


def run(gate, tmp_path, capsys, *steps):
    """Runs the gate over some steps; returns its exit code and output."""
    gate.STEPS = list(steps)
    sys.argv = ['check', '--dir', str(tmp_path), '--jobs', '1']
    code = gate.main()
    return code, capsys.readouterr().out


def is_alive(pid):
    """Whether a process still runs: it is neither gone nor a zombie."""
    try:
        return Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').split()[2] != 'Z'
    except FileNotFoundError:
        return False


TAP = {
    'passed': ('TAP version 13\nok 1 - a\nok 2\n1..2\n', (2, 0, 0)),
    'failed': ('ok 1 - a\nnot ok 2 - b # at x\n', (1, 1, 0)),
    'skipped': ('ok 1 - a # SKIP no tun\nok 2 - b # skip\n', (0, 0, 2)),
    'skip does not excuse a failure': ('not ok 1 - a # SKIP\n', (0, 1, 0)),
    'other lines': ('# ok 1\n okay\nokay 2\nnot okay\n', (0, 0, 0)),
}


@pytest.mark.parametrize('name', TAP)
def test_count_tap(gate, name):
    text, want = TAP[name]
    assert gate.count_tap(text) == gate.Count(*want)


MESON = {
    'passed': ('OK', 'ok 1\nok 2\n', (2, 0, 0)),
    'died after two points': ('ERROR', 'ok 1\nok 2\n', (2, 1, 0)),
    'failed once': ('FAIL', 'ok 1\nnot ok 2\n', (1, 1, 0)),
    'no TAP': ('OK', '', (1, 0, 0)),
    'no TAP, failed': ('FAIL', '', (0, 1, 0)),
    'timed out': ('TIMEOUT', '', (0, 1, 0)),
    'skipped': ('SKIP', '', (0, 0, 1)),
}


@pytest.mark.parametrize('name', MESON)
def test_count_meson(gate, tmp_path, name):
    result, text, want = MESON[name]
    (tmp_path / 'meson-logs').mkdir()
    (tmp_path / 'meson-logs' / 'testlog.json').write_text(
        json.dumps({'name': 'x', 'result': result, 'stdout': text}) + '\n', encoding='utf-8')
    assert gate.count_meson(tmp_path) == gate.Count(*want)


def test_last_line_and_exit_code(gate, tmp_path, capsys):
    code, out = run(gate, tmp_path, capsys, gate.Step('good', 'true'))
    assert code == 0
    assert out.splitlines()[-1] == '1 passed, 0 failed, 0 skipped'


def test_failure_shows_its_log_and_others_go_on(gate, tmp_path, capsys):
    code, out = run(gate, tmp_path, capsys, gate.Step('bad', 'echo why; false; echo never'),
                    gate.Step('good', 'true'))
    assert code == 1
    assert 'FAIL  bad' in out and '\nwhy\n' in out and 'never' not in out
    assert 'ok    good' in out
    assert out.splitlines()[-2:] == ['failed: bad', '1 passed, 1 failed, 0 skipped']


def test_failure_in_a_pipe_is_one(gate, tmp_path, capsys):
    assert run(gate, tmp_path, capsys, gate.Step('bad', 'false | true'))[0] == 1


@pytest.mark.parametrize('count', ['meson', 'pytest', 'fuzz'])
def test_success_without_results_is_a_failure(gate, tmp_path, capsys, count):
    """Results of an earlier run, too, must not pass for those of this one."""
    (tmp_path / 'x.xml').write_text('<testsuite tests="3"/>', encoding='utf-8')
    code, out = run(gate, tmp_path, capsys, gate.Step('x', 'true', count=count))
    assert code == 1
    assert out.splitlines()[-1] == '0 passed, 1 failed, 0 skipped'


def test_pytest_counts(gate, tmp_path, capsys):
    suite = '<testsuites><testsuite tests="9" failures="2" errors="1" skipped="3"/></testsuites>'
    step = gate.Step('x', f"echo '{suite}' > $DIR/x.xml; false", count='pytest')
    code, out = run(gate, tmp_path, capsys, step)
    assert code == 1
    assert out.splitlines()[-1] == '3 passed, 3 failed, 3 skipped'


def test_skips_say_why(gate, tmp_path, capsys):
    steps = [gate.Step('a', 'true', tools=['no-such-tool']),
             gate.Step('b', 'true', after=['never'])]
    code, out = run(gate, tmp_path, capsys, *steps)
    assert code == 0
    assert 'SKIP  a        not installed: no-such-tool' in out
    assert 'SKIP  b        did not build: never' in out
    assert out.splitlines()[-1] == '0 passed, 0 failed, 2 skipped'


def test_endless_step_is_ended_with_its_children(gate, tmp_path, capsys):
    gate.GRACE_S = 0.2
    step = gate.Step('x', "trap '' INT; sleep 300 & echo $! > $DIR/pid; wait", timeout_s=1)
    code, out = run(gate, tmp_path, capsys, step)
    assert code == 1
    assert 'no end after 1 s' in out
    pid = int((tmp_path / 'pid').read_text(encoding='utf-8'))
    deadline = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < deadline
    assert os.path.exists(tmp_path / 'x.log')


def test_unknown_step_is_refused(gate, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['check', 'no-such-step'])
    with pytest.raises(SystemExit) as caught:
        gate.main()
    assert caught.value.code == 2
