"""DynamoDB for LocalStack: a private MiniStack process on a free loopback port.

LocalStack's own provider downloads a Java program; moto's gets PartiQL's conditional writes wrong.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

import requests
from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.forwarder import HttpFallbackDispatcher
from localstack.services.plugins import Service, ServiceLifecycleHook, aws_provider
from localstack.utils.net import get_free_tcp_port

MINISTACK = Path(__file__).parents[3] / "ministack" / "start.py"
READY_TIMEOUT_SECONDS = 30


class MiniStackDynamoDb(DynamodbApi, ServiceLifecycleHook):
    """Implements no operation, so the dispatcher forwards all of them."""

    def __init__(self):
        self.process = None
        self.url = None

    def on_before_start(self):
        port = get_free_tcp_port()
        folder = Path(tempfile.gettempdir()) / "dynamodb"
        folder.mkdir(exist_ok=True)
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [os.environ["COMPANION_PYTHON"], str(MINISTACK), str(folder)],
            # MiniStack exits when this pipe closes, so it cannot outlive this process.
            stdin=subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"],
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "ENDS_WITH_INPUT": "1",
                "TMPDIR": str(folder),
                "S3_DATA_DIR": str(folder),
                "STATE_DIR": str(folder),
                "LOG_LEVEL": "WARNING",
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
            },
        )
        self._wait_until_ready()

    def _wait_until_ready(self):
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if requests.get(f"{self.url}/_ministack/health", timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise RuntimeError("The MiniStack that holds LocalStack's DynamoDB tables did not start.")

    def on_before_stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=5)

    def forward_url(self, account_id, region_name):
        return self.url


@aws_provider(api="dynamodb", name="ministack")
def dynamodb():
    provider = MiniStackDynamoDb()
    return Service.for_provider(
        provider,
        dispatch_table_factory=lambda delegate: HttpFallbackDispatcher(delegate, delegate.forward_url),
    )
