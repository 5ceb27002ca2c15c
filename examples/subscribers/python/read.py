"""Follows a shop's orders: receives events from a partner's queue with boto3 only, and does its work once for each.

QUEUE_URL=<PartnerCrmQueueUrl> JOURNAL=journal.jsonl python examples/subscribers/python/read.py
"""

import json
import os
import signal
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

LONGEST_WAIT_SECONDS = 3600

sqs = boto3.client("sqs", config=Config(retries={"mode": "standard"}))


def key_of(event):
    """Returns what a redelivered or replayed event is recognized by; SQS's message id is another one each time."""
    return event["source"], event["id"]


class Journal:
    """Remembers the work that was done.

    The file stands for your database, and its one write for one transaction: what you do with the event, and a row with the unique
    key (source, id). What is done and what is remembered then never differ, whenever the process dies. Several readers need that
    database.
    """

    def __init__(self, path):
        self.path, self.done = path, set()
        if os.path.exists(path):
            with open(path, encoding="utf-8") as lines:
                self.done = {key_of(json.loads(line)) for line in lines}

    def work_once(self, event):
        """Does the work of an event, unless it was done before. Returns whether it was done now."""
        if key_of(event) in self.done:
            return False
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")
        self.done.add(key_of(event))
        return True


def handle(queue_url, journal, message):
    """Works on one message, and deletes it afterwards; one that fails comes again, each time later."""
    receipt = {"QueueUrl": queue_url, "ReceiptHandle": message["ReceiptHandle"]}
    try:
        event = json.loads(message["Body"])
        order_id = event["data"]["orderId"]
        print("done" if journal.work_once(event) else "skipped", event["type"], order_id, flush=True)
    except Exception as error:  # whatever it was: the message is tried again
        # 2, 4, 8 seconds and so on. After twenty receives, which take ten hours, the queue moves it to its dead-letter queue.
        receives = int(message["Attributes"]["ApproximateReceiveCount"])
        seconds = min(2**receives, LONGEST_WAIT_SECONDS)
        print(f"failed {message['MessageId']}: {error!r}; again in {seconds} s", file=sys.stderr, flush=True)
        sqs.change_message_visibility(**receipt, VisibilityTimeout=seconds)
    else:
        sqs.delete_message(**receipt)


def main():
    queue_url = os.environ["QUEUE_URL"]
    journal = Journal(os.environ.get("JOURNAL", "journal.jsonl"))
    # One after the other, and from a FIFO queue one at a time: an order's steps stay in sequence. Run several readers to be quicker;
    # SQS never gives two of them messages of one order. Ten messages must be done within the queue's 60 seconds of visibility.
    most = 1 if queue_url.endswith(".fifo") else 10
    stopping = False

    def stop(*_):
        nonlocal stopping
        stopping = True

    # Ends when the running call, which waits up to 20 seconds for messages, and the work on them are done.
    signal.signal(signal.SIGTERM, stop)
    while not stopping:
        try:
            received = sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=20,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
            for message in received.get("Messages", []):
                handle(queue_url, journal, message)
        except (BotoCoreError, ClientError) as error:
            # The SDK has retried already. What was received and not deleted comes again.
            print(f"SQS: {error}", file=sys.stderr, flush=True)
            time.sleep(5)


if __name__ == "__main__":
    main()
