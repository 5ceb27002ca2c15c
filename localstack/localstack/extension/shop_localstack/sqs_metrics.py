"""Turns off LocalStack's CloudWatch calls per message: most of its work under load, and they keep a core busy for minutes after.

The gauges that alarms use (messages visible, not visible, delayed) are still published once a minute.
"""

from localstack.runtime import hooks


@hooks.on_infra_start()
def publish_gauges_only():
    from localstack.services.sqs.provider import CloudwatchDispatcher

    CloudwatchDispatcher.dispatch_sqs_metric = lambda self, *args, **kwargs: None
