"""Lifecycle rules act: what they do to objects when time passes, and what they may not say."""

import json
from datetime import UTC, datetime

import pytest

from tests.contract.refusals import refusal

LARGE = b"x" * 131_072
SMALL = b"x" * 131_071


def put_rules(s3, bucket, *rules, **more):
    complete = [
        {"ID": f"rule {number}", "Status": "Enabled", "Filter": {"Prefix": ""}, **rule}
        for number, rule in enumerate(rules)
    ]
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": complete}, **more
    )


def classes(s3, bucket) -> dict[str, str]:
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {item["Key"]: item["StorageClass"] for item in listed}


def to(storage_class, days):
    return {"Transitions": [{"Days": days, "StorageClass": storage_class}]}


def test_objects_go_down_the_waterfall_and_end(s3, bucket, pass_time):
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE)
    steps = [("STANDARD_IA", 30), ("GLACIER_IR", 60), ("GLACIER", 90), ("DEEP_ARCHIVE", 180)]
    transitions = [{"Days": days, "StorageClass": name} for name, days in steps]
    put_rules(s3, bucket, {"Transitions": transitions, "Expiration": {"Days": 365}})
    seen = []
    for span in ("29d", "2d", "30d", "30d", "90d", "185d"):
        pass_time(span)
        seen.append(classes(s3, bucket).get("k"))
    assert seen == ["STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE", None]


def test_jump_does_everything_in_its_order(aws, s3, bucket, queue, pass_time, waiting):
    arn, received = queue
    events = ["s3:LifecycleTransition", "s3:LifecycleExpiration:*"]
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": events}]},
    )
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE)
    put_rules(s3, bucket, to("GLACIER", 10) | {"Expiration": {"Days": 20}})
    pass_time("40d")

    def told():
        records = [json.loads(body).get("Records", [{}])[0] for body in received()]
        found = sorted((item for item in records if item), key=lambda item: item["eventTime"])
        return found if len(found) == 2 else None

    transition, expiration = waiting("both events", told)
    assert transition["eventName"] == "LifecycleTransition"
    assert transition["lifecycleEventData"] == {
        "transitionEventData": {"destinationStorageClass": "GLACIER"}
    }
    assert expiration["eventName"] == "LifecycleExpiration:Delete"
    times = [datetime.fromisoformat(item["eventTime"]) for item in (transition, expiration)]
    assert (times[1] - times[0]).days == 10
    assert not classes(s3, bucket)


def test_event_bus_is_told_of_a_transition(aws, s3, bucket, queue, pass_time, waiting):
    arn, received = queue
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    pattern["detail-type"] = ["Object Storage Class Changed"]
    aws("events").put_rule(Name=bucket, EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule=bucket, Targets=[{"Id": "q", "Arn": arn}])
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket=bucket, Key="k", Body=LARGE)
    put_rules(s3, bucket, to("DEEP_ARCHIVE", 1))
    pass_time("2d")
    detail = json.loads(waiting("the event", received)[0])["detail"]
    assert detail["destination-storage-class"] == "DEEP_ARCHIVE"
    assert detail["object"]["key"] == "k"


@pytest.mark.parametrize(
    ("condition", "chosen"),
    [
        ({"Prefix": "a/"}, {"a/tagged"}),
        ({"Tag": {"Key": "kind", "Value": "log"}}, {"a/tagged", "b/tagged"}),
        ({"ObjectSizeLessThan": 10}, {"b/small"}),
        (
            {"And": {"Prefix": "b/", "Tags": [{"Key": "kind", "Value": "log"}]}},
            {"b/tagged"},
        ),
    ],
)
def test_filter_chooses_objects(s3, bucket, pass_time, condition, chosen):
    for key in ("a/tagged", "b/tagged"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 10, Tagging="kind=log")
    s3.put_object(Bucket=bucket, Key="b/small", Body=b"x")
    put_rules(s3, bucket, {"Filter": condition, "Expiration": {"Days": 1}})
    pass_time("2d")
    assert {"a/tagged", "b/tagged", "b/small"} - classes(s3, bucket).keys() == chosen


