"""Runs Lambda functions as plain `node` processes, one for each execution environment, instead of in Docker."""

import json
import time

from localstack import config
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from shop_localstack import event_source_mapping
from shop_localstack.node_process import Ended, MemoryExceeded, NodeProcess, TimedOut

INIT_SECONDS = 10


class NodeProcessExecutor(RuntimeExecutor):
    """One execution environment. A process that ended is replaced at the next invocation, as on AWS."""

    def start(self, env_vars):
        self.code = self.function_version.config.code.get_unzipped_code_location()
        self.env_vars = {name: str(value) for name, value in env_vars.items() if not name.startswith("LOCALSTACK_")}
        self.env_vars["LAMBDA_TASK_ROOT"] = str(self.code)
        self.process = self._spawn()

    def _spawn(self):
        return NodeProcess(self.code, self.env_vars, int(self.function_version.config.memory_size))

    def stop(self):
        self.process.kill()

    def invoke(self, payload):
        request = payload["invoke-id"]
        if self.process.ended():
            self.process = self._spawn()
        started = time.monotonic()
        answer = self._answer(payload)
        milliseconds = (time.monotonic() - started) * 1000
        if not answer.get("alive", False):
            self.process.kill()
        output = self.process.take_output()
        failed = "error" in answer
        logs = (
            f"START RequestId: {request} Version: {self.function_version.id.qualifier}\n{output}"
            f"END RequestId: {request}\nREPORT RequestId: {request}\tDuration: {milliseconds:.2f} ms\t"
            f"Memory Size: {self.function_version.config.memory_size} MB\n"
        )
        body = json.dumps(answer["error"]) if failed else answer["payload"]
        return InvocationResult(request, body.encode(), is_error=failed, logs=logs)

    def _answer(self, payload):
        request = payload["invoke-id"]
        timeout = self.function_version.config.timeout
        try:
            started = self.process.started(INIT_SECONDS)
            if "error" in started:
                return started
            return self.process.ask({**payload, "deadline": (time.time() + timeout) * 1000}, timeout)
        except TimedOut as end:
            return _error("Sandbox.Timedout", f"RequestId: {request} Error: Task timed out after {end.seconds:.2f} seconds")
        except MemoryExceeded:
            return _error("Runtime.OutOfMemory", f"RequestId: {request} Error: Runtime exited with error: signal: killed")
        except Ended as end:
            return _error("Runtime.ExitError", f"RequestId: {request} Error: Runtime exited with error: {end}")

    def get_logs(self):
        return self.process.take_output()

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        # Invocations travel through pipes, so there is nothing to call back.
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}"

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass


def _error(kind, message):
    return {"error": {"errorType": kind, "errorMessage": message}}


def _log_group(self):
    """LocalStack writes to /aws/lambda/NAME whatever group the function was given."""
    given = self.function_version.config.logging_config or {}
    return given.get("LogGroup") or f"/aws/lambda/{self.function_version.id.function_name}"


class NodeProcessExecutorPlugin(RuntimeExecutorPlugin):
    """What LAMBDA_RUNTIME_EXECUTOR=node-process loads."""

    name = "node-process"

    def load(self, *args, **kwargs):
        ExecutionEnvironment.get_log_group_name = _log_group
        event_source_mapping.install()
        return NodeProcessExecutor
