"""Inputs of targets: parts of events and templates filled with them, as AWS fills them."""

import json

import pytest

from emulation.services.events.inputs import InputError, check, found_at, text_for

EVENT = {
    "id": "1",
    "detail-type": "told",
    "source": "shop",
    "time": "2026-01-01T00:00:00Z",
    "detail": {"who": "ann", "n": [1, 2], "deep": {"a": "x"}, "yes": True, "say": 'a "b"'},
}
PATHS = {
    "who": "$.detail.who",
    "n": "$.detail.n",
    "deep": "$.detail.deep",
    "yes": "$.detail.yes",
    "none": "$.detail.none",
    "say": "$.detail.say",
    "type": "$.detail-type",
}


def filled(template: str) -> str:
    target = {"InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}
    return text_for(target, EVENT, "arn:rule", "rule")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"who": <who>, "n": <n>}', {"who": "ann", "n": [1, 2]}),
        ('{"path": "users/<who>/<who>"}', {"path": "users/ann/ann"}),
        ('{"deep": <deep>, "yes": <yes>}', {"deep": {"a": "x"}, "yes": True}),
        ('{"none": <none>}', {"none": ""}),
        ('{"say": "he said <say>", "type": "<type>"}', {"say": 'he said a "b"', "type": "told"}),
        ('{"rule": <aws.events.rule-name>}', {"rule": "rule"}),
        ('{"all": <aws.events.event.json>}', {"all": EVENT}),
    ],
)  # fmt: skip
def test_object_template(template, expected):
    assert json.loads(filled(template)) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"Event of <type> by <who>"', '"Event of told by ann"'),
        ('"<n> and <deep> and <yes>"', '"[1,2] and {a:x} and true"'),
        ('"one <who>"\n"two <none>"', '"one ann"\n"two "'),
        ('"{[/special <who>"', '"{[/special ann"'),
    ],
)
def test_template_of_lines_keeps_its_quotes(template, expected):
    assert filled(template) == expected


@pytest.mark.parametrize("template", ["<n> items", '{"n": "<n>" x}', '{"deep": "<deep>"}'])
def test_what_is_no_json_afterwards_is_not_delivered(template):
    with pytest.raises(InputError):
        filled(template)


def test_path_reads_arrays_and_quoted_names():
    assert found_at(EVENT, "$['detail'].n[1]") == 2
    assert found_at({"a": [{"b": 1}, {"b": 2}]}, "$.a[*].b") == [1, 2]
    assert found_at(EVENT, "$.detail.none.deeper") is None


def test_input_path_of_a_text_is_json():
    assert text_for({"InputPath": "$.detail.who"}, EVENT, "", "") == '"ann"'


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"Input": "{", "Id": "t"}, "JSON syntax error in input for target t"),
        ({"InputPath": "detail", "Id": "t"}, "InputPath for target t is invalid."),
        (
            {"Input": "1", "InputPath": "$", "Id": "t"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
    ],
)
def test_check_refuses_in_aws_words(target, message):
    with pytest.raises(InputError) as refused:
        check(target)
    assert str(refused.value).startswith(message)
