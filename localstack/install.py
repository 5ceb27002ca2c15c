"""Installs pinned requirements into a virtual environment. Concurrent runs install only once.

    install.py FOLDER REQUIREMENTS [UV]

The marker file is written last: a folder without it is an interrupted install and is created again. The lock is a kernel
lock (flock), so a killed install does not leave it behind.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time

MARKER = "installed"


def run(*command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        sys.exit("\n".join(result.stdout.strip().splitlines()[-15:]))


def is_working(python):
    try:
        return subprocess.run([python, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def lock(path):
    handle = open(path, "w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("waiting for another install of the same packages", flush=True)
        fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def main(folder, requirements, uv=None):
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    lock_file = lock(folder + ".lock")
    if os.path.exists(os.path.join(folder, MARKER)) and is_working(os.path.join(folder, "bin", "python")):
        return
    if os.path.exists(folder):
        print("removing an install that is unfinished or no longer runs", flush=True)
        shutil.rmtree(folder)
    python = os.path.join(folder, "bin", "python")
    with open(requirements, encoding="utf-8") as lines:
        count = sum("==" in line for line in lines)
    print(f"installing {count} pinned packages with {'uv' if uv else 'pip'}, once", flush=True)
    if uv:
        run(uv, "venv", "--quiet", "--no-project", "--python", sys.executable, folder)
        run(uv, "pip", "install", "--quiet", "--require-hashes", "--python", python, "-r", requirements)
    else:
        run(sys.executable, "-m", "venv", folder)
        # compileall below compiles on all cores; pip would use one.
        pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile")
        run(python, *pip, "--require-hashes", "-r", requirements)
    run(python, "-m", "compileall", "-q", "-j", "0", os.path.join(folder, "lib"))
    with open(os.path.join(folder, MARKER), "w", encoding="utf-8") as marker:
        marker.write(time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime()))
    lock_file.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
