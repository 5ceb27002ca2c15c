"""Puts an event into the template of a rule's target as JSON, whatever its strings contain.

LocalStack takes the backslashes of quotes away and breaks lines at `\\n`: the message was lost, or its text was another.
"""

import json
import re

from localstack.runtime import hooks

_PLACEHOLDER = re.compile(r"<(.*?)>")


def _render(template, replacements):
    """Returns the message; `None` for a template with a variable inside a string, which LocalStack itself renders."""
    text = _PLACEHOLDER.sub(lambda match: json.dumps(replacements.get(match.group(1), "")), template)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def install():
    from localstack.services.events import target

    replace = target.replace_template_placeholders

    def replace_placeholders(template, replacements):
        holds_json = template.strip().startswith("{") and any(isinstance(one, dict) for one in replacements.values())
        message = _render(template, replacements) if holds_json else None
        return replace(template, replacements) if message is None else message

    target.replace_template_placeholders = replace_placeholders


@hooks.on_infra_start()
def transform_input_to_json():
    install()
