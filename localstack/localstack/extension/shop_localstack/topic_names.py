"""Names topics as CloudFormation does, after their stack: a key's policy goes by that, and LocalStack names them `topic-…`."""

import functools

from localstack.runtime import hooks
from localstack.utils.strings import short_uid


def _named(create):
    @functools.wraps(create)
    def create_named(self, request):
        model = request.desired_state
        if model.get("TopicName") is None:
            suffix = ".fifo" if str(model.get("FifoTopic", False)).lower() == "true" else ""
            model["TopicName"] = f"{request.stack_name}-{request.logical_resource_id}-{short_uid()}{suffix}"
        return create(self, request)

    return create_named


@hooks.on_infra_start()
def name_topics_after_their_stack():
    from localstack.services.sns.resource_providers.aws_sns_topic import SNSTopicProvider

    SNSTopicProvider.create = _named(SNSTopicProvider.create)
