"""Payloads that are no JSON, layers as one folder, runtimes by name, and the queue of events."""

import base64

import pytest
from localstack.aws.api.lambda_ import InvalidRequestContentException

from emulation.compute import lambda_languages, lambda_layers
from emulation.compute.lambda_isolation import Folders, View
from emulation.services.lambda_.payload_checks import check_client_context, check_payload

WORDS = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


@pytest.mark.parametrize("payload", [b"", b"null", b'"x"', b"[1, 2.5]", '{"ä": "✈"}'.encode()])
def test_json_passes(payload):
    check_payload(payload)


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (
            b"abc",
            f"Unrecognized token 'abc': was expecting {WORDS}\n"
            ' at [Source: (byte[])"abc"; line: 1, column: 4]',
        ),
        (
            b"{\n 'a': 1}",
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name\n"
            " at [Source: (byte[])\"{\n 'a': 1}\"; line: 2, column: 3]",
        ),
        (
            b"[1 2]",
            "Unexpected character ('2' (code 50)): was expecting comma to separate entries\n"
            ' at [Source: (byte[])"[1 2]"; line: 1, column: 5]',
        ),
        (b"[1,", 'Unexpected end-of-input\n at [Source: (byte[])"[1,"; line: 1, column: 5]'),
        (b"\xff", "Invalid UTF-8 start byte 0xff"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(payload, complaint):
    with pytest.raises(InvalidRequestContentException) as refusal:
        check_payload(payload)
    head = "Could not parse request body into json: Could not parse payload into json: "
    assert refusal.value.message == head + complaint


def test_long_payload_is_shown_in_part():
    with pytest.raises(InvalidRequestContentException) as refusal:
        check_payload(b"x" + b" " * 5000)
    assert "[truncated]" in refusal.value.message


def test_client_context_is_an_object_in_base64():
    check_client_context(None)
    check_client_context(base64.b64encode(b'{"custom": {}}').decode())
    with pytest.raises(InvalidRequestContentException):
        check_client_context(base64.b64encode(b"[]").decode())


def layer(folder, files: dict[str, str]):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_later_layer_takes_the_place_of_earlier_files(tmp_path):
    first = layer(tmp_path / "1", {"python/a.py": "1", "python/b.py": "1"})
    second = layer(tmp_path / "2", {"python/b.py": "2", "lib/c.so": "2"})
    merged = lambda_layers.merge([first, second], tmp_path / "merged")
    found = {str(path.relative_to(merged)): path.read_text() for path in merged.rglob("*.*")}
    assert found == {"python/a.py": "1", "python/b.py": "2", "lib/c.so": "2"}
    assert (first / "python/b.py").read_text() == "1"


def test_bootstrap_is_looked_for_in_the_bundle_and_the_layers(tmp_path):
    provided = lambda_languages.find("provided.al2023")
    code, layers = tmp_path / "code", tmp_path / "layers"
    code.mkdir()
    folders = Folders(code, layers, None, [], tmp_path, 512)
    assert provided.problem(folders) == (
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    )
    layer(layers, {"bootstrap": ""})
    assert provided.problem(folders) is None
    command = provided.command(View("/var/task", "/opt", "", "/tmp"), "a.b", "")
    assert '"/var/task/bootstrap" "/opt/bootstrap"' in command[-1]


@pytest.mark.parametrize("name", ["java21", "python3.9", "dotnet8", ""])
def test_runtime_that_does_not_run_is_refused_by_name(name):
    with pytest.raises(NotImplementedError, match=f"lambda runtime {name} is not emulated"):
        lambda_languages.find(name)
