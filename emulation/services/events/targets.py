"""The services that a rule may call, and how: one function a service, from its ARN and a text.

A rule whose target is not here is refused by name when the target is put.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localstack.utils.aws.arns import parse_arn, sqs_queue_url_for_arn

from emulation.services.events import inputs
from emulation.services.events.api_destinations import to_api_destination
from emulation.services.events.formatting import moment_of
from emulation.services.scope import Scope

Target = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """What a target is told, once."""

    target: Target
    text: str
    identifier: str
    """The same for every attempt."""
    event: Mapping[str, Any]
    rule_arn: str
    """Who tells it: a rule, or a schedule."""

    @property
    def arn(self) -> str:
        """Whom it is for."""
        return str(self.target["Arn"])

    @property
    def resource(self) -> str:
        """The last part of the ARN."""
        return str(parse_arn(self.arn)["resource"])

    def client(self, service: str) -> Any:
        """A client where the target is."""
        place = parse_arn(self.arn)
        return Scope(place["account"], place["region"]).client(service)

    def parameters(self) -> dict[str, Any]:
        """The text as request members, where the target's input was made for its API."""
        made = any(self.target.get(name) for name in ("Input", "InputTransformer"))
        found = json.loads(self.text) if made else {}
        return found if isinstance(found, dict) else {}


def to_lambda(call: Call) -> None:
    """An asynchronous invocation."""
    call.client("lambda_").invoke(
        FunctionName=call.arn, InvocationType="Event", Payload=call.text.encode()
    )


def to_sns(call: Call) -> None:
    """A message of a topic."""
    call.client("sns").publish(TopicArn=call.arn, Message=call.text)


def to_sqs(call: Call) -> None:
    """A message of a queue; a FIFO queue has its group from the target."""
    group = (call.target.get("SqsParameters") or {}).get("MessageGroupId")
    fifo = {"MessageGroupId": group} if group else {}
    if call.arn.endswith(".fifo"):
        fifo["MessageDeduplicationId"] = call.identifier
    call.client("sqs").send_message(
        QueueUrl=sqs_queue_url_for_arn(call.arn), MessageBody=call.text, **fifo
    )


def to_kinesis(call: Call) -> None:
    """A record of a stream; the event's id is its key, unless the target names a part of it."""
    path = (call.target.get("KinesisParameters") or {}).get("PartitionKeyPath")
    key = inputs.found_at(call.event, path) if path else None
    call.client("kinesis").put_record(
        StreamName=call.resource.partition("/")[2],
        Data=call.text.encode(),
        PartitionKey=str(key or call.event.get("id") or call.identifier),
    )


def to_firehose(call: Call) -> None:
    """A record of a delivery stream."""
    call.client("firehose").put_record(
        DeliveryStreamName=call.resource.partition("/")[2], Record={"Data": call.text.encode()}
    )


def to_logs(call: Call) -> None:
    """An event of a stream of its own; a template may give timestamp and message."""
    group = call.arn.split(":", 6)[6].removesuffix(":*")
    given = call.parameters()
    entry = {
        "timestamp": int(given.get("timestamp") or moment_of(call.event).timestamp() * 1000),
        "message": str(given.get("message") or call.text),
    }
    logs = call.client("logs")
    place = {"logGroupName": group, "logStreamName": call.identifier}
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(**place)
    logs.put_log_events(**place, logEvents=[entry])


def to_states(call: Call) -> None:
    """An execution, named after the delivery so that a retry starts no second one."""
    call.client("stepfunctions").start_execution(
        stateMachineArn=call.arn, name=call.identifier, input=call.text
    )


def to_codepipeline(call: Call) -> None:
    """An execution of a pipeline; a target's own input may give variables and revisions."""
    given = call.parameters()
    names = ("variables", "sourceRevisions")
    # Who started an execution is told of it.
    client = call.client("codepipeline").request_metadata(
        source_arn=call.rule_arn, service_principal="events"
    )
    client.start_pipeline_execution(
        name=call.resource,
        clientRequestToken=call.identifier,
        **{name: given[name] for name in names if name in given},
    )


def to_codebuild(call: Call) -> None:
    """A build of a project; a target's own input is StartBuild's members."""
    given = {"idempotencyToken": call.identifier, **call.parameters()}
    call.client("codebuild").start_build(**given | {"projectName": call.resource.split("/")[-1]})


@dataclass(frozen=True, slots=True)
class Kind:
    """A service that can be called."""

    send: Callable[[Call], None]
    needs_role: bool = False


KINDS = {
    "lambda": Kind(to_lambda),
    "sns": Kind(to_sns),
    "sqs": Kind(to_sqs),
    "logs": Kind(to_logs),
    "kinesis": Kind(to_kinesis, needs_role=True),
    "firehose": Kind(to_firehose, needs_role=True),
    "states": Kind(to_states, needs_role=True),
    "codepipeline": Kind(to_codepipeline, needs_role=True),
    "codebuild": Kind(to_codebuild, needs_role=True),
    "api-destination": Kind(
        lambda call: to_api_destination(call.arn, call.target, call.text), needs_role=True
    ),
}
"""By the name of `kind_name`; event buses and archives are the bus's own business."""

BUS, ARCHIVE = "event-bus", "archive"


def kind_name(arn: str) -> str:
    """What sort of target an ARN names."""
    parts = arn.split(":", 5)
    if parts[2] == "events":
        return parts[5].split("/")[0]
    return parts[2]
