"""Holds a lock until standard input closes, which the kernel sees to even when the process at its other end is killed.

    lock.py FILE HOLDER

Prints `waiting HOLDER` where another process holds it, HOLDER being the other's, and `locked` as soon as it is held. The file stays: it
is the kernel's lock (flock) on it that counts.
"""

import fcntl
import os
import sys
import threading


def end_with_input():
    while os.read(0, 512):
        pass
    os._exit(0)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(path, holder):
    reader = threading.Thread(target=end_with_input)
    reader.start()
    lock = open(path, "a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError):
        lock.seek(0)
        say("waiting " + lock.read().strip())
        fcntl.flock(lock, fcntl.LOCK_EX)
    lock.seek(0)
    lock.truncate()
    lock.write(holder)
    lock.flush()
    say("locked")
    reader.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
