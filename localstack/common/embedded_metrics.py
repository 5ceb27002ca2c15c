"""Extracts metrics in CloudWatch's embedded metric format (EMF) from function logs. Shared by both engines.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import logging
import queue
import threading
import time

LOG = logging.getLogger("embedded-metrics")

EMF_MARKER = '"CloudWatchMetrics"'
SECONDS_BETWEEN_WRITES = 0.5
MAX_QUEUED_LOGS = 100_000


class MetricCollector:
    """Passes the metrics in logs to `store(scope, namespace, data)`, batched, in a background thread.

    Callers never wait, and no failure here reaches a function: failures are counted, and logged after each batch that adds some.
    """

    def __init__(self, store):
        self.store = store
        self.queued = queue.Queue(MAX_QUEUED_LOGS)
        self.failures = 0
        threading.Thread(target=self._run, name="embedded-metrics", daemon=True).start()

    def submit(self, scope, text):
        """Queues a log. `scope` is the (account, region) it belongs to."""
        if EMF_MARKER not in text:
            return
        try:
            self.queued.put_nowait((scope, text))
        except queue.Full:
            self.failures += 1

    def _run(self):
        while True:
            batch = [self.queued.get()]
            time.sleep(SECONDS_BETWEEN_WRITES)
            while not self.queued.empty():
                batch.append(self.queued.get())
            self._write(batch)

    def _write(self, batch):
        before = self.failures
        sums = {}
        for scope, text in batch:
            for line in text.splitlines():
                if EMF_MARKER in line:
                    self._attempt(lambda: _add(sums, scope, line))
        for (scope, namespace), data in _grouped(sums).items():
            self._attempt(lambda: self.store(scope, namespace, data))
        if self.failures > before:
            LOG.warning("%s times so far, metrics could not be read from a function's log", self.failures)

    def _attempt(self, action):
        try:
            action()
        except Exception:
            self.failures += 1
            LOG.debug("metrics were dropped", exc_info=True)


def _add(sums, scope, line):
    values_by_key = {}
    document = json.loads(line)
    second = document["_aws"]["Timestamp"] // 1000
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = tuple((name, str(document[name])) for name in names)
            for metric in directive["Metrics"]:
                key = (scope, directive["Namespace"], metric["Name"], dimensions, metric.get("Unit", "None"), second)
                value = document[metric["Name"]]
                values_by_key.setdefault(key, []).extend(value if isinstance(value, list) else [value])
    for key, values in values_by_key.items():
        counts = sums.setdefault(key, {})
        for value in values:
            counts[float(value)] = counts.get(float(value), 0) + 1


def _grouped(sums):
    """Builds the MetricDatum lists of PutMetricData, by scope and namespace."""
    groups = {}
    for (scope, namespace, name, dimensions, unit, second), counts in sums.items():
        groups.setdefault((scope, namespace), []).append(
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
                "Unit": unit,
                "Timestamp": second,
                "Values": list(counts),
                "Counts": list(counts.values()),
            }
        )
    return groups
