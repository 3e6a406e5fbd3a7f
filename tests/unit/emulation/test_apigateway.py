"""What API Gateway counts, decides and says, without a gateway."""

from contextlib import closing
from datetime import date

import pytest
from jsonschema import Draft4Validator

from emulation.services.apigateway.periods import start_of
from emulation.services.apigateway.plan_changes import OF_METHOD, change_method
from emulation.services.apigateway.policies import MalformedPolicyError, Verdict, verdict
from emulation.services.apigateway.stage_settings import SETTING, key_of
from emulation.services.apigateway.throttles import Limit, Throttles
from emulation.services.apigateway.usage import Quota, UsageFile
from emulation.services.apigateway.violations import told

INVOKE = "execute-api:Invoke"
ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc/live/GET/v1/models"


def test_a_bucket_is_full_then_empty_then_fills_at_its_rate():
    now = [0.0]
    throttles = Throttles(lambda: now[0])
    limit = Limit("key", rate=2, burst=3)
    assert [throttles.take([limit]) for _ in range(4)] == [None, None, None, limit]
    now[0] += 0.5
    assert throttles.take([limit]) is None
    assert throttles.take([limit]) is limit


def test_a_refused_request_takes_nothing_of_the_other_buckets():
    throttles = Throttles(lambda: 0.0)
    narrow, wide = Limit("narrow", 0, 1), Limit("wide", 0, 2)
    assert throttles.take([wide, narrow]) is None
    assert throttles.take([wide, narrow]) is narrow
    assert throttles.take([wide]) is None


def test_periods_begin_on_their_days():
    thursday = date(2026, 1, 1)
    assert start_of("DAY", 0, thursday) == thursday
    assert start_of("WEEK", 0, thursday) == date(2025, 12, 28)
    assert start_of("WEEK", 4, thursday) == thursday
    assert start_of("WEEK", 5, thursday) == date(2025, 12, 26)
    assert start_of("MONTH", 0, thursday) == thursday
    assert start_of("MONTH", 1, thursday) == date(2025, 12, 2)


def test_a_quota_is_of_its_period_and_survives(tmp_path):
    quota = Quota(2, "WEEK")
    monday, next_sunday = date(2026, 1, 5), date(2026, 1, 11)
    with closing(UsageFile(tmp_path / "usage.db")) as usage:
        assert [usage.take("p", "k", quota, monday) for _ in range(3)] == [True, True, False]
    with closing(UsageFile(tmp_path / "usage.db")) as again:
        assert again.take("p", "k", quota, date(2026, 1, 10)) is False
        assert again.take("p", "k", quota, next_sunday) is True
        days = again.history("p", "k", quota, monday, date(2026, 1, 6))
        assert [list(day) for day in days] == [[2, 0], [0, 0]]


def statement(effect: str = "Allow", **members: object) -> dict:
    return {"Effect": effect, "Action": INVOKE, "Resource": "*", **members}


def test_policies_decide():
    near = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    far = {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    expected = [
        ([statement(Resource=ARN)], Verdict.ALLOWED),
        ([statement(Resource=ARN.replace("models", "*"))], Verdict.ALLOWED),
        ([statement(Resource=ARN.replace("GET", "POST"))], Verdict.UNDECIDED),
        ([statement(), statement("Deny", Resource=[ARN])], Verdict.DENIED),
        ([statement(Action="execute-api:*")], Verdict.ALLOWED),
        ([statement(Condition=near)], Verdict.UNDECIDED),
        ([statement(Condition=far)], Verdict.ALLOWED),
    ]
    values = {"aws:SourceIp": "127.0.0.1"}
    for statements, found in expected:
        assert verdict({"Statement": statements}, INVOKE, ARN, values) is found, statements


def test_what_is_no_policy_or_not_known_lets_nobody_in():
    with pytest.raises(MalformedPolicyError):
        verdict({"Statement": [{"Effect": "Maybe", "Action": "*"}]}, INVOKE, ARN, {})
    unknown = {"Statement": [statement(Condition={"DateLessThan": {"aws:CurrentTime": "2026"}})]}
    with pytest.raises(NotImplementedError, match="DateLessThan is not emulated"):
        verdict(unknown, INVOKE, ARN, {})


def test_violations_have_the_words_of_aws():
    schema = {
        "type": "object",
        "required": ["a", "b"],
        "properties": {"n": {"type": "number", "minimum": 1}, "e": {"enum": ["x", "y"]}},
        "additionalProperties": False,
    }
    check = Draft4Validator(schema).iter_errors
    assert told(check({"a": 1, "b": 2}))
    assert told(check({})) == '[object has missing required properties (["a","b"])]'
    assert told(Draft4Validator({"enum": ["x", "y"]}).iter_errors("z")) == (
        '[instance value ("z") not found in enum (possible values: ["x","y"])]'
    )
    assert told(Draft4Validator({"type": "number"}).iter_errors("z")) == (
        "[instance type (string) does not match any allowed primitive type "
        '(allowed: ["integer","number"])]'
    )


def test_methods_are_named_with_and_without_escapes():
    for path in (
        "/v1/predict/POST/throttling/rateLimit",
        "/~1v1~1predict/POST/throttling/rateLimit",
    ):
        assert key_of(SETTING.fullmatch(path)) == "~1v1~1predict/POST"
    assert key_of(SETTING.fullmatch("/*/*/throttling/rateLimit")) == "*/*"
    stages = [{"apiId": "a", "stage": "s"}]
    found = OF_METHOD.fullmatch("/apiStages/a:s/throttle/~1v1~1predict/POST/rateLimit")
    change_method(stages, found, "replace", "2.5")
    assert stages[0]["throttle"] == {"/v1/predict/POST": {"rateLimit": 2.5}}
