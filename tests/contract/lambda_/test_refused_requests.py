"""What a function or an invocation may not ask for."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.lambda_.functions import ECHO

ANY = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def refused(call, **request) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as refusal:
        call(**request)
    error = refusal.value.response["Error"]
    return (
        error["Code"],
        error["Message"],
        refusal.value.response["ResponseMetadata"]["HTTPStatusCode"],
    )


@pytest.mark.parametrize("kind", ["RequestResponse", "Event", "DryRun"])
@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"'x'", f"Unexpected character (''' (code 39)): expected a valid value {ANY}"),
        (b"x", f"Unrecognized token 'x': was expecting {ANY}"),
        (b"{", "Unexpected end-of-input"),
        (b'{"a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon to separate"),
        (b'"\x87"', "Invalid UTF-8 start byte 0x87"),
    ],
)
def test_payload_that_is_no_json(functions, aws, kind, payload, complaint):
    code, message, status = refused(
        aws("lambda").invoke,
        FunctionName=functions(ECHO),
        Payload=payload,
        InvocationType=kind,
    )
    assert (code, status) == ("InvalidRequestContentException", 400)
    assert message.startswith(
        f"Could not parse request body into json: Could not parse payload into json: {complaint}"
    )


@pytest.mark.parametrize("context", ["!", "bm90IGpzb24=", "MQ=="])
def test_client_context_that_is_no_object(functions, aws, context):
    assert refused(aws("lambda").invoke, FunctionName=functions(ECHO), ClientContext=context) == (
        "InvalidRequestContentException",
        "Client context must be a valid Base64-encoded JSON object.",
        400,
    )


def test_unknown_invocation_type(functions, aws):
    code, message, _ = refused(
        aws("lambda").invoke, FunctionName=functions(ECHO), InvocationType="Later"
    )
    assert (code, message) == (
        "ValidationException",
        "1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy "
        "constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
    )


def test_event_that_is_too_large(functions, aws):
    name = functions(ECHO)
    code, message, status = refused(
        aws("lambda").invoke,
        FunctionName=name,
        InvocationType="Event",
        Payload=b'"' + b"x" * 1_048_576 + b'"',
    )
    assert (code, status) == ("RequestEntityTooLargeException", 413)
    assert message.startswith("1048578 byte payload is too large for the Event invocation type")


def test_reserved_variables(functions):
    code, message, _ = refused(
        functions,
        code=ECHO,
        Environment={"Variables": {"AWS_REGION": "eu-west-1", "A": "b", "_HANDLER": "c"}},
    )
    assert code == "InvalidParameterValueException"
    assert message.endswith("Reserved keys used in this request: AWS_REGION, _HANDLER")


def test_timeout_past_the_limit(functions):
    code, message, _ = refused(functions, code=ECHO, Timeout=901)
    assert code == "ValidationException"
    assert message.endswith(
        "at 'timeout' failed to satisfy constraint: Member must have value "
        "less than or equal to 900"
    )


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("SnapStart", {"ApplyOn": "PublishedVersions"}),
        ("KMSKeyArn", "arn:aws:kms:us-east-1:000000000000:key/a"),
        (
            "FileSystemConfigs",
            [
                {
                    "Arn": "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/"
                    "fsap-12345678901234567",
                    "LocalMountPath": "/mnt/files",
                }
            ],
        ),
    ],
)
def test_member_that_nothing_acts_on_is_refused_by_name(functions, member, value):
    _, message, status = refused(functions, code=ECHO, **{member: value})
    assert (message, status) == (f"lambda functions with {member} are not emulated", 501)


def test_streaming_is_refused_by_name(functions, aws):
    name = functions(ECHO)
    _, message, status = refused(aws("lambda").invoke_with_response_stream, FunctionName=name)
    assert (message, status) == ("lambda.InvokeWithResponseStream is not emulated", 501)
    _, message, status = refused(
        aws("lambda").create_function_url_config,
        FunctionName=name,
        AuthType="NONE",
        InvokeMode="RESPONSE_STREAM",
    )
    assert status == 501
    assert message == "lambda function URLs with InvokeMode RESPONSE_STREAM are not emulated"


def test_dry_run_runs_nothing(functions, aws, unique):
    name = functions(ECHO)
    answer = aws("lambda").invoke(FunctionName=name, InvocationType="DryRun")
    assert (answer["StatusCode"], answer["Payload"].read()) == (204, b"")
    code, _, status = refused(
        aws("lambda").invoke, FunctionName=f"{unique}-none", InvocationType="DryRun"
    )
    assert (code, status) == ("ResourceNotFoundException", 404)
