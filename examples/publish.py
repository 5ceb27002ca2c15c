"""An existing service publishes an order: boto3 and nothing of ours.

python examples/publish.py <topic ARN> [order id]
"""

import json
import sys
import uuid
from datetime import datetime, timezone

import boto3

topic_arn, order_id = sys.argv[1], (sys.argv[2:] or ["o-1001"])[0]
event = {
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
answer = boto3.client("sns").publish(TopicArn=topic_arn, Message=json.dumps(event))
print(f"published {order_id} as {answer['MessageId']}")
