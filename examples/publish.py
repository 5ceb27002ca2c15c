"""An existing service publishes orders: boto3 and nothing of ours.

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

MOST_TRIES = 5

# The SDK repeats a call that was throttled, failed with 5xx or got no answer, and waits longer each time. If the first try was
# taken and only its answer lost, the order arrives twice, as a message with a new id. That is safe: the shop goes by the order's
# id, so nobody is charged twice, and sending again is always better than wondering.
sns = boto3.client(
    "sns",
    config=Config(
        retries={"mode": "standard", "total_max_attempts": MOST_TRIES},
        connect_timeout=1,
        read_timeout=3,
    ),
)


def placed(order_id):
    """The event of an order; made once per order, and the same however often it is sent."""
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "/shop/checkout",
        "type": "shop.order.placed.v1",
        "time": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"),
        "data": {
            "orderId": order_id,
            "customer": {"id": "c-7", "phone": "+821012345678", "locale": "ko"},
            "payment": {"token": "tok_visa"},
            "items": [{"sku": "KB-01", "quantity": 1, "unitPrice": 12000}],
            "total": {"amount": 12000, "currency": "KRW"},
        },
    }


def publish(topic_arn, event):
    answer = sns.publish(TopicArn=topic_arn, Message=json.dumps(event))
    print(f"published {event['data']['orderId']} as {answer['MessageId']}")


def publish_all(topic_arn, events):
    """Publishes ten in a call, which is the most SNS takes (and 256 KB), and gives how many were not taken."""
    return sum(publish_ten(topic_arn, events[start : start + 10]) for start in range(0, len(events), 10))


def publish_ten(topic_arn, events):
    """A batch can succeed in part, with status 200, which no SDK repeats: what failed is sent again here, unless it never can
    succeed."""
    waiting, not_taken = {event["id"]: event for event in events}, 0
    for tries in range(1, MOST_TRIES + 1):
        entries = [{"Id": id, "Message": json.dumps(event)} for id, event in waiting.items()]
        answer = sns.publish_batch(TopicArn=topic_arn, PublishBatchRequestEntries=entries)
        for taken in answer.get("Successful", []):
            print(f"published {waiting.pop(taken['Id'])['data']['orderId']} as {taken['MessageId']}")
        for failed in answer.get("Failed", []):
            if failed["SenderFault"] or tries == MOST_TRIES:
                order_id = waiting.pop(failed["Id"])["data"]["orderId"]
                print(f"not published {order_id}: {failed['Code']} {failed.get('Message')}", file=sys.stderr)
                not_taken += 1
        if not waiting:
            break
        time.sleep(random.random() * 0.1 * 2**tries)
    return not_taken


if __name__ == "__main__":
    topic, orders = sys.argv[1], [placed(order_id) for order_id in sys.argv[2:] or ["o-1001"]]
    try:
        if len(orders) == 1:
            publish(topic, orders[0])
        elif publish_all(topic, orders) > 0:
            sys.exit(1)
    except (ClientError, BotoCoreError) as error:
        # Nobody but the caller knows what to do now: keep the order and try later (see outbox/), or tell the customer.
        sys.exit(f"not published: {error}")
