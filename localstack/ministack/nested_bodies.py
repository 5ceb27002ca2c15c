"""Lets a topic filter bodies that are nested deeply; MiniStack's parser recurses, and the whole PublishBatch failed."""

from ministack.services import sns
from nested_json import handles_deep_body, shorten

_SUBSCRIPTION = {"attributes": {"FilterPolicyScope": "MessageBody", "FilterPolicy": '{"type":["deep"]}'}}


def register():
    """Leaves a MiniStack alone that filters such bodies itself."""
    matches = sns._matches_filter_policy
    if not handles_deep_body(lambda body: matches(_SUBSCRIPTION, {}, body)):
        sns._matches_filter_policy = lambda sub, attributes, message="": matches(sub, attributes, shorten(message))
