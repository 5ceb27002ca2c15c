"""`AWS/SQS ApproximateAgeOfOldestMessage`, which MiniStack lacks: measured whenever somebody reads figures, never otherwise."""

import time

from ministack.services import cloudwatch, sqs

METRIC = ("AWS/SQS", "ApproximateAgeOfOldestMessage")
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html:
# what a standard queue handed out three times counts no more, and an empty queue has no figure.
RECEIVES = 3


def _sent(queue):
    counts = lambda message: queue["is_fifo"] or message["receive_count"] < RECEIVES
    return [message["sent_at"] for message in list(queue["messages"]) if counts(message)]


def _measure():
    now = time.time()
    for queue in list(sqs._queues.values()):
        sent = _sent(queue)
        if not sent:
            continue
        dimensions = {"QueueName": queue["name"]}
        points = cloudwatch._metric_bucket((*METRIC, cloudwatch._dims_key(dimensions)))
        # One point a minute, as on AWS: the latest.
        if points and points[-1]["Timestamp"] // 60 == now // 60:
            points.pop()
        cloudwatch.record_metric(*METRIC, now - min(sent), "Seconds", dimensions)


def register():
    """Has the figure measured before figures are read and before alarms look at them."""
    for name in ("_get_metric_data", "_get_metric_statistics", "_evaluate_all_alarms"):
        setattr(cloudwatch, name, _after_measuring(getattr(cloudwatch, name)))


def _after_measuring(read):
    def measure_and_read(*args, **kwargs):
        _measure()
        return read(*args, **kwargs)

    return measure_and_read
