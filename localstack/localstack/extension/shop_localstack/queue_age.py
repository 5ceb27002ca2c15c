"""Adds the metric `AWS/SQS ApproximateAgeOfOldestMessage`. Measured only when metrics are read."""

import functools
import sqlite3
import time

from localstack.runtime import hooks

NAMESPACE, METRIC = "AWS/SQS", "ApproximateAgeOfOldestMessage"
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html:
# a standard queue ignores messages that were received three times or more, and an empty queue has no data point.
MAX_RECEIVES = 3


def _sent_times(queue):
    with queue.mutex:
        groups = getattr(queue, "message_groups", None)
        if groups is not None:
            waiting = [message for group in groups.values() for message in group.messages]
            return [message.created for message in (*waiting, *queue.inflight, *queue.delayed)]
        messages = (*queue.visible.queue, *queue.inflight, *queue.delayed)
        return [message.created for message in messages if message.receive_count < MAX_RECEIVES]


def _points(account_id, region):
    from localstack.services.sqs.models import sqs_stores

    now = time.time()
    for queue in list(sqs_stores[account_id][region].queues.values()):
        sent_times = _sent_times(queue)
        if sent_times:
            dimensions = [{"Name": "QueueName", "Value": queue.name}]
            yield {"MetricName": METRIC, "Dimensions": dimensions, "Unit": "Seconds", "Value": now - min(sent_times)}


def _measure(database, context):
    # Replaces the data point of this minute: AWS has one per minute.
    minute = int(time.time()) // 60 * 60
    with database.DATABASE_LOCK, sqlite3.connect(database.METRICS_DB) as connection:
        connection.execute(
            f"DELETE FROM {database.TABLE_SINGLE_METRICS}"
            " WHERE namespace = ? AND metric_name = ? AND timestamp >= ? AND account_id = ? AND region = ?",
            (NAMESPACE, METRIC, minute, context.account_id, context.region),
        )
    database.add_metric_data(
        context.account_id, context.region, NAMESPACE, list(_points(context.account_id, context.region))
    )


def _after_measuring(read):
    @functools.wraps(read)
    def measure_and_read(self, context, *args, **kwargs):
        _measure(self.cloudwatch_database, context)
        return read(self, context, *args, **kwargs)

    return measure_and_read


@hooks.on_infra_start()
def measure_before_reading():
    from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider

    for name in ("get_metric_data", "get_metric_statistics"):
        setattr(CloudwatchProvider, name, _after_measuring(getattr(CloudwatchProvider, name)))
