"""Runs one engine, and stops it together with every function process it started.

    supervise.py tied|detached COMMAND...

The launcher makes this process the leader of a new process group. `tied`: the engine stops as soon as standard input
closes. The kernel closes it even when the launcher is killed with SIGKILL.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time

GRACE_SECONDS = 1
PR_SET_PDEATHSIG = 1


def set_parent_death_signal():
    """Makes the kernel kill the engine if this process is killed with SIGKILL. Linux only."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for_stop(engine, tied):
    """Blocks, without polling, until the engine exits, a stop signal arrives or, if tied, the launcher is gone."""
    stop_signals = []
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda signum, _: stop_signals.append(signum))
    sources = [reader] + ([sys.stdin] if tied else [])
    while engine.poll() is None and not stop_signals:
        ready, _, _ = select.select(sources, [], [])
        if reader in ready:
            os.read(reader, 512)
        if sys.stdin in ready and not os.read(0, 512):
            return


def main():
    tied = sys.argv[1] == "tied"
    engine = subprocess.Popen(
        sys.argv[2:],
        stdin=subprocess.DEVNULL,
        preexec_fn=set_parent_death_signal if LIBC else None,
    )
    wait_for_stop(engine, tied)
    if engine.poll() is None:
        engine.terminate()
        try:
            engine.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    time.sleep(0.2)
    os.killpg(0, signal.SIGKILL)


LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

if __name__ == "__main__":
    main()
