"""Health is what the checks found, in AWS's words."""

import pytest


@pytest.fixture
def judged(balancing, target, forward, waiting):
    """`judged(state, **settings)`: the health of a target once it has that state."""

    def judge(state: str, server=None, **settings) -> dict:
        group = balancing.group(server or target(), **settings)
        balancing.listener(balancing.balancer(), forward(group))

        def reached():
            (health,) = balancing.health(group)
            return health if health["State"] == state else None

        return waiting(f"a target that is {state}", reached)

    return judge


def test_a_target_of_a_group_that_nobody_uses_is_unused(balancing, target):
    assert balancing.health(balancing.group(target())) == [
        {
            "State": "unused",
            "Reason": "Target.NotInUse",
            "Description": "Target group is not configured to receive traffic from the load "
            "balancer",
        }
    ]


def test_one_success_makes_a_new_target_healthy(judged):
    assert judged("healthy", HealthyThresholdCount=10) == {"State": "healthy"}


def test_a_wrong_status_is_told(judged, target):
    server = target()
    server.statuses["/health"] = 404
    assert judged("unhealthy", server, HealthCheckPath="/health") == {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [404]",
    }


def test_a_status_that_the_matcher_has_is_healthy(judged, target):
    server = target()
    server.statuses["/health"] = 404
    settings = {"HealthCheckPath": "/health", "Matcher": {"HttpCode": "200-299,404"}}
    assert judged("healthy", server, **settings) == {"State": "healthy"}


def test_nobody_who_answers_fails_its_checks(judged, target):
    server = target()
    server.close()
    assert judged("unhealthy", server) == {
        "State": "unhealthy",
        "Reason": "Target.FailedHealthChecks",
        "Description": "Health checks failed",
    }


def test_an_unhealthy_target_gets_nothing_unless_all_are(balancing, target, web, waiting):
    well, ill = target("well"), target("ill")
    url, _, group = balancing.site(well, ill)
    ill.statuses["/"] = 500
    waiting("it to be ill", lambda: balancing.health(group)[1]["State"] == "unhealthy")
    assert {web.get(f"{url}/x").json()["name"] for _ in range(4)} == {"well"}
    well.statuses["/"] = 500
    waiting("both to be ill", lambda: balancing.health(group)[0]["State"] == "unhealthy")
    assert {web.get(f"{url}/x").json()["name"] for _ in range(4)} == {"well", "ill"}
