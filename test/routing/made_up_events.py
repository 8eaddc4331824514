"""Events of every type, severity and source, most of which no rule should take."""

import itertools

SOURCE = "maestro.billing"
TYPES = [
    "BUDGET_THRESHOLD_CROSSED",
    "BUDGET_SOFT_CAP_EXCEEDED",
    "BUDGET_GRACE_EXCEEDED",
    "BUDGET_HARD_CAP_HIT",
    "BUDGET_FORECAST_EXCEEDED",
    "RPM_QUOTA_EXCEEDED",
    "TOKENS_PER_DAY_EXCEEDED",
    "MODEL_NOT_ALLOWED",
    "LEDGER_DRIFT",
]
# Types of later versions, which a route without a list of types takes too.
LATER_TYPES = ["OVERRIDE_REQUESTED", "EXPORT_FAILED"]
SEVERITIES = ["info", "warning", "critical"]
NO_SEVERITIES = ["CRITICAL", "error", "", None]
SOURCES = [SOURCE, "maestro.billing.copy", "maestro", "aws.health"]


def made_up_events():
    """Every type with every severity from every source, and what is no severity at all."""
    combinations = itertools.product(SOURCES, TYPES + LATER_TYPES, SEVERITIES + NO_SEVERITIES)
    events = []
    for number, (source, type_, severity) in enumerate(combinations):
        detail = {"alertId": f"made-up-{number}", "tenant": "acme"}
        if severity is not None:
            detail["severity"] = severity
        events.append({"source": source, "detail-type": type_, "detail": detail})
    return events
