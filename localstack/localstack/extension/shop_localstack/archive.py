"""`AWS::Events::Archive` for LocalStack's CloudFormation, whose own resource creates nothing."""

import json

from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
)
from localstack.utils.strings import short_uid

TYPE = "AWS::Events::Archive"


class ArchiveProvider(ResourceProvider):
    TYPE = TYPE
    SCHEMA = {
        "typeName": TYPE,
        "properties": {
            "ArchiveName": {"type": "string"},
            "Arn": {"type": "string"},
            "Description": {"type": "string"},
            "EventPattern": {"type": "object"},
            "KmsKeyIdentifier": {"type": "string"},
            "RetentionDays": {"type": "integer"},
            "SourceArn": {"type": "string"},
        },
        "required": ["SourceArn"],
        "createOnlyProperties": ["/properties/ArchiveName", "/properties/SourceArn"],
        "readOnlyProperties": ["/properties/Arn"],
        "primaryIdentifier": ["/properties/ArchiveName"],
    }

    def create(self, request):
        model = request.desired_state
        model.setdefault("ArchiveName", f"{request.stack_name[:20]}-{request.logical_resource_id[:18]}-{short_uid()}")
        events = request.aws_client_factory.events
        model["Arn"] = events.create_archive(EventSourceArn=model["SourceArn"], **_settings(model))["ArchiveArn"]
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)

    def update(self, request):
        before, model = request.previous_state, request.desired_state
        model["ArchiveName"] = before["ArchiveName"]
        model["Arn"] = request.aws_client_factory.events.update_archive(**_settings(model))["ArchiveArn"]
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)

    def delete(self, request):
        events = request.aws_client_factory.events
        try:
            events.delete_archive(ArchiveName=request.desired_state["ArchiveName"])
        except events.exceptions.ResourceNotFoundException:
            pass
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=request.desired_state)


def _settings(model):
    pattern = model.get("EventPattern")
    return {
        "ArchiveName": model["ArchiveName"],
        "Description": model.get("Description", ""),
        "RetentionDays": int(model.get("RetentionDays", 0)),
        **({"EventPattern": json.dumps(pattern)} if pattern else {}),
    }


class ArchiveProviderPlugin(CloudFormationResourceProviderPlugin):
    name = TYPE

    def load(self):
        self.factory = ArchiveProvider
