"""One `node` process that runs one function: lines of JSON in through its input, out through a pipe of their own."""

import json
import os
import selectors
import subprocess
import time
from pathlib import Path

import psutil

BOOTSTRAP = Path(__file__).with_name("bootstrap.mjs")
# What an idle Node takes beside the function's heap; Amazon's is leaner, so it is not counted against the function.
NODE_ITSELF_MB = 96
WATCH_SECONDS = 0.2
OUTPUT_KEPT = 1 << 20


class TimedOut(Exception):
    def __init__(self, seconds):
        self.seconds = seconds


class MemoryExceeded(Exception):
    pass


class Ended(Exception):
    pass


class NodeProcess:
    def __init__(self, code, env_vars, memory_mb):
        self.memory_bytes = (memory_mb + NODE_ITSELF_MB) << 20
        self.answers, answers_end = os.pipe()
        self.output, output_end = os.pipe()
        self.process = subprocess.Popen(
            # The code's folder is not used there: it tells, in a list of processes, whose this one is.
            [os.environ["ENGINE_NODE"], f"--max-old-space-size={memory_mb}", str(BOOTSTRAP), str(answers_end), str(code)],
            cwd=code,
            env={"PATH": os.environ["PATH"], "TMPDIR": os.environ["TMPDIR"], "LANG": "en_US.UTF-8", **env_vars},
            stdin=subprocess.PIPE,
            stdout=output_end,
            stderr=output_end,
            pass_fds=(answers_end,),
        )
        os.close(answers_end)
        os.close(output_end)
        os.set_blocking(self.output, False)
        os.set_blocking(self.answers, False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.answers, selectors.EVENT_READ)
        self.selector.register(self.output, selectors.EVENT_READ)
        self.text = b""
        self.unread = b""
        self.start_answer = None
        self.killed = False

    def started(self, seconds):
        """What became of loading the function: nothing special, or its error."""
        if self.start_answer is None:
            self.start_answer = self._read(seconds)
        return self.start_answer

    def ask(self, invocation, seconds):
        try:
            self.process.stdin.write(json.dumps(invocation).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._end() from None
        return self._read(seconds)

    def ended(self):
        return self.killed or self.process.poll() is not None

    def take_output(self):
        """What the function wrote since the last time, whole lines."""
        self._drain()
        text, self.text = self.text.decode(errors="replace"), b""
        return text if text == "" or text.endswith("\n") else f"{text}\n"

    def kill(self):
        """Ends the process with all that it started."""
        if self.killed:
            return
        self.killed = True
        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            family = []
        for member in [*family, self.process]:
            try:
                member.kill()
            except psutil.NoSuchProcess:
                pass
        self.process.wait()
        self._drain()
        self.selector.close()
        self.process.stdin.close()
        os.close(self.answers)
        os.close(self.output)

    def _read(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.unread:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimedOut(seconds)
            ready = self.selector.select(min(left, WATCH_SECONDS))
            if not ready:
                self._watch_memory()
            for key, _ in ready:
                if key.fd == self.output:
                    self._drain()
                    continue
                part = os.read(self.answers, 1 << 16)
                if not part:
                    raise self._end()
                self.unread += part
        line, self.unread = self.unread.split(b"\n", 1)
        return json.loads(line)

    def _end(self):
        code = self.process.wait(timeout=5)
        return Ended(f"exit status {code}" if code >= 0 else f"signal {-code}")

    def _watch_memory(self):
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
                self.text = (self.text + part)[-OUTPUT_KEPT:]
            self.selector.unregister(self.output)
        except (BlockingIOError, KeyError, OSError):
            pass
