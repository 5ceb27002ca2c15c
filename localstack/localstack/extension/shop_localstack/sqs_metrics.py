"""LocalStack calls CloudWatch several times for each message: most of its work under load, and a core for minutes after.

The gauges that alarms look at (messages visible, not visible, delayed) are published once a minute as before.
"""

from localstack.runtime import hooks


@hooks.on_infra_start()
def publish_gauges_only():
    from localstack.services.sqs.provider import CloudwatchDispatcher

    CloudwatchDispatcher.dispatch_sqs_metric = lambda self, *args, **kwargs: None
