"""Metrics that functions write into their logs in CloudWatch's embedded metric format: read here, for both engines.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import logging
import queue
import threading
import time

LOG = logging.getLogger("embedded-metrics")

MARK = '"CloudWatchMetrics"'
SECONDS_BETWEEN_WRITES = 0.5
MOST_WAITING = 100_000


class Collector:
    """Takes logs and gives their metrics to `store(scope, namespace, data)`, batched, in a thread of its own.

    Nobody waits for it and nothing that fails here reaches a function: it is counted in `failures`, and said once in a while.
    """

    def __init__(self, store):
        self.store = store
        self.waiting = queue.Queue(MOST_WAITING)
        self.failures = 0
        threading.Thread(target=self._run, name="embedded-metrics", daemon=True).start()

    def take(self, scope, text):
        """`scope` says whose log this is: account and region."""
        if MARK not in text:
            return
        try:
            self.waiting.put_nowait((scope, text))
        except queue.Full:
            self.failures += 1

    def _run(self):
        while True:
            taken = [self.waiting.get()]
            time.sleep(SECONDS_BETWEEN_WRITES)
            while not self.waiting.empty():
                taken.append(self.waiting.get())
            self._write(taken)

    def _write(self, taken):
        before = self.failures
        sums = {}
        for scope, text in taken:
            for line in text.splitlines():
                if MARK in line:
                    self._attempt(lambda: _add(sums, scope, line))
        for (scope, namespace), data in _grouped(sums).items():
            self._attempt(lambda: self.store(scope, namespace, data))
        if self.failures > before:
            LOG.warning("%s times metrics could not be taken from a function's log so far", self.failures)

    def _attempt(self, work):
        try:
            work()
        except Exception:
            self.failures += 1
            LOG.debug("metrics were dropped", exc_info=True)


def _add(sums, scope, line):
    found = {}
    document = json.loads(line)
    second = document["_aws"]["Timestamp"] // 1000
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = tuple((name, str(document[name])) for name in names)
            for metric in directive["Metrics"]:
                key = (scope, directive["Namespace"], metric["Name"], dimensions, metric.get("Unit", "None"), second)
                value = document[metric["Name"]]
                found.setdefault(key, []).extend(value if isinstance(value, list) else [value])
    for key, values in found.items():
        counts = sums.setdefault(key, {})
        for value in values:
            counts[float(value)] = counts.get(float(value), 0) + 1


def _grouped(sums):
    """MetricDatum as PutMetricData takes it, by scope and namespace."""
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
