"""Runs Lambda functions as `node` processes, one per execution environment, instead of in Docker."""

import json
import time

from localstack import config
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from shop_localstack import event_source_mapping
from shop_localstack.node_process import MemoryExceeded, NodeProcess, ProcessEnded, TimedOut

INIT_TIMEOUT_SECONDS = 10


class NodeProcessExecutor(RuntimeExecutor):
    """One execution environment. If its process has ended, the next invocation starts a new one, as on AWS."""

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
        result = self._run(payload)
        milliseconds = (time.monotonic() - started) * 1000
        if not result.get("alive", False):
            self.process.kill()
        output = self.process.take_output()
        failed = "error" in result
        if failed and "trace" not in result["error"]:
            # Not the function's own error, so nobody has logged it.
            output += f"{result['error']['errorMessage']}\n"
        logs = (
            f"START RequestId: {request} Version: {self.function_version.id.qualifier}\n{output}"
            f"END RequestId: {request}\nREPORT RequestId: {request}\tDuration: {milliseconds:.2f} ms\t"
            f"Memory Size: {self.function_version.config.memory_size} MB\n"
        )
        body = json.dumps(result["error"]) if failed else result["payload"]
        return InvocationResult(request, body.encode(), is_error=failed, logs=logs)

    def _run(self, payload):
        request = payload["invoke-id"]
        timeout = self.function_version.config.timeout
        try:
            init = self.process.wait_for_init(INIT_TIMEOUT_SECONDS)
            if "error" in init:
                return init
            return self.process.invoke({**payload, "deadline": (time.time() + timeout) * 1000}, timeout)
        except TimedOut as error:
            return _error("Sandbox.Timedout", f"RequestId: {request} Error: Task timed out after {error.seconds:.2f} seconds")
        except MemoryExceeded:
            return _error("Runtime.OutOfMemory", f"RequestId: {request} Error: Runtime exited with error: signal: killed")
        except ProcessEnded as error:
            return _error("Runtime.ExitError", f"RequestId: {request} Error: Runtime exited with error: {error}")

    def get_logs(self):
        return self.process.take_output()

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        # Invocations go through pipes, so no process calls this endpoint.
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
    """Returns the log group in the function's logging configuration, which LocalStack ignores."""
    logging_config = self.function_version.config.logging_config or {}
    return logging_config.get("LogGroup") or f"/aws/lambda/{self.function_version.id.function_name}"


class NodeProcessExecutorPlugin(RuntimeExecutorPlugin):
    """The plugin that LAMBDA_RUNTIME_EXECUTOR=node-process selects."""

    name = "node-process"

    def load(self, *args, **kwargs):
        ExecutionEnvironment.get_log_group_name = _log_group
        event_source_mapping.install()
        return NodeProcessExecutor
