"""What LocalStack's SQS event source mappings lack: several batches at once, and the body as it was sent."""

import logging
import threading

from localstack.services.lambda_.event_source_mapping import esm_worker_factory
from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localstack.services.lambda_.event_source_mapping.pollers import sqs_poller
from localstack.utils.threads import start_thread

LOG = logging.getLogger(__name__)

# AWS starts with five batches at once.
BATCHES_AT_ONCE = 5
BODY_AS_SENT = "bodyAsSent"


class ParallelSqsPoller(sqs_poller.SqsPoller):
    """One batch does not wait for another; a FIFO queue gives out nothing of a group of which something is being handled."""

    def poll_events(self):
        # A message is taken from the queue only when a batch can start: its visibility timeout is running from then on.
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
            # The messages come back when their visibility timeout has passed.
            LOG.warning("Batch of %s failed: %s", self.source_arn, error)

    def add_source_metadata(self, events, extra_metadata=None):
        # Filtering has parsed and written the body anew, so that a function saw other spaces and escapes.
        for event in events:
            event["body"] = event.pop(BODY_AS_SENT)
        return super().add_source_metadata(events, extra_metadata)


def _events(messages):
    return [{**event, BODY_AS_SENT: event["body"]} for event in _transform(messages)]


def _one_batch(messages):
    # AWS puts messages of several groups into one batch; LocalStack made an invocation for each group.
    return {None: messages}


def _with_slots(self):
    worker = _get_worker(self)
    if isinstance(worker.poller, ParallelSqsPoller):
        asked = (self.esm_config.get("ScalingConfig") or {}).get("MaximumConcurrency")
        worker.poller.slots = threading.BoundedSemaphore(asked or BATCHES_AT_ONCE)
    return worker


_transform = sqs_poller.transform_into_events
_get_worker = EsmWorkerFactory.get_esm_worker


def install():
    """Puts these in the place of LocalStack's own; before the first mapping is made."""
    sqs_poller.transform_into_events = _events
    sqs_poller.split_by_message_group_id = _one_batch
    esm_worker_factory.SqsPoller = ParallelSqsPoller
    EsmWorkerFactory.get_esm_worker = _with_slots
