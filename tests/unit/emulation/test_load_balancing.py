"""What a load balancer decides: rules, targets, cookies, headers, redirects, health."""

import time

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from emulation.compute.load_balancing import health, stickiness, targets
from emulation.compute.load_balancing.answers import location
from emulation.compute.load_balancing.conditions import Asked, choose
from emulation.compute.load_balancing.exchange import Meter
from emulation.compute.load_balancing.headers import forwarded, passed, traced
from emulation.compute.load_balancing.plan import (
    Action,
    Balancer,
    Condition,
    Group,
    Rule,
    Share,
    Stickiness,
    Target,
)

ASKED = Asked("api.example.com", "/v1/Users", "a=1&b=x+y&c", "GET", "10.1.2.3", {"x-a": ["One"]})


def rule(priority: int | None, *conditions: Condition) -> Rule:
    return Rule(priority, Action("fixed-response"), list(conditions))


MET = [
    Condition("host-header", ["*.EXAMPLE.com"]),
    Condition("path-pattern", ["/v?/*"]),
    Condition("path-pattern", regular=["^/v[0-9]/"]),
    Condition("http-header", ["o*"], name="X-A"),
    Condition("query-string", pairs=[("B", "X Y")]),
    Condition("query-string", pairs=[(None, "")]),
    Condition("source-ip", ["192.168.0.0/16", "10.0.0.0/8"]),
]
NOT_MET = [
    Condition("host-header", ["example.com"]),
    Condition("path-pattern", ["/v1/users"]),
    Condition("http-request-method", ["get"]),
    Condition("query-string", pairs=[("a", "2")]),
]


def test_every_kind_of_condition_is_met_by_what_is_like_it():
    found = [choose([rule(1, condition), rule(None)], ASKED)[0].priority for condition in MET]
    assert found == [1] * len(MET)
    found = [choose([rule(1, condition), rule(None)], ASKED)[0].priority for condition in NOT_MET]
    assert found == [None] * len(NOT_MET)


def test_all_conditions_of_a_rule_have_to_be_met():
    rules = [rule(1, MET[0], NOT_MET[0]), rule(2, MET[0], MET[1]), rule(None)]
    assert choose(rules, ASKED) == (rules[1], 2)


def live(*names: str, **settings) -> targets.LiveGroup:
    group = Group("arn", "targetgroup/g/1", [Target(n, "127.0.0.1", 1) for n in names], **settings)
    made = targets.merged({}, [group])["arn"]
    for target in made.targets.values():
        target.state = "healthy"
    return made


def chosen(group: targets.LiveGroup, times: int = 4) -> list[str]:
    return [found.target.id if (found := group.next()) else "" for _ in range(times)]


def test_unhealthy_and_draining_targets_are_passed_over_unless_none_is_healthy():
    group = live("a", "b", "c")
    one, other, drains = group.targets.values()
    drains.target = Target("c", "127.0.0.1", 1, draining_until=time.time() + 60)
    one.state = "unhealthy"
    assert set(chosen(group)) == {"b"}
    other.state = "unhealthy"
    assert set(chosen(group)) == {"a", "b"}


def test_the_least_busy_target_is_next():
    group = live("a", "b", algorithm="least_outstanding_requests")
    group.targets["a:1"].in_flight.add(object())
    assert set(chosen(group)) == {"b"}


def test_a_new_plan_keeps_the_health_of_what_stays_and_not_of_what_comes_again():
    group = live("a", "b")
    kept, again = group.targets.values()
    again.target = Target("b", "127.0.0.1", 1, draining_until=1.0)
    again.in_flight.add("request")
    after = targets.merged({"arn": group}, [group.group])["arn"].targets
    assert after["a:1"] is kept
    assert (after["b:1"].state, after["b:1"].in_flight) == ("initial", {"request"})


def test_a_cookie_names_its_target_until_it_expires():
    group = live("a", "b", stickiness=Stickiness("lb_cookie", 60))
    target = group.targets["b:1"]
    given = {stickiness.BY_TIME: stickiness.written(target.token, 60)}
    assert group.next(stickiness.sticky_target(group, given)) is target
    expired = {stickiness.BY_TIME: stickiness.written(target.token, -1)}
    assert stickiness.sticky_target(group, expired) == ""
    assert stickiness.sticky_target(group, {stickiness.BY_TIME: "nonsense"}) == ""


def test_a_client_stays_with_its_target_group():
    action = Action("forward", [Share("one", 1), Share("other", 0)], sticky_seconds=60)
    known = ("one", "other")
    assert stickiness.choose_group(action, {}, known) == "one"
    value = stickiness.written(stickiness.group_token("other"), 60)
    assert stickiness.choose_group(action, {stickiness.OF_GROUP: value}, known) == "other"
    assert stickiness.choose_group(action, {}, ("other",)) is None


def headers(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def test_headers_of_a_connection_are_not_passed():
    given = headers(("Connection", "x-own, close"), ("X-Own", "1"), ("TE", "a"), ("X-Kept", "2"))
    assert dict(passed(given)) == {"X-Kept": "2"}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("append", "1.1.1.1, 2.2.2.2:99"), ("preserve", "1.1.1.1"), ("remove", None)],
)
def test_a_client_is_told_as_the_load_balancer_is_told_to(mode, expected):
    balancer = Balancer("a", "1", "r", "app", "z", [], forwarded_for=mode, forwarded_port=True)
    told = forwarded(headers(("X-Forwarded-For", "1.1.1.1")), balancer, ("2.2.2.2", 99), 80)
    assert told.get("X-Forwarded-For") == expected


def test_a_trace_is_begun_or_goes_on():
    assert traced([]).startswith("Root=1-")
    fields = traced(["Self=1-old;Root=1-r;Sampled=1"]).split(";")
    assert fields[0].startswith("Self=1-")
    assert fields[1:] == ["Root=1-r", "Sampled=1"]


def test_a_redirect_says_its_port_and_drops_an_empty_query():
    place = {"protocol": "http", "host": "h", "port": "8080", "path": "a/b", "query": ""}
    pattern = "#{protocol}://#{host}:#{port}/#{path}?#{query}"
    assert location(pattern, place) == "http://h:8080/a/b"
    assert location("https://#{host}:443/x?q=#{query}", place) == "https://h:443/x?q="


class Recorder(health.Checker):
    """A checker that checks nothing."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._told = lambda target: self.told.append(target.state)


def test_thresholds_count_from_the_first_success_on():
    group = live("a", check=health.Check(healthy=3, unhealthy=2))
    (target,) = group.targets.values()
    target.state = "initial"
    checker, check = Recorder(), group.group.check
    for failure in (None, health.FAILED, health.TIMED_OUT, None, None, None):
        checker._judge(target, check, failure)
    assert checker.told == ["healthy", "unhealthy", "healthy"]


def test_codes_are_values_lists_and_ranges():
    assert [health.accepts("200,300-302", code) for code in (200, 201, 301, 303)] == [
        True,
        False,
        True,
        False,
    ]


def test_values_are_counted_in_three_digits():
    meter = Meter()
    for value in (0.0012341, 0.0012344, 2.0):
        meter.add(("b", "g", "z"), "TargetResponseTime", value)
    (traffic,) = meter.take()
    assert traffic.values == {"TargetResponseTime": {"0.00123": 2, "2": 1}}
    assert meter.take() == []
