"""Installs pinned requirements into a virtual environment. Concurrent runs install only once.

    install.py FOLDER REQUIREMENTS MODULES [UV]

MODULES is a comma-separated list of what must be importable afterwards. The marker file is written last: a folder without it is
an interrupted install and is created again. The lock is a kernel lock (flock), so a killed install does not leave it behind.
"""

import ast
import fcntl
import os
import shutil
import subprocess
import sys
import time

MARKER = "installed"
# How pip reaches the package index. Everything else that a person can set for pip, such as `user`, `target` or `prefix`, is for
# their own installs: here it would put the packages elsewhere, or others in their place.
PIP_INDEX_SETTINGS = {
    *("index-url", "extra-index-url", "no-index", "find-links", "trusted-host", "cert", "client-cert", "keyring-provider"),
    *("proxy", "timeout", "default-timeout", "retries", "resume-retries", "use-feature", "use-deprecated"),
    *("cache-dir", "no-cache-dir"),
}
UV_INDEX_SETTINGS = {
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_INDEX_STRATEGY"),
    *("UV_KEYRING_PROVIDER", "UV_INSECURE_HOST", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES"),
    *("UV_CACHE_DIR", "UV_NO_CACHE", "UV_OFFLINE", "UV_CONFIG_FILE", "UV_NO_CONFIG", "UV_PYTHON_INSTALL_DIR", "UV_LINK_MODE"),
}


def run(*command, env=None):
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    result = subprocess.run(command, env=env, encoding="utf-8", errors="replace", **options)
    if result.returncode:
        sys.exit("\n".join(result.stdout.strip().splitlines()[-15:]))


def pip_environment(python):
    """Builds pip's environment from the person's own settings: those of their variables and configuration files that are about the index."""
    listing = subprocess.run([python, "-I", "-m", "pip", "config", "list"], stdout=subprocess.PIPE, encoding="utf-8", errors="replace")
    settings = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in settings and key in PIP_INDEX_SETTINGS:
            settings[section][key] = ast.literal_eval(value)
    # In pip's order: a section for one command overrides the global one, and the environment both.
    chosen = {**settings["global"], **settings["install"], **settings[":env:"]}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {**environment, "PIP_CONFIG_FILE": os.devnull, **{f"PIP_{key.upper().replace('-', '_')}": value for key, value in chosen.items()}}


def uv_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("UV_") or name in UV_INDEX_SETTINGS}


def missing_module(python, modules):
    """Imports the modules. Returns why that is not possible, or nothing."""
    command = [python, "-I", "-c", "".join(f"import {module}\n" for module in modules)]
    try:
        result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8", errors="replace")
    except OSError as error:
        return str(error)
    return (result.stderr.strip() or "Python does not run") if result.returncode else None


def lock(path):
    handle = open(path, "w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("waiting for another install of the same packages", flush=True)
        fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def main(folder, requirements, module_list, uv=None):
    modules = [module for module in module_list.split(",") if module]
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    lock_file = lock(folder + ".lock")
    python = os.path.join(folder, "bin", "python")
    if os.path.exists(os.path.join(folder, MARKER)) and missing_module(python, modules) is None:
        return
    if os.path.exists(folder):
        print("removing an install that is unfinished or no longer runs", flush=True)
        shutil.rmtree(folder)
    with open(requirements, encoding="utf-8") as lines:
        count = sum("==" in line for line in lines)
    print(f"installing {count} pinned packages with {'uv' if uv else 'pip'}, once", flush=True)
    if uv:
        run(uv, "venv", "--quiet", "--no-project", "--python", sys.executable, folder, env=uv_environment())
        install = (uv, "pip", "install", "--quiet", "--require-hashes", "--python", python, "-r", requirements)
        run(*install, env=uv_environment())
    else:
        run(sys.executable, "-I", "-m", "venv", folder)
        # compileall below compiles on all cores; pip would use one.
        pip = ("-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile")
        run(python, *pip, "--require-hashes", "-r", requirements, env=pip_environment(python))
    run(python, "-I", "-m", "compileall", "-q", "-j", "0", os.path.join(folder, "lib"))
    reason = missing_module(python, modules)
    if reason is not None:
        sys.exit(f"The packages were installed, but {', '.join(modules)} cannot be imported:\n{reason}")
    with open(os.path.join(folder, MARKER), "w", encoding="utf-8") as marker:
        marker.write(time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime()))
    lock_file.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
