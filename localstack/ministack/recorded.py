"""Resource types that CloudFormation records but that have no effect here. None of them affects how messages flow."""

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

TYPES = (
    "AWS::Budgets::Budget",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::EventSchemas::Discoverer",
    "AWS::EventSchemas::Registry",
    "AWS::EventSchemas::RegistryPolicy",
    "AWS::EventSchemas::Schema",
    "AWS::Events::EventBusPolicy",
    "AWS::Logs::QueryDefinition",
    "AWS::ResourceGroups::Group",
    "AWS::XRay::ResourcePolicy",
)


def _handler(resource_type):
    service = resource_type.split("::")[1].lower()

    def create(logical_id, props, stack_name):
        name = provisioners._physical_name(stack_name, logical_id, max_len=64)
        return name, {"Arn": f"arn:aws:{service}:{get_region()}:{get_account_id()}:{name}"}

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        return create(logical_id or physical_id, new_props, stack_name)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": lambda *_: None}


def _record_metric_math_alarms():
    """Records metric-math alarms, which MiniStack refuses. They never change state."""
    alarm = provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]
    recorded = _handler("AWS::CloudWatch::Alarm")

    def choose(operation, props_at):
        return lambda *args: (recorded if "Metrics" in args[props_at] else alarm)[operation](*args)

    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"] = {
        **alarm,
        "create": choose("create", 1),
        "update": choose("update", 2),
        "delete": choose("delete", 1),
    }


def register():
    """Adds the types that this version of MiniStack lacks."""
    _record_metric_math_alarms()
    for resource_type in TYPES:
        provisioners._RESOURCE_HANDLERS.setdefault(resource_type, _handler(resource_type))
