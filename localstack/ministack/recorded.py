"""Resource types that CloudFormation keeps and shows here, and that do nothing: nothing in a message's way."""

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


def _keep_metric_math():
    """MiniStack refuses an alarm over an expression: it is kept without ever going off."""
    alarm = provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]
    kept = _handler("AWS::CloudWatch::Alarm")

    def choose(operation, props_at):
        return lambda *args: (kept if "Metrics" in args[props_at] else alarm)[operation](*args)

    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"] = {
        **alarm,
        "create": choose("create", 1),
        "update": choose("update", 2),
        "delete": choose("delete", 1),
    }


def register():
    """Adds those that this version of MiniStack does not know itself."""
    _keep_metric_math()
    for resource_type in TYPES:
        provisioners._RESOURCE_HANDLERS.setdefault(resource_type, _handler(resource_type))
