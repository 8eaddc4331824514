"""
Checks the alert rules of the synthesized templates with a matcher that is not ours: moto's
EventBridge, over HTTP on a loopback port. Real alerts are put on its bus by the functions' own
adapter, together with events of every type, severity and source; each rule has a queue of its own,
and what arrives there is compared with what the stage's settings say. Then each rule's input
transformer is applied to what it matched, and the result held against what its receiver documents.

    python3 -m venv DIR && DIR/bin/pip install -r test/routing/requirements.txt
    DIR/bin/python test/routing/check_rules.py

Needs `npm ci`. Prints a line for each check; `--outputFile FILE` also writes the counts, under the
names that jest uses.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

sys.dont_write_bytecode = True  # the checkout stays as it was
from made_up_events import SEVERITIES, SOURCE, TYPES, made_up_events  # noqa: E402
from messages import problems_with, transform  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
RUNBOOKS = "https://docs.example.com/billing"
# Two stages: one with the routes as they are by default, one in which everything is chosen.
STAGES = {
    "plain": {
        "alertEmail": {"to": ["billing@example.com"]},
        "alertPagerDuty": {"routingKeySecret": "pagerduty"},
        "alertWebhook": {"urlSecret": "webhook"},
    },
    "chosen": {
        "alertEmail": {
            "to": ["billing@example.com"],
            "severities": ["info"],
            "types": ["BUDGET_FORECAST_EXCEEDED", "BUDGET_THRESHOLD_CROSSED"],
        },
        "alertPagerDuty": {
            "routingKeySecret": "pagerduty",
            "severities": ["warning", "critical"],
            "types": ["LEDGER_DRIFT", "RPM_QUOTA_EXCEEDED"],
        },
        "alertWebhook": {"urlSecret": "webhook", "severities": SEVERITIES},
    },
}

# What each route should take, written down by hand: severities, and types or None for all of them.
EXPECTED = {
    ("plain", "email"): (["warning", "critical"], None),
    ("plain", "pagerduty"): (["critical"], None),
    ("plain", "webhook"): (["warning", "critical"], None),
    ("chosen", "email"): (["info"], ["BUDGET_FORECAST_EXCEEDED", "BUDGET_THRESHOLD_CROSSED"]),
    ("chosen", "pagerduty"): (["warning", "critical"], ["LEDGER_DRIFT", "RPM_QUOTA_EXCEEDED"]),
    ("chosen", "webhook"): (SEVERITIES, None),
}


class Checks:
    passed = failed = 0

    def check(self, name, problems):
        if problems:
            self.failed += 1
            print(f"FAILED  {name}: {'; '.join(map(str, problems[:5]))}")
        else:
            self.passed += 1
            print(f"ok      {name}")


def run(command, **variables):
    # Without the SDK's remarks on the version of Node.
    environment = {**os.environ, "NODE_NO_WARNINGS": "1", **variables}
    result = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True
    )
    return result.stdout.decode()


def synthesize(stage, folder):
    """The bus, the archive and the rules of a stage, as CloudFormation would be given them."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    settings = {**STAGES[stage], "runbookBaseUrl": RUNBOOKS}
    context.update(stage=stage, stages={stage: settings})
    run(
        ["node", "--import", "tsx", "bin/maestro-billing.ts"],
        CDK_OUTDIR=str(folder),
        CDK_CONTEXT_JSON=json.dumps(context),
    )
    resources = [
        resource
        for template in sorted(folder.glob("*.template.json"))
        for resource in json.loads(template.read_text())["Resources"].values()
    ]

    def of_type(name):
        return [each["Properties"] for each in resources if each["Type"] == f"AWS::Events::{name}"]

    [bus], [archive] = of_type("EventBus"), of_type("Archive")
    prefix = f"maestro-billing-{stage}-alerts-"
    rules = {rule["Name"].removeprefix(prefix): rule for rule in of_type("Rule")}
    return bus["Name"], archive, rules


