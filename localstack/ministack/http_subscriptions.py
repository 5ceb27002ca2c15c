"""Asks an HTTP endpoint that CloudFormation subscribes to confirm, as `Subscribe` does; MiniStack's resource leaves it unasked."""

import asyncio
import threading

from ministack.core.responses import new_uuid
from ministack.services import sns
from ministack.services.cloudformation import provisioners


def register():
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SNS::Subscription"]
    subscribe = handlers["create"]

    def subscribe_and_ask(logical_id, props, stack_name):
        arn, attributes = subscribe(logical_id, props, stack_name)
        topic = sns._sub_arn_to_topic.get(arn)
        subscription = sns._find_subscription(topic, arn) if topic else None
        if subscription and not subscription["confirmed"]:
            subscription["token"] = new_uuid()
            subscription["attributes"]["PendingConfirmation"] = "true"
            ask = sns._send_subscription_confirmation(topic, subscription)
            # Not waited for: the endpoint confirms at this engine, which is busy with the deployment.
            threading.Thread(target=asyncio.run, args=(ask,), daemon=True).start()
        return arn, attributes

    handlers["create"] = subscribe_and_ask
