"""`AWS::CloudWatch::CompositeAlarm` for MiniStack's CloudFormation, which lacks it although MiniStack's CloudWatch evaluates such alarms."""

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners


def _check(response):
    if response[0] >= 400:
        raise ValueError(f"AWS::CloudWatch::CompositeAlarm: {response[2]!r}")


def _put(name, props):
    # As JSON, so that lists stay lists.
    _check(cloudwatch._put_composite_alarm({}, {**props, "AlarmName": name}, False, True))
    return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}


def _create(logical_id, props, stack_name):
    return _put(props.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=255), props)


def _update(physical_id, old_props, new_props, stack_name, logical_id=None):
    name = new_props.get("AlarmName") or physical_id
    if name != physical_id:
        _delete(physical_id, old_props)
    return _put(name, new_props)


def _delete(physical_id, props):
    if physical_id in cloudwatch._composite_alarms:
        _check(cloudwatch._delete_alarms({}, {"AlarmNames": [physical_id]}, False, True))


def register():
    """Adds the resource type to CloudFormation's handlers."""
    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = {
        "create": _create,
        "update": _update,
        "update_with_logical_id": True,
        "delete": _delete,
    }