def test_small_objects_stay_unless_the_rule_or_the_bucket_says_otherwise(s3, bucket, pass_time):
    for key in ("default", "sized"):
        s3.put_object(Bucket=bucket, Key=key, Body=SMALL)
    sized = {"And": {"Prefix": "sized", "ObjectSizeGreaterThan": 0}}
    put_rules(s3, bucket, to("GLACIER", 1), {"Filter": sized, **to("STANDARD_IA", 30)})
    pass_time("32d")
    assert classes(s3, bucket) == {"default": "STANDARD", "sized": "STANDARD_IA"}
    varies = {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    put_rules(s3, bucket, to("GLACIER", 1), **varies)
    pass_time("1d")
    assert classes(s3, bucket) == {"default": "GLACIER", "sized": "GLACIER"}


def test_versions_that_are_not_current_move_and_end(s3, bucket, pass_time):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    ids = [s3.put_object(Bucket=bucket, Key="k", Body=LARGE)["VersionId"] for _ in range(4)]
    put_rules(
        s3,
        bucket,
        {
            "NoncurrentVersionTransitions": [{"NoncurrentDays": 5, "StorageClass": "GLACIER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 10, "NewerNoncurrentVersions": 2},
        },
    )
    pass_time("6d")
    assert stored(s3, bucket) == dict(zip(ids, ["GLACIER"] * 3 + ["STANDARD"], strict=True))
    pass_time("5d")
    assert stored(s3, bucket).keys() == set(ids[1:])
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == LARGE


def stored(s3, bucket) -> dict[str, str]:
    found = s3.list_object_versions(Bucket=bucket).get("Versions", [])
    return {item["VersionId"]: item["StorageClass"] for item in found}


def test_expiration_hides_and_lone_delete_markers_go(s3, bucket, pass_time):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    put_rules(
        s3,
        bucket,
        {
            "Filter": {"Prefix": "k"},
            "Expiration": {"Days": 10},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 5},
        },
        {"Expiration": {"ExpiredObjectDeleteMarker": True}},
    )
    pass_time("11d")
    found = s3.list_object_versions(Bucket=bucket)
    assert [item["IsLatest"] for item in found["DeleteMarkers"]] == [True]
    assert [item["IsLatest"] for item in found["Versions"]] == [False]
    pass_time("8d")
    found = s3.list_object_versions(Bucket=bucket)
    assert not {"Versions", "DeleteMarkers"} & found.keys()


def test_upload_in_parts_is_ended_when_nobody_completes_it(s3, bucket, pass_time):
    put_rules(s3, bucket, {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}})
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k")
    assert begun["AbortRuleId"] == "rule 0"
    assert begun["AbortDate"].time() == datetime.min.time()
    pass_time("4d")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_expiration_is_announced_by_the_rule_that_comes_first(s3, bucket):
    put_rules(
        s3,
        bucket,
        {"Expiration": {"Days": 30}},
        {"Expiration": {"Days": 3}, "Filter": {"Prefix": "k"}},
        {"Expiration": {"Days": 1}, "Status": "Disabled"},
    )
    told = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["Expiration"]
    head = s3.head_object(Bucket=bucket, Key="k")
    assert 'rule-id="rule%201"' in told
    assert "00:00:00 GMT" in told
    assert head["Expiration"] == told
    assert s3.get_object(Bucket=bucket, Key="k")["Expiration"] == told


def test_date_acts_on_objects_that_are_there_already(s3, bucket, waiting):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    put_rules(s3, bucket, {"Expiration": {"Date": datetime(2020, 1, 1, tzinfo=UTC)}})
    waiting("the object to end", lambda: not classes(s3, bucket))


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        (to("STANDARD_IA", 29), "InvalidArgument", "greater than or equal to 30 for storageClass"),
        (
            to("GLACIER", 30) | {"Expiration": {"Days": 30}},
            "InvalidArgument",
            "'Days' in the Expiration action for filter '(prefix=)' must be greater than 'Days' "
            "in the Transition action",
        ),
        ({}, "InvalidRequest", "At least one action needs to be specified in a rule"),
        ({"Expiration": {"Days": 0}}, "InvalidArgument", "must be a positive integer"),
        (
            {"Expiration": {"Date": datetime(2030, 1, 1, 1, tzinfo=UTC)}},
            "InvalidArgument",
            "'Date' must be at midnight GMT",
        ),
        (to("COLD", 3), "MalformedXML", "not well-formed"),
        (
            {"Expiration": {"Days": 1}, "Filter": {"ObjectSizeLessThan": 0}},
            "InvalidRequest",
            "'ObjectSizeLessThan' should be between 1 and 1099511627776000.",
        ),
        (
            {
                "Expiration": {"Days": 1},
                "Filter": {"And": {"ObjectSizeGreaterThan": 500, "ObjectSizeLessThan": 100}},
            },
            "InvalidRequest",
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
        ),
    ],
)
def test_configuration_is_refused_as_s3_does_it(s3, bucket, rule, code, message):
    complete = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, **rule}
    found = refusal(
        s3.put_bucket_lifecycle_configuration,
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [complete]},
    )
    assert found[0] == code
    assert message in found[1]
