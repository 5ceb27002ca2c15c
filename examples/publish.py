"""Publishes orders from an existing service with boto3 only.

python examples/publish.py <topic ARN> [order id ...]
"""

import json
import random
import sys
import time
import uuid
from datetime import datetime, timezone

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

MAX_ATTEMPTS = 5

# The SDK retries throttled calls, 5xx responses and timeouts with exponential backoff. If SNS accepted the first attempt and only
# the response was lost, the order arrives twice, with different message ids. That is safe: the shop deduplicates by order id, so
# nobody is charged twice. Always send again when in doubt.
sns = boto3.client(
    "sns",
    config=Config(
        retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
        connect_timeout=1,
        read_timeout=3,
    ),
)


def build_order_placed(order_id):
    """Builds the event of an order. Build it once per order: every attempt must send the same event."""
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "/shop/checkout",
        "type": "shop.order.placed.v1",
        "time": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"),
        "data": {
            "orderId": order_id,
            "orderNumber": "#1029",
            "customer": {"id": "c-7", "phone": "+821012345678", "locale": "ko"},
            "payment": {"token": "tok_visa"},
            "items": [{"sku": "KB-01", "quantity": 1, "unitPrice": 12000}],
            "charges": [{"kind": "shipping", "amount": 3000}],
            "total": {"amount": 15000, "currency": "KRW"},
        },
    }


def publish(topic_arn, event):
    response = sns.publish(TopicArn=topic_arn, Message=json.dumps(event))
    print(f"published {event['data']['orderId']} as {response['MessageId']}")


def publish_all(topic_arn, events):
    """Publishes in batches of ten, the most SNS accepts per call (together at most 256 KB). Returns how many were not published."""
    return sum(publish_batch(topic_arn, events[start : start + 10]) for start in range(0, len(events), 10))


def publish_batch(topic_arn, events):
    """Publishes one batch. Retries entries that failed: a batch can fail in part with status 200, which no SDK retries."""
    pending, failures = {event["id"]: event for event in events}, 0
    for attempt in range(1, MAX_ATTEMPTS + 1):
        entries = [{"Id": id, "Message": json.dumps(event)} for id, event in pending.items()]
        response = sns.publish_batch(TopicArn=topic_arn, PublishBatchRequestEntries=entries)
        for published in response.get("Successful", []):
            print(f"published {pending.pop(published['Id'])['data']['orderId']} as {published['MessageId']}")
        for failed in response.get("Failed", []):
            # A sender fault fails in the same way on every attempt.
            if failed["SenderFault"] or attempt == MAX_ATTEMPTS:
                order_id = pending.pop(failed["Id"])["data"]["orderId"]
                print(f"not published {order_id}: {failed['Code']} {failed.get('Message')}", file=sys.stderr)
                failures += 1
        if not pending:
            break
        time.sleep(random.random() * 0.1 * 2**attempt)
    return failures


if __name__ == "__main__":
    topic, events = sys.argv[1], [build_order_placed(order_id) for order_id in sys.argv[2:] or ["o-1001"]]
    try:
        if len(events) == 1:
            publish(topic, events[0])
        elif publish_all(topic, events) > 0:
            sys.exit(1)
    except (ClientError, BotoCoreError) as error:
        # Only the caller can decide what to do now: store the order and retry later (see outbox/), or tell the customer.
        sys.exit(f"not published: {error}")
