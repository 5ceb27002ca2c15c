"""Adds to LocalStack's SQS event source mappings: concurrent batches, and message bodies exactly as they were sent, however nested."""

import logging
import threading
from types import SimpleNamespace

from localstack.services.lambda_.event_source_mapping import esm_worker_factory
from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localstack.services.lambda_.event_source_mapping.pollers import sqs_poller
from localstack.utils.threads import start_thread
from nested_json import handles_deep_body, shorten

LOG = logging.getLogger(__name__)

# AWS starts with five concurrent batches.
DEFAULT_CONCURRENCY = 5
BODY_AS_SENT = "bodyAsSent"


class ParallelSqsPoller(sqs_poller.SqsPoller):
    """Handles batches concurrently. Order in FIFO queues is kept: the queue holds a group back while a message of it is in flight."""

    def poll_events(self):
        # Receive only when a batch can start, because the visibility timeout runs from the receive on.
        with self.slots:
            pass
        super().poll_events()

    def handle_messages(self, messages):
        self.slots.acquire()
        start_thread(lambda _: self._handle_and_release(messages), name="event-source-mapping-batch")

    def _handle_and_release(self, messages):
        try:
            self._handle(messages)
        finally:
            self.slots.release()

    def _handle(self, messages):
        try:
            super().handle_messages(messages)
        except Exception as error:
            # The messages become visible again when their visibility timeout expires.
            LOG.warning("Batch of %s failed: %s", self.source_arn, error)

    def add_source_metadata(self, events, extra_metadata=None):
        # Filtering parses and serializes the body again, which changes white space and escapes. Restore the original.
        for event in events:
            event["body"] = event.pop(BODY_AS_SENT)
        return super().add_source_metadata(events, extra_metadata)


def _to_events(messages):
    return [{**event, "body": _to_parse(event["body"]), BODY_AS_SENT: event["body"]} for event in _transform(messages)]


def _handle_body(body):
    """Handles a message with LocalStack's own poller, in a mapping without filter and function."""
    mapping = SimpleNamespace(
        filter_events=lambda events: events,
        add_source_metadata=lambda events: events,
        processor=SimpleNamespace(process_events_batch=lambda events: None),
        delete_messages=lambda messages, ids: None,
    )
    sqs_poller.SqsPoller.handle_messages(mapping, [{"MessageId": "deep", "ReceiptHandle": "deep", "Body": body}])
    return True


def _one_batch(messages):
    # AWS puts messages of several groups into one batch; LocalStack invokes the function per group.
    return {None: messages}


def body_to_parse():
    """Returns what makes the body that LocalStack parses, also where a mapping has no filter, out of the body as sent.

    Without it, a body that is nested too deeply came back for ever, with its batch.
    """
    return str if handles_deep_body(_handle_body) else shorten


def _with_slots(self):
    worker = _get_worker(self)
    if isinstance(worker.poller, ParallelSqsPoller):
        maximum = (self.esm_config.get("ScalingConfig") or {}).get("MaximumConcurrency")
        worker.poller.slots = threading.BoundedSemaphore(maximum or DEFAULT_CONCURRENCY)
    return worker


_to_parse = body_to_parse()
_transform = sqs_poller.transform_into_events
_get_worker = EsmWorkerFactory.get_esm_worker


def install():
    """Replaces LocalStack's own functions. Must run before the first mapping is created."""
    sqs_poller.transform_into_events = _to_events
    sqs_poller.split_by_message_group_id = _one_batch
    esm_worker_factory.SqsPoller = ParallelSqsPoller
    EsmWorkerFactory.get_esm_worker = _with_slots
