"""Requests through a load balancer: routed, told who asked, and not lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx


def test_a_target_is_told_who_asked_and_gets_the_request_as_it_was(balancing, target, web):
    url, _, _ = balancing.site(target())
    told = web.post(f"{url}/a%20b?x=%2F", content=b"x" * 300_000).json()
    headers = dict(told["headers"])
    assert (told["path"], told["bytes"]) == ("/a%20b?x=%2F", 300_000)
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("http", "80")
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    traced = web.get(url, headers={"X-Amzn-Trace-Id": "Root=1-a-b", "X-Forwarded-For": "1.2.3.4"})
    headers = dict(traced.json()["headers"])
    assert headers["x-forwarded-for"] == "1.2.3.4, 127.0.0.1"
    assert headers["x-amzn-trace-id"].startswith("Self=1-")
    assert headers["x-amzn-trace-id"].endswith(";Root=1-a-b")


def test_the_name_leads_to_the_listener_on_the_gateways_port(
    balancing, target, web, aws, fixed, forward
):
    group = balancing.group(target("named"))
    made = balancing.balancer()
    balancing.listener(made, fixed("not this one"), port=81)
    balancing.listener(made, forward(group), port=80)
    balancing.healthy(group)
    endpoint = aws("elbv2").meta.endpoint_url
    name, _, port = made["DNSName"].rpartition(":")
    assert name.endswith(".us-east-1.elb.localhost")
    assert endpoint.endswith(f":{port}")
    told = web.post(f"{endpoint}/p?q=1", headers={"Host": made["DNSName"]}, content=b"12345")
    assert (told.json()["name"], told.json()["bytes"]) == ("named", 5)
    absent = web.get(endpoint, headers={"Host": "absent.us-east-1.elb.localhost"})
    assert absent.status_code == 404


def test_two_listeners_of_one_port_are_reached_at_two(balancing, web, fixed):
    urls = [
        balancing.url(balancing.listener(balancing.balancer(), fixed(text), port=18123))
        for text in ("one", "two")
    ]
    assert [web.get(url).text for url in urls] == ["one", "two"]


def test_requests_go_round_and_a_sticky_one_stays(balancing, target, web, unique):
    url, _, group = balancing.site(target("a"), target("b"))
    assert {web.get(url).json()["name"] for _ in range(4)} == {"a", "b"}
    balancing.attributes(group, stickiness__enabled="true")
    with httpx.Client(trust_env=False) as browser:
        first = browser.get(url)
        assert {cookie.name for cookie in browser.cookies.jar} == {"AWSALB", "AWSALBCORS"}
        names = {browser.get(url).json()["name"] for _ in range(6)}
    assert names == {first.json()["name"]}


def test_an_applications_cookie_makes_its_client_stay(balancing, target, web):
    one, other = target("a"), target("b")
    one.cookie = other.cookie = "session"
    url, _, group = balancing.site(one, other)
    balancing.attributes(
        group,
        stickiness__enabled="true",
        stickiness__type="app_cookie",
        stickiness__app_cookie__cookie_name="session",
    )
    with httpx.Client(trust_env=False) as browser:
        first = browser.get(url).json()["name"]
        assert "AWSALBAPP-0" in browser.cookies
        assert {browser.get(url).json()["name"] for _ in range(6)} == {first}


def test_a_deregistered_target_ends_its_requests_and_gets_no_more(
    balancing, target, web, waiting, elbv2
):
    old, new = target("old"), target("new")
    old.gates["/slow"] = threading.Event()
    url, _, group = balancing.site(old)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(web.get, f"{url}/slow")
        waiting("the request", lambda: old.asked)
        elbv2.register_targets(TargetGroupArn=group, Targets=[new.description])
        elbv2.deregister_targets(TargetGroupArn=group, Targets=[old.description])
        assert {
            "State": "draining",
            "Reason": "Target.DeregistrationInProgress",
            "Description": "Target deregistration is in progress",
        } in balancing.health(group)
        assert {web.get(url).json()["name"] for _ in range(4)} == {"new"}
        old.gates["/slow"].set()
        assert slow.result().json()["name"] == "old"


def test_the_delay_of_deregistration_cuts_what_is_still_in_flight(
    balancing, target, web, waiting, elbv2
):
    old = target("old")
    old.gates["/slow"] = threading.Event()
    url, _, group = balancing.site(old)
    balancing.attributes(group, deregistration_delay__timeout_seconds="1")
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(web.get, f"{url}/slow")
        waiting("the request", lambda: old.asked)
        elbv2.deregister_targets(TargetGroupArn=group, Targets=[old.description])
        assert slow.result().status_code == 502
    waiter = elbv2.get_waiter("target_deregistered")
    waiter.wait(TargetGroupArn=group, Targets=[old.description], WaiterConfig={"Delay": 1})
    assert balancing.health(group) == []
    assert web.get(url).status_code == 503


def test_no_request_is_lost_while_targets_and_rules_change(balancing, target, elbv2, fixed):
    servers = [target(str(number)) for number in range(3)]
    url, listener, group = balancing.site(*servers)
    done = threading.Event()

    def ask() -> set[int]:
        with httpx.Client(trust_env=False, timeout=60) as client:
            statuses = set()
            while not done.is_set():
                statuses.add(client.post(url, content=b"x").status_code)
            return statuses

    with ThreadPoolExecutor() as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        for number, server in enumerate(servers * 2):
            elbv2.deregister_targets(TargetGroupArn=group, Targets=[server.description])
            condition = {"Field": "path-pattern", "Values": [f"/{number}"]}
            elbv2.create_rule(
                ListenerArn=listener,
                Priority=number + 1,
                Conditions=[condition],
                Actions=[fixed("")],
            )
            elbv2.register_targets(TargetGroupArn=group, Targets=[server.description])
            balancing.healthy(group, 3)
        done.set()
        assert set.union(*(item.result() for item in asking)) == {200}


def test_what_cannot_be_forwarded_gets_the_pages_of_a_load_balancer(
    balancing, target, web, forward, elbv2
):
    empty = balancing.group()
    url = balancing.url(balancing.listener(balancing.balancer(), forward(empty)))
    answer = web.get(url)
    assert answer.status_code == 503
    assert answer.headers["Server"] == "awselb/2.0"
    assert "<center><h1>503 Service Temporarily Unavailable</h1></center>" in answer.text
    gone = target()
    gone.close()
    elbv2.register_targets(TargetGroupArn=empty, Targets=[gone.description])
    assert web.get(url).status_code == 502
    stations = ", ".join(["10.0.0.1"] * 31)
    assert web.get(url, headers={"X-Forwarded-For": stations}).status_code == 463
    assert web.request("TRACE", url).status_code == 405
