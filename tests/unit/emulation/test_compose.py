"""The compose file as a list of processes: variables, order, and what is refused rather than
ignored.
"""

import textwrap

import pytest

from emulation.compute.compose import ComposeError, Condition, HealthCheck, enabled, read, seconds
from emulation.compute.interpolation import InterpolationError, substitute


@pytest.fixture
def compose(tmp_path):
    def parse(text, **variables):
        path = tmp_path / "compose.yaml"
        path.write_text(textwrap.dedent(text))
        return read(path, variables)

    return parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$A-b", "1-b"),
        ("${A}b", "1b"),
        ("${NONE}", ""),
        ("${NONE:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${A:+x}${NONE:+x}", "x"),
        ("${NONE:-http://h:${PORT:-80}/}", "http://h:80/"),
        ("${NONE:-http://h:${A}/}", "http://h:1/"),
        ("costs $$5", "costs $5"),
        ("${A:?no}", "1"),
    ],
)
def test_variable_is_replaced_as_compose_does(text, expected):
    assert substitute(text, {"A": "1", "EMPTY": ""}) == expected


@pytest.mark.parametrize("text", ["${A", "$", "${}", "${A!b}", "$1", "${NONE:?say it}"])
def test_text_that_compose_refuses_is_refused(text):
    with pytest.raises(InterpolationError):
        substitute(text, {"A": "1"})


def test_service_is_read_with_everything_that_a_process_needs(compose):
    [service] = compose(
        """
        services:
          web:
            image: anything
            command: [serve, "--port", "${PORT:-80}"]
            environment: {A: 1, B: true, PASSED:, MISSING:}
            ports: ["127.0.0.1:${PORT:-80}:${PORT:-80}"]
            stop_grace_period: 1m30s
            healthcheck: {test: [CMD, "true"], interval: 2s, start_interval: 250ms, retries: 5}
        """,
        PORT="8080",
        PASSED="on",
    ).values()
    assert service.command == ("serve", "--port", "8080")
    assert service.environment == {"A": "1", "B": "true", "PASSED": "on"}
    assert (service.ports, service.grace_seconds) == ((8080,), 90)
    assert service.health == HealthCheck(("true",), interval=2, start_interval=0.25, retries=5)


def test_environment_may_be_a_list(compose):
    services = compose(
        """
        services:
          a: {command: [x], environment: ["A=1=2", PASSED, MISSING]}
        """,
        PASSED="",
    )
    assert services["a"].environment == {"A": "1=2", "PASSED": ""}


def test_service_stands_after_what_it_depends_on(compose):
    services = compose(
        """
        services:
          c: {command: [x], depends_on: [b]}
          b: {command: [x], depends_on: {a: {condition: service_healthy}}}
          a: {command: [x]}
        """
    )
    assert list(services) == ["a", "b", "c"]
    assert services["b"].needs == {"a": Condition.HEALTHY}
    assert services["c"].needs == {"b": Condition.STARTED}


def test_profile_is_off_until_it_is_named(compose):
    services = compose(
        """
        services:
          a: {command: [x]}
          b: {command: [x], profiles: [extra]}
        """
    )
    assert list(enabled(services, frozenset())) == ["a"]
    assert list(enabled(services, frozenset({"extra"}))) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("a: {command: [x], restart: always}", "restart has no meaning"),
        ("a: {command: x y}", "command must be a list"),
        ("a: {image: only}", "command must be a list"),
        ("a: {command: [x], depends_on: [b]}", "depends on b, which is not declared"),
        ("a: {command: [x], depends_on: {a: {condition: service_hungry}}}", "service_hungry"),
        ("a: {command: [x], ports: ['8080:80']}", "under its own number"),
        ("a: {command: [x], ports: ['80-90']}", "under its own number"),
        ("a: {command: [x], healthcheck: {test: curl x}}", r"must be \[CMD"),
        ("a: {command: [x], healthcheck: {test: [CMD-SHELL, x]}}", r"must be \[CMD"),
        ("a: {command: [x], stop_grace_period: soon}", "not a duration"),
        ("a: {command: ['${A']}", "brace is not closed"),
    ],
)
def test_what_a_process_cannot_honour_is_refused(compose, body, said):
    with pytest.raises(ComposeError, match=said):
        compose(f"services:\n  {body}\n")


def test_circle_is_refused(compose):
    body = "services: {a: {command: [x], depends_on: [b]}, b: {command: [x], depends_on: [a]}}"
    with pytest.raises(ComposeError, match="depend on each other"):
        compose(body)


@pytest.mark.parametrize("text", ["", "services: []", "a: [", "version: 3"])
def test_file_without_services_is_refused(compose, text):
    with pytest.raises(ComposeError):
        compose(text)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ComposeError, match="No such file"):
        read(tmp_path / "none.yaml", {})


def test_need_whose_profile_is_off_is_refused(compose):
    services = compose(
        "services: {a: {command: [x], profiles: [p]}, b: {command: [x], depends_on: [a]}}"
    )
    with pytest.raises(ComposeError, match="profile is off"):
        enabled(services, frozenset())


@pytest.mark.parametrize(("text", "expected"), [("1m30s", 90), ("500ms", 0.5), ("2h", 7200)])
def test_duration(text, expected):
    assert seconds(text) == expected
