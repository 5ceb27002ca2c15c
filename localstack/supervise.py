"""Runs one engine and takes it down again, with every function process it started.

    supervise.py tied|detached COMMAND...

The launcher makes this process the leader of a process group of its own. `tied`: the engine ends as soon as
standard input closes, which the kernel does for us even when the launcher was killed with SIGKILL.
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


def die_with_the_supervisor():
    """Linux: should this process be killed with SIGKILL, the kernel ends the engine."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for_an_end(engine, tied):
    """Blocks, without polling, until the engine ended, a signal asked for it, or the launcher is gone."""
    asked = []
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: asked.append(True))
    sources = [reader] + ([sys.stdin] if tied else [])
    while engine.poll() is None and not asked:
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
        preexec_fn=die_with_the_supervisor if LIBC else None,
    )
    wait_for_an_end(engine, tied)
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
