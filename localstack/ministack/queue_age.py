"""Adds the metric `AWS/SQS ApproximateAgeOfOldestMessage`. Measured only when metrics are read."""

import time

from ministack.services import cloudwatch, sqs

METRIC = ("AWS/SQS", "ApproximateAgeOfOldestMessage")
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html:
# a standard queue ignores messages that were received three times or more, and an empty queue has no data point.
MAX_RECEIVES = 3


def _sent_times(queue):
    counts = lambda message: queue["is_fifo"] or message["receive_count"] < MAX_RECEIVES
    return [message["sent_at"] for message in list(queue["messages"]) if counts(message)]


def _measure():
    now = time.time()
    for queue in list(sqs._queues.values()):
        sent_times = _sent_times(queue)
        if not sent_times:
            continue
        dimensions = {"QueueName": queue["name"]}
        points = cloudwatch._metric_bucket((*METRIC, cloudwatch._dims_key(dimensions)))
        # Replaces the data point of this minute: AWS has one per minute.
        if points and points[-1]["Timestamp"] // 60 == now // 60:
            points.pop()
        cloudwatch.record_metric(*METRIC, now - min(sent_times), "Seconds", dimensions)


def register():
    """Measures before metrics are read and before alarms are evaluated."""
    for name in ("_get_metric_data", "_get_metric_statistics", "_evaluate_all_alarms"):
        setattr(cloudwatch, name, _after_measuring(getattr(cloudwatch, name)))


def _after_measuring(read):
    def measure_and_read(*args, **kwargs):
        _measure()
        return read(*args, **kwargs)

    return measure_and_read
