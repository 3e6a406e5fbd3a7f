"""Mappings that AWS refuses, in its words, and those that are refused by name."""

import pytest

INVALID = "InvalidParameterValueException"


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        (
            "MaximumRecordAgeInSeconds",
            59,
            "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 "
            "(inclusive)",
        ),
        ("StartingPosition", "AT_TIMESTAMP", "Need to specify a timestamp"),
        ("FunctionName", "no-such-function", "Function does not exist"),
    ],
)
def test_mapping_out_of_bounds_is_refused(function, refused, option, value, message):
    assert refused(function(), **{option: value}) == (INVALID, message)


@pytest.mark.parametrize(
    ("option", "value", "most"),
    [
        ("BatchSize", 10_001, 10_000),
        ("ParallelizationFactor", 11, 10),
        ("MaximumBatchingWindowInSeconds", 301, 300),
        ("MaximumRetryAttempts", 10_001, 10_000),
        ("MaximumRecordAgeInSeconds", 604_801, 604_800),
        ("TumblingWindowInSeconds", 901, 900),
    ],
)
def test_more_than_the_most_is_refused(function, refused, option, value, most):
    place = f"{option[0].lower()}{option[1:]}"
    assert refused(function(), **{option: value}) == (
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{place}' failed to satisfy constraint: "
        f"Member must have value less than or equal to {most}",
    )


@pytest.mark.parametrize("suffix", ["", "/consumer/missing:1700000000"])
def test_missing_source_is_refused(function, refused, stream, suffix):
    missing = f"{stream}{suffix}" if suffix else f"{stream}-missing"
    assert refused(function(), EventSourceArn=missing) == (INVALID, f"Stream not found: {missing}")


@pytest.mark.parametrize(
    "destination",
    [
        "arn:aws:sqs:us-east-1:000000000000:q.fifo",
        "arn:aws:dynamodb:us-east-1:000000000000:table/t",
    ],
)
def test_destination_that_takes_no_records_is_refused(function, refused, destination):
    code, message = refused(
        function(), DestinationConfig={"OnFailure": {"Destination": destination}}
    )
    assert code == INVALID
    assert message.startswith("The provided destination config DestinationConfig(onSuccess=null")


def test_second_mapping_of_the_same_is_refused(function, refused, mapping, stream):
    name = function()
    uuid = mapping(name, stream)
    code, message = refused(name)
    assert code == "ResourceConflictException"
    assert message.endswith(f"Please update or delete the existing mapping with UUID {uuid}")


def test_update_out_of_bounds_changes_nothing(function, mapping, stream, aws):
    uuid = mapping(function(), stream)
    client = aws("lambda")
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        client.update_event_source_mapping(UUID=uuid, MaximumRecordAgeInSeconds=1)
    assert client.get_event_source_mapping(UUID=uuid)["MaximumRecordAgeInSeconds"] == -1


def test_mapping_that_does_not_exist_is_not_found(aws):
    client = aws("lambda")
    for call in (client.get_event_source_mapping, client.delete_event_source_mapping):
        with pytest.raises(client.exceptions.ResourceNotFoundException) as refusal:
            call(UUID="00000000-0000-0000-0000-000000000000")
        assert refusal.value.response["Error"]["Message"] == (
            "The resource you requested does not exist."
        )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k"}, "with KMSKeyArn"),
        (
            {
                "EventSourceArn": "arn:aws:kafka:us-east-1:000000000000:cluster/c/1",
                "Topics": ["topic"],
            },
            "of kafka",
        ),
    ],
)
def test_what_nothing_acts_on_is_refused_by_name(function, refused, options, named):
    code, message = refused(function(), **options)
    assert code == "InternalFailure"
    assert named in message
    assert message.endswith("not emulated")


def test_setting_that_a_queue_s_mapping_ignores_is_refused_by_name(function, refused, queue):
    options = {"EventSourceArn": queue[1], "ScalingConfig": {"MaximumConcurrency": 2}}
    assert "of sqs with ScalingConfig are not emulated" in refused(function(), **options)[1]
