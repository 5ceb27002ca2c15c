"""Lets a topic filter bodies that are nested deeply; LocalStack's parser recurses, and the whole PublishBatch failed."""

from localstack.runtime import hooks
from nested_json import handles_deep_body, shorten


def install():
    """Leaves a LocalStack alone that filters such bodies itself."""
    from localstack.services.sns.filter import SubscriptionFilter

    matches = SubscriptionFilter.check_filter_policy_on_message_body
    if not handles_deep_body(lambda body: matches(SubscriptionFilter(), {"type": ["deep"]}, body)):
        SubscriptionFilter.check_filter_policy_on_message_body = lambda self, filter_policy, message_body: matches(
            self, filter_policy, shorten(message_body)
        )


@hooks.on_infra_start()
def filter_nested_bodies():
    install()
