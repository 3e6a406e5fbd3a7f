"""Functions that raise, cannot be loaded, take too long or too much, or die."""

import os
import re
import signal

import psutil
import pytest


def test_raised_exception_is_told_with_its_stack_trace(functions, invoke):
    name = functions("def handler(event, context):\n    raise ValueError('no such flight')\n")
    payload, error, tail = invoke(name)
    assert error == "Unhandled"
    assert (payload["errorType"], payload["errorMessage"]) == ("ValueError", "no such flight")
    assert "raise ValueError" in payload["stackTrace"][0]
    assert f"START RequestId: {payload['requestId']}" in tail
    assert "[ERROR] ValueError: no such flight\nTraceback (most recent call last):\n" in tail


def test_incomplete_bundle_fails_to_import(functions, invoke, log_messages):
    """The module is in our tree, and the function must not find it there."""
    name = functions("import pipeline.contracts\ndef handler(event, context): ...\n")
    payload, error, tail = invoke(name)
    message = "Unable to import module 'main': No module named 'pipeline'"
    assert (error, payload) == (
        "Unhandled",
        {
            "errorMessage": message,
            "errorType": "Runtime.ImportModuleError",
            "requestId": "",
            "stackTrace": [],
        },
    )
    assert "Status: error\tError Type: Runtime.ImportModuleError" in tail
    assert any(
        re.fullmatch(
            r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\t"
            r"Error Type: Runtime.ImportModuleError\n",
            message,
        )
        for message in log_messages(name, "REPORT RequestId")
    )


@pytest.mark.parametrize(
    ("code", "error_type", "message"),
    [
        ("x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'main'"),
        ("def handler(", "Runtime.UserCodeSyntaxError", "Syntax error in module 'main': "),
        ("raise KeyError('at import')", "KeyError", "'at import'"),
    ],
)
def test_handler_that_cannot_be_loaded_is_told(functions, invoke, code, error_type, message):
    payload, error, _ = invoke(functions(code))
    assert (error, payload["errorType"]) == ("Unhandled", error_type)
    assert payload["errorMessage"].startswith(message)


def test_timeout_is_told_and_the_next_invocation_is_fresh(functions, invoke):
    code = (
        "import time\ncalls = []\n"
        "def handler(event, context):\n"
        "    calls.append(1)\n    time.sleep(event)\n    return len(calls)\n"
    )
    name = functions(code, Timeout=1)
    invoke(name, 0)
    payload, error, tail = invoke(name, 30)
    request_id = re.search(r"START RequestId: (\S+)", tail)[1]
    assert (error, payload) == (
        "Unhandled",
        {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
        },
    )
    assert re.search(rf"T[\d:.]+Z {request_id} Task timed out after 1.00 seconds\n", tail)
    assert "Status: timeout" in tail
    assert invoke(name, 0)[0] == 1


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("os._exit(1)", "Runtime exited with error: exit status 1"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_crash_is_told_and_the_next_invocation_is_fresh(functions, invoke, end, reason):
    code = (
        "import os\n"
        f"def handler(event, context):\n    if event:\n        {end}\n    return 'alive'\n"
    )
    name = functions(code)
    payload, error, tail = invoke(name, 1)
    request_id = re.search(r"START RequestId: (\S+)", tail)[1]
    assert (error, payload) == (
        "Unhandled",
        {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {request_id} Error: {reason}",
        },
    )
    assert f"{reason}\nRuntime.ExitError\n" in tail
    assert invoke(name, 0)[0] == "alive"


def test_too_much_memory_is_told(functions, invoke):
    code = (
        "import time\ndef handler(event, context):\n"
        "    kept = b'x' * 300_000_000\n    time.sleep(20)\n"
    )
    payload, error, tail = invoke(functions(code, Timeout=30))
    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.OutOfMemory")
    assert payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "Max Memory Used: 128 MB\t" in tail
    assert "Status: error\tError Type: Runtime.OutOfMemory" in tail


def test_response_that_is_too_large_is_told(functions, invoke):
    payload, error, _ = invoke(
        functions("def handler(event, context):\n    return 'x' * 7_000_000\n")
    )
    assert (error, payload) == (
        "Unhandled",
        {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size "
            "(6291556 bytes).",
        },
    )


def test_killed_idle_process_is_replaced(functions, invoke, waiting):
    name = functions("import os\ndef handler(event, context):\n    return os.getpid()\n")
    first = invoke(name)[0]
    os.kill(first, signal.SIGKILL)
    waiting("the end of the process", lambda: not psutil.pid_exists(first))
    payload, error, _ = invoke(name)
    assert error is None
    assert payload != first


def test_deleted_function_leaves_no_process(functions, invoke, aws, waiting):
    name = functions("import os\ndef handler(event, context):\n    return os.getpid()\n")
    pid = invoke(name)[0]
    aws("lambda").delete_function(FunctionName=name)
    waiting("the end of the process", lambda: not psutil.pid_exists(pid), seconds=10)
