"""Lambda's own words, and where a function finds its modules."""

import json

import pytest

from emulation.compute.lambda_bootstrap import search_path
from emulation.compute.lambda_runtime_api import Invocation
from emulation.compute.lambda_words import Report, error, exit_message, init_report, timeout_message


def test_report_of_a_warm_invocation():
    report = Report("r-1", 12.341, 128, 37)
    assert report.line() == (
        "REPORT RequestId: r-1\tDuration: 12.34 ms\tBilled Duration: 13 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 37 MB\t"
    )


def test_report_bills_the_initialization():
    line = Report("r-1", 10.0, 128, 37, init_milliseconds=99.5).line()
    assert "\tBilled Duration: 110 ms\t" in line
    assert line.endswith("\tInit Duration: 99.50 ms\t")


@pytest.mark.parametrize(
    ("error_type", "end"),
    [
        ("Sandbox.Timedout", "37 MB\tStatus: timeout\t"),
        ("Runtime.ExitError", "37 MB\tStatus: error\tError Type: Runtime.ExitError\t"),
        ("ValueError", "37 MB\t"),
    ],
)
def test_report_tells_what_ended_the_process_and_not_what_the_handler_raised(error_type, end):
    assert Report("r-1", 1, 128, 37, error_type=error_type).line().endswith(end)


def test_init_report_names_no_exception_of_the_function():
    assert init_report(5, "init", "KeyError") == (
        "INIT_REPORT Init Duration: 5.00 ms\tPhase: init\tStatus: error\t"
        "Error Type: Runtime.Unknown"
    )


@pytest.mark.parametrize(
    ("exit_code", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (None, "Runtime exited without providing a reason"),
        (3, "Runtime exited with error: exit status 3"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
        (-15, "Runtime exited with error: signal: terminated"),
    ],
)
def test_exit_message(exit_code, reason):
    assert exit_message("r-1", exit_code) == f"RequestId: r-1 Error: {reason}"


def test_timeout_message_has_two_decimals():
    assert timeout_message(3) == "Task timed out after 3.00 seconds"


def test_error_is_json_as_lambda_writes_it():
    assert json.loads(error("T", "m")) == {"errorType": "T", "errorMessage": "m"}


def test_bundle_comes_before_the_layers():
    path = search_path("/var/task", "/opt")
    assert (path[0], path[-1]) == ("/var/task", "/opt/python")
    assert path[1].startswith("/opt/python/lib/python3.")


def test_function_without_layers_has_its_bundle_on_the_path():
    assert search_path("/var/task", None) == ["/var/task"]


def test_client_context_is_a_header_only_when_there_is_one():
    invocation = Invocation("r-1", b"{}", 5, "arn", "trace")
    assert invocation.headers() == {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "r-1",
        "Lambda-Runtime-Deadline-Ms": "5",
        "Lambda-Runtime-Invoked-Function-Arn": "arn",
        "Lambda-Runtime-Trace-Id": "trace",
    }
