"""Runtimes other than Python: what runs, how it fails, and what is refused."""

import shutil

import pytest

NODE = {"Runtime": "nodejs20.x", "Handler": "index.handler"}
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="no node on this machine")

BOOTSTRAP = """#!/bin/sh
echo "initialized in $PWD"
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  headers="$(mktemp)"
  event="$(curl -sS -D "$headers" "$api/next")"
  id="$(sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: *//p' "$headers" | tr -d '\\r')"
  echo "got $event"
  case "$event" in *exit*) exit 7;; esac
  curl -sS -X POST "$api/$id/response" -d "{\\"echo\\": $event, \\"handler\\": \\"$_HANDLER\\"}"
done
"""


@needs_node
def test_node_handler_answers_and_logs(functions, invoke):
    code = (
        "exports.handler = async (event, context) => {\n"
        "  console.log('got', event, 'two\\nlines');\n"
        "  return [event.flight, context.functionName, context.getRemainingTimeInMillis() > 0,\n"
        "          process.env.AWS_EXECUTION_ENV, process.cwd(), context.invokedFunctionArn];\n"
        "};\n"
    )
    name = functions({"index.js": code}, **NODE)
    payload, error, tail = invoke(name, {"flight": "UA1545"})
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert (error, payload[:4]) == (None, ["UA1545", name, True, "AWS_Lambda_nodejs20.x"])
    assert payload[5] == arn
    assert "\tINFO\tgot { flight: 'UA1545' } two\nlines\n" in tail


@needs_node
@pytest.mark.parametrize(
    ("files", "answer"),
    [
        ({"index.mjs": "export const handler = async () => 'module';\n"}, "module"),
        ({"index.js": "exports.handler = (e, c, done) => done(null, 'callback');\n"}, "callback"),
        ({"index.js": "exports.handler = (e, c) => c.succeed('context');\n"}, "context"),
        ({"index.js": "exports.handler = () => {};\n"}, None),
        (
            {
                "index.js": "exports.handler = async () => require('left').word;\n",
                "node_modules/left/index.js": "exports.word = 'of the bundle';\n",
            },
            "of the bundle",
        ),
    ],
)
def test_node_handlers_of_every_kind_answer(functions, invoke, files, answer):
    name = functions(files, **NODE)
    assert [invoke(name)[:2] for _ in range(2)] == [(answer, None)] * 2


@needs_node
def test_node_callback_waits_for_what_is_still_to_happen(functions, invoke):
    code = (
        "let seen = [];\n"
        "exports.handler = (event, context, done) => {\n"
        "  if (event) context.callbackWaitsForEmptyEventLoop = false;\n"
        "  setTimeout(() => seen.push('later'), 50);\n"
        "  done(null, seen);\n"
        "};\n"
    )
    assert invoke(functions({"index.js": code}, **NODE), 0)[0] == ["later"]
    assert invoke(functions({"index.js": code}, **NODE), 1)[0] == []


@needs_node
@pytest.mark.parametrize(
    ("code", "error_type", "message"),
    [
        ("exports.handler = async () => { throw new RangeError('no') };", "RangeError", "no"),
        ("exports.handler = (e, c, done) => done(new Error('told'));", "Error", "told"),
        (
            "exports.handler = () => { Promise.reject(new Error('lost')); return new Promise("
            "(r) => setTimeout(r, 900)) };",
            "Runtime.UnhandledPromiseRejection",
            "Error: lost",
        ),
        (
            "exports.handler = () => new Promise(() => {});",
            "Runtime.NodeJsExit",
            "The handler's promise is pending, and nothing is left that could settle it",
        ),
        (
            "exports.other = 1;",
            "Runtime.HandlerNotFound",
            "index.handler is undefined or not exported",
        ),
        ("require('nowhere');", "Runtime.ImportModuleError", "Error: Cannot find module 'nowhere'"),
        (
            "exports.handler = (",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: ",
        ),
    ],
)
def test_node_failure_is_told(functions, invoke, code, error_type, message):
    payload, error, _ = invoke(functions({"index.js": code}, **NODE))
    assert (error, payload["errorType"]) == ("Unhandled", error_type)
    assert payload["errorMessage"].startswith(message)


@needs_node
def test_node_process_that_crashes_is_replaced(functions, invoke):
    code = "exports.handler = async (e) => { if (e) process.exit(3); return 'alive'; };\n"
    name = functions({"index.js": code}, **NODE)
    payload = invoke(name, 1)[0]
    assert payload["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert invoke(name, 0)[0] == "alive"


def test_bootstrap_of_the_bundle_serves(functions, invoke):
    name = functions({"bootstrap": BOOTSTRAP}, Runtime="provided.al2023", Handler="a.b")
    payload, error, tail = invoke(name, {"n": 1})
    assert (error, payload) == (None, {"echo": {"n": 1}, "handler": "a.b"})
    assert 'got {"n": 1}\n' in tail
    assert invoke(name, {"n": 2})[0]["echo"] == {"n": 2}


def test_bootstrap_that_ends_is_told_and_started_again(functions, invoke):
    name = functions({"bootstrap": BOOTSTRAP}, Runtime="provided.al2023", Handler="a.b")
    payload, error, _ = invoke(name, "exit")
    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert payload["errorMessage"].endswith("Runtime exited with error: exit status 7")
    assert invoke(name, "on")[0]["echo"] == "on"


def test_missing_bootstrap_is_told(functions, invoke):
    name = functions({"other": ""}, Runtime="provided.al2023", Handler="a.b")
    payload, error, tail = invoke(name)
    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.InvalidEntrypoint")
    assert payload["errorMessage"].endswith(
        "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    )
    assert "Error Type: Runtime.InvalidEntrypoint" in tail


def test_older_python_tells_what_runs_it(functions, invoke, log_messages):
    name = functions("def handler(event, context):\n    return 1\n", Runtime="python3.12")
    assert invoke(name)[0] == 1
    assert any("python:3.12 (emulated by Python 3.1" in line for line in log_messages(name, "END"))
