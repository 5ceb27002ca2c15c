"""`AWS::Events::Archive` for MiniStack's CloudFormation, which lacks it although MiniStack's EventBridge has archives."""

import json

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners


def _request(name, props):
    pattern = props.get("EventPattern", "")
    return {
        "ArchiveName": name,
        "EventSourceArn": props.get("SourceArn", ""),
        "Description": props.get("Description", ""),
        "EventPattern": json.dumps(pattern) if isinstance(pattern, dict) else pattern,
        "RetentionDays": int(props.get("RetentionDays", 0)),
        "KmsKeyIdentifier": props.get("KmsKeyIdentifier", ""),
    }


def _parse(response):
    status, _, body = response
    if status >= 400:
        raise ValueError(f"AWS::Events::Archive: {body!r}")
    return json.loads(body)


def _create(logical_id, props, stack_name):
    name = props.get("ArchiveName") or provisioners._physical_name(stack_name, logical_id, max_len=48)
    arn = _parse(eventbridge._create_archive(_request(name, props)))["ArchiveArn"]
    return name, {"Arn": arn, "ArchiveName": name}


def _update(physical_id, old_props, new_props, stack_name, logical_id=None):
    name = new_props.get("ArchiveName") or physical_id
    if name != physical_id or old_props.get("SourceArn") != new_props.get("SourceArn"):
        _delete(physical_id, old_props)
        return _create(logical_id, {**new_props, "ArchiveName": name}, stack_name)
    arn = _parse(eventbridge._update_archive(_request(name, new_props)))["ArchiveArn"]
    return name, {"Arn": arn, "ArchiveName": name}


def _delete(physical_id, props):
    # The result is ignored: an archive that no longer exists counts as deleted.
    eventbridge._delete_archive({"ArchiveName": physical_id})


def register():
    """Adds the resource type to CloudFormation's handlers."""
    provisioners._RESOURCE_HANDLERS["AWS::Events::Archive"] = {
        "create": _create,
        "update": _update,
        "update_with_logical_id": True,
        "delete": _delete,
    }
