"""A `node` process that runs one function. Invocations are lines of JSON on its standard input, results on a separate pipe."""

import json
import os
import selectors
import subprocess
import time
from pathlib import Path

import psutil

BOOTSTRAP = Path(__file__).with_name("bootstrap.mjs")
# The memory of an idle Node outside the function's heap. Not counted against the function, because Lambda's runtime needs less.
NODE_OVERHEAD_MB = 96
MEMORY_CHECK_SECONDS = 0.2
MAX_OUTPUT_BYTES = 1 << 20


class TimedOut(Exception):
    def __init__(self, seconds):
        self.seconds = seconds


class MemoryExceeded(Exception):
    pass


class ProcessEnded(Exception):
    pass


class NodeProcess:
    def __init__(self, code, env_vars, memory_mb):
        self.memory_bytes = (memory_mb + NODE_OVERHEAD_MB) << 20
        self.results, results_end = os.pipe()
        self.output, output_end = os.pipe()
        self.process = subprocess.Popen(
            # bootstrap.mjs ignores the folder of the code; it shows in the process list whose process this is.
            [os.environ["ENGINE_NODE"], f"--max-old-space-size={memory_mb}", str(BOOTSTRAP), str(results_end), str(code)],
            cwd=code,
            # Without HOME, the SDK finds ~/.aws/config by the user's id.
            env={
                "PATH": os.environ["PATH"],
                "TMPDIR": os.environ["TMPDIR"],
                "LANG": "en_US.UTF-8",
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                **env_vars,
            },
            stdin=subprocess.PIPE,
            stdout=output_end,
            stderr=output_end,
            pass_fds=(results_end,),
        )
        os.close(results_end)
        os.close(output_end)
        os.set_blocking(self.output, False)
        os.set_blocking(self.results, False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.results, selectors.EVENT_READ)
        self.selector.register(self.output, selectors.EVENT_READ)
        self.output_text = b""
        self.result_bytes = b""
        self.init_result = None
        self.killed = False

    def wait_for_init(self, seconds):
        """Waits until the function is loaded. The result has an `error` if loading failed."""
        if self.init_result is None:
            self.init_result = self._read(seconds)
        return self.init_result

    def invoke(self, invocation, seconds):
        """Runs one invocation. Raises TimedOut, MemoryExceeded or ProcessEnded."""
        try:
            self.process.stdin.write(json.dumps(invocation).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._ended_error() from None
        return self._read(seconds)

    def ended(self):
        return self.killed or self.process.poll() is not None

    def take_output(self):
        """Returns what the function wrote since the last call, completed with a newline. Keeps at most the last MAX_OUTPUT_BYTES."""
        self._drain()
        text, self.output_text = self.output_text.decode(errors="replace"), b""
        return text if text == "" or text.endswith("\n") else f"{text}\n"

    def kill(self):
        """Kills the process and all its descendants."""
        if self.killed:
            return
        self.killed = True
        try:
            descendants = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            descendants = []
        for process in [*descendants, self.process]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                pass
        self.process.wait()
        self._drain()
        self.selector.close()
        self.process.stdin.close()
        os.close(self.results)
        os.close(self.output)

    def _read(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.result_bytes:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimedOut(seconds)
            ready = self.selector.select(min(remaining, MEMORY_CHECK_SECONDS))
            if not ready:
                self._check_memory()
            for key, _ in ready:
                if key.fd == self.output:
                    self._drain()
                    continue
                part = os.read(self.results, 1 << 16)
                if not part:
                    raise self._ended_error()
                self.result_bytes += part
        line, self.result_bytes = self.result_bytes.split(b"\n", 1)
        return json.loads(line)

    def _ended_error(self):
        code = self.process.wait(timeout=5)
        return ProcessEnded(f"exit status {code}" if code >= 0 else f"signal {-code}")

    def _check_memory(self):
        try:
            if psutil.Process(self.process.pid).memory_info().rss > self.memory_bytes:
                raise MemoryExceeded
        except psutil.NoSuchProcess:
            pass

    def _drain(self):
        if self.selector.get_map() is None:
            return
        try:
            while part := os.read(self.output, 1 << 16):
                self.output_text = (self.output_text + part)[-MAX_OUTPUT_BYTES:]
            self.selector.unregister(self.output)
        except (BlockingIOError, KeyError, OSError):
            pass
