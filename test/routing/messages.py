"""What a rule's input transformer makes of an event, and what the receivers document."""

import json
import re

from jsonschema import Draft202012Validator

TEXT = {"type": "string", "minLength": 1}

# https://developer.pagerduty.com/docs/events-api-v2-overview: PagerDuty's own names and bounds.
PAGERDUTY_EVENT = {
    "type": "object",
    "required": ["routing_key", "event_action", "dedup_key", "payload"],
    "additionalProperties": False,
    "properties": {
        "routing_key": {"type": "string", "minLength": 32, "maxLength": 32},
        "event_action": {"const": "trigger"},
        "dedup_key": {**TEXT, "maxLength": 255},
        "client": TEXT,
        "client_url": {**TEXT, "pattern": "^https?://"},
        "payload": {
            "type": "object",
            "required": ["summary", "source", "severity"],
            "additionalProperties": False,
            "properties": {
                "summary": {**TEXT, "maxLength": 1024},
                "source": TEXT,
                "severity": {"enum": ["critical", "error", "warning", "info"]},
                "timestamp": {
                    "type": "string",
                    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$",
                },
                "component": TEXT,
                "group": TEXT,
                "class": TEXT,
                "custom_details": {"type": "object"},
            },
        },
        "links": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["href"],
                "additionalProperties": False,
                "properties": {
                    "href": {"type": "string", "pattern": "^https?://[^<>\" ]+$"},
                    "text": TEXT,
                },
            },
        },
    },
}

WEBHOOK_MESSAGE = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {**TEXT, "maxLength": 4000, "pattern": "^[^<>]*$"}},
}


def transform(transformer, event):
    """
    The template with the event's values in it: a variable between quotation marks is replaced by
    the bare value, any other by the value as JSON. EventBridge escapes nothing, so neither is done
    here. A variable that finds nothing is a fault: what EventBridge does then is not documented.
    """
    values = {}
    for name, path in transformer["InputPathsMap"].items():
        value = event
        for field in path.removeprefix("$.").split("."):
            if not isinstance(value, dict) or value.get(field) is None:
                raise ValueError(f"{path} is not in the event")
            value = value[field]
        values[name] = value

    def put_in(text_or_variable):
        text, variable = text_or_variable.groups()
        if variable is not None:
            return json.dumps(values[variable])
        return re.sub(r"<([\w-]+)>", lambda found: bare(values[found[1]]), text)

    return re.sub(r'("(?:[^"\\]|\\.)*")|<([\w-]+)>', put_in, transformer["InputTemplate"])


def bare(value):
    return value if isinstance(value, str) else json.dumps(value)


def problems_with(route, message, event, runbook_base_url):
    """Every reason for which a route's receiver would not take a message, or a person not like it."""
    link = runbook_base_url + event["detail"]["runbook"]
    if route == "email":
        lines = [json.loads(line) for line in message.split("\n")]
        return [
            f"{what} is missing"
            for what in (event["detail"]["summary"], event["detail"]["severity"], link)
            if not any(what in line for line in lines)
        ]
    body = json.loads(message)
    if route == "webhook":
        schema = WEBHOOK_MESSAGE
        expected = [(link in body["text"], "no link to the runbook")]
    else:
        schema = PAGERDUTY_EVENT
        body["routing_key"] = "0123456789abcdef0123456789abcdef"  # which the connection adds
        detail, payload = event["detail"], body["payload"]
        expected = [
            (body["dedup_key"] == detail["alertId"], "dedup_key is not the alert's id"),
            (payload["summary"] == detail["summary"], "another summary"),
            (payload["severity"] == detail["severity"], "another severity"),
            (payload["timestamp"] == detail["occurredAt"], "another time"),
            (payload["class"] == event["detail-type"], "another class"),
            (payload["group"] == detail["tenant"], "another tenant"),
            (payload["custom_details"] == detail, "custom_details is not the detail"),
            (body["links"][0]["href"] == link, "no link to the runbook"),
        ]
    return [error.message for error in Draft202012Validator(schema).iter_errors(body)] + [
        reason for holds, reason in expected if not holds
    ]
