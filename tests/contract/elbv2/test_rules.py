"""Rules: the first one that a request meets decides."""

import io
import json
import zipfile

import pytest


@pytest.fixture
def site(balancing, fixed):
    """A listener whose default says so: its ARN and URL."""
    listener = balancing.listener(balancing.balancer(), fixed("default", "404"))
    return listener, balancing.url(listener)


@pytest.fixture
def rule(elbv2, site, fixed):
    def make(priority: int, *conditions: dict, action: dict | None = None) -> str:
        (made,) = elbv2.create_rule(
            ListenerArn=site[0],
            Priority=priority,
            Conditions=list(conditions),
            Actions=[action or fixed(str(priority))],
        )["Rules"]
        return made["RuleArn"]

    return make


def test_every_condition_is_met_as_on_aws(site, rule, web):
    header = {"HttpHeaderName": "X-Kind", "Values": ["be?a*"]}
    query = {"Values": [{"Key": "version", "Value": "2*"}, {"Value": "any"}]}
    rule(10, {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}})
    rule(20, {"Field": "http-header", "HttpHeaderConfig": header})
    rule(30, {"Field": "query-string", "QueryStringConfig": query})
    rule(40, {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT"]}})
    rule(50, {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}})
    rule(60, {"Field": "path-pattern", "Values": ["/v1/*/x"]})

    def asked(path: str = "/", method: str = "GET", **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.request(method, f"{site[1]}{path}", headers=named).text

    assert asked(Host="API.example.com:80") == "10"
    assert asked(x_kind="BETA-7") == "20"
    assert asked("/?VERSION=2.1") == "30"
    assert asked("/?other=any") == "30"
    assert asked(method="PUT") == "40"
    assert asked("/v1/a/b/x?q") == "60"
    assert asked("/V1/a/x") == "default"


def test_the_lower_priority_wins_and_rules_change_places(site, rule, web, elbv2):
    first = rule(1, {"Field": "path-pattern", "Values": ["/*"]})
    second = rule(2, {"Field": "path-pattern", "Values": ["/*"]})
    assert web.get(site[1]).text == "1"
    pairs = [{"RuleArn": first, "Priority": 2}, {"RuleArn": second, "Priority": 1}]
    elbv2.set_rule_priorities(RulePriorities=pairs)
    assert web.get(site[1]).text == "2"
    shown = elbv2.describe_rules(ListenerArn=site[0])["Rules"]
    assert [item["Priority"] for item in shown] == ["1", "2", "default"]
    assert [item["RuleArn"] for item in shown[:2]] == [second, first]


def test_a_redirect_keeps_what_it_does_not_change(site, rule, web):
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    condition = {"Field": "path-pattern", "Values": ["/old/*"]}
    rule(1, condition, action={"Type": "redirect", "RedirectConfig": config})
    answer = web.get(f"{site[1]}/old/a?b=c", headers={"Host": "example.com"})
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://example.com:443/old/a?b=c"
    path = {"Path": "/new/#{path}", "Query": "", "StatusCode": "HTTP_302"}
    condition = {"Field": "path-pattern", "Values": ["/moved"]}
    rule(2, condition, action={"Type": "redirect", "RedirectConfig": path})
    answer = web.get(f"{site[1]}/moved?b=c", headers={"Host": "example.com:8080"})
    assert answer.headers["Location"] == "http://example.com:8080/new/moved"


def test_weights_share_requests_and_a_weight_of_none_gets_none(
    balancing, target, site, rule, web, elbv2
):
    groups = [balancing.group(target(name)) for name in ("blue", "green")]

    def weighted(*weights: int) -> dict:
        shares = [
            {"TargetGroupArn": group, "Weight": weight}
            for group, weight in zip(groups, weights, strict=True)
        ]
        return {"Type": "forward", "ForwardConfig": {"TargetGroups": shares}}

    made = rule(1, {"Field": "path-pattern", "Values": ["/w"]}, action=weighted(1, 1))
    for group in groups:
        balancing.healthy(group)
    assert {web.get(f"{site[1]}/w").json()["name"] for _ in range(40)} == {"blue", "green"}
    elbv2.modify_rule(RuleArn=made, Actions=[weighted(0, 1)])
    assert {web.get(f"{site[1]}/w").json()["name"] for _ in range(10)} == {"green"}


def test_rules_are_described_as_aws_describes_them(site, rule, elbv2, fixed):
    arn = rule(7, {"Field": "path-pattern", "Values": ["/a"]})
    (shown,) = elbv2.describe_rules(RuleArns=[arn])["Rules"]
    assert shown == {
        "RuleArn": arn,
        "Priority": "7",
        "Conditions": [
            {
                "Field": "path-pattern",
                "Values": ["/a"],
                "PathPatternConfig": {"Values": ["/a"]},
            }
        ],
        "Actions": [fixed("7")],
        "IsDefault": False,
    }


def test_a_function_answers_like_any_target(balancing, site, rule, web, aws, waiting, unique):
    code = """
import base64, json
def handler(event, context):
    if event["path"] == "/f/bad":
        raise ValueError("no")
    body = json.dumps({k: event[k] for k in ("httpMethod", "path", "queryStringParameters",
                                             "body", "isBase64Encoded")} |
                      {"group": event["requestContext"]["elb"]["targetGroupArn"],
                       "kind": event["headers"].get("content-type")})
    return {"statusCode": 201, "statusDescription": "201 Created", "isBase64Encoded": True,
            "headers": {"Content-Type": "application/json"},
            "body": base64.b64encode(body.encode()).decode()}
"""
    function = make_function(aws, waiting, unique, code)
    group = balancing.group(TargetType="lambda")
    client = aws("elbv2")
    with pytest.raises(client.exceptions.ClientError) as refused:
        client.register_targets(TargetGroupArn=group, Targets=[{"Id": function}])
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    aws("lambda").add_permission(
        FunctionName=function,
        StatementId="lb",
        Action="lambda:InvokeFunction",
        Principal="elasticloadbalancing.amazonaws.com",
    )
    client.register_targets(TargetGroupArn=group, Targets=[{"Id": function}])
    action = {"Type": "forward", "TargetGroupArn": group}
    rule(1, {"Field": "path-pattern", "Values": ["/f/*"]}, action=action)
    answer = web.post(f"{site[1]}/f/a?x=%201", json={"n": 1})
    assert answer.status_code == 201
    assert answer.json() == {
        "httpMethod": "POST",
        "path": "/f/a",
        "queryStringParameters": {"x": "%201"},
        "body": json.dumps({"n": 1}, separators=(",", ":")),
        "isBase64Encoded": False,
        "group": group,
        "kind": "application/json",
    }
    assert web.get(f"{site[1]}/f/bad").status_code == 502


def make_function(aws, waiting, name: str, code: str) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", code)
    client = aws("lambda")
    made = client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="handler.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": buffer.getvalue()},
    )
    waiting(
        "the function",
        lambda: client.get_function(FunctionName=name)["Configuration"]["State"] == "Active",
    )
    return made["FunctionArn"]