class Moto:
    """moto's EventBridge and SQS, with a queue behind each rule."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        keys = {"aws_access_key_id": "moto", "aws_secret_access_key": "moto"}
        here = {"endpoint_url": endpoint, "region_name": "eu-west-1", **keys}
        self.events = boto3.client("events", **here)
        self.sqs = boto3.client("sqs", **here)
        self.queues = {}

    def deploy(self, bus, archive, rules):
        arn = self.events.create_event_bus(Name=bus)["EventBusArn"]
        self.events.create_archive(
            ArchiveName=archive["ArchiveName"],
            EventSourceArn=arn,
            EventPattern=json.dumps(archive["EventPattern"]),
            RetentionDays=archive["RetentionDays"],
        )
        for rule in rules.values():
            name = rule["Name"]
            self.queues[name] = url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
            attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            target = {
                "Id": "queue",
                "Arn": attributes["Attributes"]["QueueArn"],
                # The whole event. moto's own way to it parses eight JSON paths for each event.
                "InputTransformer": {
                    "InputPathsMap": {"id": "$.id"},
                    "InputTemplate": "<aws.events.event.json>",
                },
            }
            pattern = json.dumps(rule["EventPattern"])
            state = rule["State"]
            self.events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern, State=state)
            self.events.put_targets(Rule=name, EventBusName=bus, Targets=[target])

    def put(self, bus, events):
        for start in range(0, len(events), 10):
            entries = [
                {
                    "EventBusName": bus,
                    "Source": event["source"],
                    "DetailType": event["detail-type"],
                    "Detail": json.dumps(event["detail"]),
                }
                for event in events[start : start + 10]
            ]
            answer = self.events.put_events(Entries=entries)
            if answer["FailedEntryCount"] > 0:
                raise RuntimeError(f"moto refused {answer}")

    def put_real_alerts(self, bus):
        """By the adapter of the functions, through the AWS SDK for JavaScript."""
        printed = run(
            ["node", "--import", "tsx", "test/routing/put-sample-alerts.ts", bus],
            AWS_ENDPOINT_URL_EVENTBRIDGE=self.endpoint,
            AWS_REGION="eu-west-1",
            AWS_ACCESS_KEY_ID="moto",
            AWS_SECRET_ACCESS_KEY="moto",
        )
        return [
            {"source": SOURCE, "detail-type": alert["type"], "detail": alert["detail"]}
            for alert in json.loads(printed)
        ]

    def arrived(self, rule):
        url, found = self.queues[rule], []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def archived(self, archive):
        return self.events.describe_archive(ArchiveName=archive["ArchiveName"])["EventCount"]


def belongs(event, severities, types):
    return (
        event["source"] == SOURCE
        and event["detail"].get("severity") in severities
        and (types is None or event["detail-type"] in types)
    )


def named(event):
    return (event["detail-type"], event["detail"]["alertId"])


def check_rule(checks, stage, route, arrived, put):
    expected = {named(event) for event in put if belongs(event, *EXPECTED[stage, route])}
    found = [named(event) for event in arrived]
    checks.check(
        f"{stage}: {route} takes {len(expected)} of {len(put)} events, each once",
        [f"{name} is missing" for name in sorted(expected - set(found))]
        + [f"{name} does not belong there" for name in sorted(set(found) - expected)]
        + ([] if len(found) == len(set(found)) else ["some came twice"]),
    )


def check_messages(checks, stage, route, rule, real):
    [target] = rule["Targets"]
    for event in real:
        name = f"{stage}: {route} can read {event['detail-type']} ({event['detail']['severity']})"
        try:
            message = transform(target["InputTransformer"], event)
            checks.check(name, problems_with(route, message, event, RUNBOOKS))
        except (ValueError, KeyError) as fault:
            checks.check(name, [f"{type(fault).__name__}: {fault}"])


def check_stage(checks, moto, stage, folder):
    bus, archive, rules = synthesize(stage, folder)
    checks.check(
        f"{stage}: the routes are {', '.join(sorted(rules))}",
        [] if {(stage, route) for route in rules} == {key for key in EXPECTED if key[0] == stage}
        else ["not those of the settings"],
    )
    moto.deploy(bus, archive, rules)
    made_up = made_up_events()
    real = moto.put_real_alerts(bus)
    checks.check(
        f"{stage}: the adapter puts alerts of every type",
        sorted(set(TYPES) ^ {event["detail-type"] for event in real}),
    )
    moto.put(bus, made_up)
    put = real + made_up
    # The same on another bus must reach nobody.
    moto.put("default", put)
    ours = sum(event["source"] == SOURCE for event in put)
    checks.check(
        f"{stage}: the archive keeps our {ours} events and no other",
        [] if (kept := moto.archived(archive)) == ours else [f"it keeps {kept}"],
    )
    for route, rule in rules.items():
        check_rule(checks, stage, route, moto.arrived(rule["Name"]), put)
        matched = [event for event in real if belongs(event, *EXPECTED[stage, route])]
        check_messages(checks, stage, route, rule, matched)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--outputFile", type=Path)
    arguments.add_argument("--json", action="store_true", help="accepted beside --outputFile")
    options = arguments.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    checks = Checks()
    run(["npm", "run", "--silent", "build"])
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        moto = Moto(f"http://{host}:{port}")
        with tempfile.TemporaryDirectory() as folder:
            for stage in STAGES:
                check_stage(checks, moto, stage, Path(folder) / stage)
    finally:
        server.stop()
    if options.outputFile:
        counts = {"numPassedTests": checks.passed, "numFailedTests": checks.failed}
        options.outputFile.write_text(json.dumps({**counts, "numRuntimeErrorTestSuites": 0}))
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
