"""Logs and counts every error of a function, as AWS does.

MiniStack logs nothing of a function that fails while it is loaded, and counts only invocations through Lambda's API, none that a queue makes.
"""

import json
from datetime import datetime, timezone

from ministack.services import lambda_svc


def _error_line(kind, request_id, error):
    """Formats an error as Lambda's runtime for Node logs it."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    # MiniStack's own exception is around the function's error, of which it does not know the type.
    message = error.get("errorMessage", "").removeprefix("Worker init failed: ")
    described = {"errorType": "Error", "errorMessage": message}
    return f"{now}\t{request_id}\tERROR\t{kind} \t{json.dumps(described)}"


def register():
    execute, emit_logs, emit_metrics = (
        lambda_svc._execute_function_warm,
        lambda_svc._emit_lambda_logs,
        lambda_svc._emit_lambda_metrics,
    )

    def execute_and_log(func, event, request_id):
        result = execute(func, event, request_id)
        if not result.get("error"):
            return result
        error = result.get("body") or {}
        if error.get("errorType") == "Runtime.HandlerError":
            result["log"] = "\n".join(filter(None, [result.get("log"), _error_line("Invoke Error", request_id, error)]))
        elif not result.get("log"):
            result["log"] = _error_line("Uncaught Exception", "undefined", error)
        return result

    def emit_logs_and_metrics(func, request_id, log_text, error, duration_ms, **kwargs):
        emit_logs(func, request_id, log_text, error, duration_ms, **kwargs)
        name = (func.get("config") or func).get("FunctionName", "")
        emit_metrics(name, duration_ms=duration_ms, error=error, throttle=False)

    def emit_throttles(name, duration_ms, error, throttle):
        # All others are counted above, whoever invoked the function.
        if throttle:
            emit_metrics(name, duration_ms=duration_ms, error=error, throttle=True)

    lambda_svc._execute_function_warm = execute_and_log
    lambda_svc._emit_lambda_logs = emit_logs_and_metrics
    lambda_svc._emit_lambda_metrics = emit_throttles
