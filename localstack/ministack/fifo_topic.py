"""Sets the FIFO attributes of topics that MiniStack's CloudFormation creates; without them PublishBatch drops message groups."""

from ministack.services import sns
from ministack.services.cloudformation import provisioners


def _make_fifo(arn, props):
    topic = sns._topics.get(arn)
    if topic is None or str(props.get("FifoTopic", "")).lower() != "true":
        return
    by_content = str(props.get("ContentBasedDeduplication", "false")).lower()
    topic["attributes"].update({"FifoTopic": "true", "ContentBasedDeduplication": by_content})
    topic.setdefault("dedup_cache", {})
    topic.setdefault("fifo_seq", 0)


def _then_make_fifo(operation, props_at):
    def run(*args, **kwargs):
        result = operation(*args, **kwargs)
        _make_fifo(result[0], args[props_at])
        return result

    return run


def register():
    """Gives a stack's topic the attributes that the CreateTopic API sets."""
    topic = provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"]
    provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"] = {
        **topic,
        "create": _then_make_fifo(topic["create"], 1),
        "update": _then_make_fifo(topic["update"], 2),
    }
