# SPDX-License-Identifier: ISC
"""Commands, background processes, and waiting for an event with a deadline."""

import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time


NETNS_FOLDER = "/etc/netns"  # what `ip netns exec` lays over /etc, a folder for each namespace


class WaitTimeout(AssertionError):
    """An awaited event did not happen in time."""


class CommandError(AssertionError):
    """A command failed or did not end in time; says which, how, and what it printed."""

    def __init__(self, where, result, reason):
        self.result = result
        super().__init__(
            f"{where}: {reason}: {shlex.join(result.command)}\n"
            f"--- stdout\n{result.stdout.rstrip()}\n--- stderr\n{result.stderr.rstrip()}")


class Result:
    """What a finished command left: command, returncode, stdout, stderr (text), seconds."""

    def __init__(self, command, returncode, stdout, stderr, seconds):
        self.command = command
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr
        self.seconds = seconds

    def __repr__(self):
        return f"<Result {shlex.join(self.command)} rc={self.returncode}>"


def wait_until(predicate, timeout=10.0, what="", interval=0.01):
    """Call predicate until it returns something true, and return that.

    An OSError or CommandError raised by it counts as "not yet". Past `timeout` seconds
    a WaitTimeout names `what` and the last value or exception.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            last = predicate()
            if last:
                return last
        except (OSError, CommandError) as error:
            last = error
        if time.monotonic() >= deadline:
            raise WaitTimeout(f"waited {timeout:g} s for {what or predicate}; last: {last!r}")
        time.sleep(interval)


def run(where, prefix, command, *, check=True, timeout=30.0, input=None, env=None, cwd=None):
    """Run prefix + command to its end; see Host.run. Consumes nothing but its own time.

    Output goes through files, not pipes, so a daemon that a command leaves behind with
    the same stdout does not keep us waiting.
    """
    command = [str(word) for word in command]
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
            tempfile.TemporaryFile() as into:
        if input is not None:
            into.write(input.encode() if isinstance(input, str) else input)
            into.seek(0)
        process = subprocess.Popen(prefix + command, stdin=into, stdout=out, stderr=err,
                                   env=environment(env), cwd=cwd, start_new_session=True)
        try:
            process.wait(timeout)
            reason = None
        except subprocess.TimeoutExpired:
            reason = f"no end within {timeout:g} s"
        finally:
            if process.returncode is None:
                kill_group(process)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    result = Result(command, process.returncode, *texts, time.monotonic() - started)
    if reason is None and check and result.returncode != 0:
        reason = f"rc={result.returncode}"
    if reason is not None:
        raise CommandError(where, result, reason)
    return result


def environment(extra):
    """The environment of a child: ours, in the C locale, with extra; a value of None unsets."""
    env = dict(os.environ, LC_ALL="C")
    for key, value in (extra or {}).items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = str(value)
    return env


def is_alive(pid):
    """Whether a process may hold files and sockets: all of its threads let go of them before it
    becomes a zombie without any, but after its command line and its namespace are gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]
        return state not in "ZX" or len(os.listdir(f"/proc/{pid}/task")) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill_group(popen):
    """Kill a child that was started as leader of its own session, and all of its group."""
    try:
        os.killpg(popen.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    popen.wait()


class Process:
    """A background process in a host: the leader of its own session, ended by pid."""

    def __init__(self, where, prefix, command, directory, *, deadline=120.0, env=None, cwd=None):
        self.where = where
        self.command = [str(word) for word in command]
        label = os.path.basename(self.command[0])
        handle, self.log_path = tempfile.mkstemp(prefix=f"{label}-", suffix=".log", dir=directory)
        with os.fdopen(handle, "wb") as log:
            self._popen = subprocess.Popen(prefix + self.command, stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, env=environment(env), cwd=cwd,
                                           start_new_session=True)
        self.pid = self._popen.pid
        self.expired = False
        self._timer = threading.Timer(deadline, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def __repr__(self):
        return f"<Process {self.pid} {shlex.join(self.command)} rc={self.returncode}>"

    @property
    def returncode(self):
        """None while it runs, then its exit code (negative: the signal that ended it)."""
        return self._popen.poll()

    @property
    def output(self):
        """All that it has printed so far, stdout and stderr together."""
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_for_output(self, text, timeout=10.0):
        """Wait until it has printed text; raises if it ended without."""
        def printed():
            ended = self.returncode is not None
            if text in self.output:
                return True
            if ended:
                raise CommandError(self.where, self._result(), f"ended without saying {text!r}")
            return False
        try:
            wait_until(printed, timeout, f"{self.command[0]} to say {text!r}")
        except WaitTimeout as error:
            raise WaitTimeout(f"{error}\n--- output\n{self.output}") from None

    def wait(self, timeout=10.0):
        """Wait for its end and return the exit code."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise CommandError(self.where, self._result(), f"no end in {timeout:g} s") from None

    def send_signal(self, number):
        """Send it a signal; nothing happens if it has ended."""
        self._popen.send_signal(number)

    def stop(self, timeout=5.0):
        """SIGTERM, then SIGKILL past the timeout; returns the exit code. May be repeated."""
        self._timer.cancel()
        if self.returncode is None:
            self._popen.terminate()
            try:
                self._popen.wait(timeout)
            except subprocess.TimeoutExpired:
                kill_group(self._popen)
        return self.returncode

    def kill(self):
        """SIGKILL to it and its process group; returns the exit code."""
        self._timer.cancel()
        if self.returncode is None:
            kill_group(self._popen)
        return self.returncode

    def _expire(self):
        self.expired = True
        self.kill()

    def _result(self):
        return Result(self.command, self.returncode, self.output, "", 0.0)
