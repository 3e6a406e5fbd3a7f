"""A model in a process of its own: what it prints, refuses, lacks, and how it ends."""

import pytest

from api.core.model_process import GoneError, ModelProcess
from api.errors import ModelFailedError, NotInServiceError

PROGRAM = """
import os
def model_fn(folder):
    print("this is no answer")
    return os.environ["MODEL_VERSION"]
def transform_fn(model, body, sent, wanted):
    print("nor is this")
    if body == "die":
        os._exit(3)
    if body == "fail":
        raise ValueError("no such flight")
    if body == "refuse":
        return Refusal()
    return f"{model} {body} {sent} {wanted}", wanted
class Refusal:
    error = ValueError("instances must be a list")
"""


@pytest.fixture
def model(tmp_path):
    made = []

    def start(program):
        code = tmp_path / "code"
        code.mkdir()
        (code / "inference.py").write_text(program)
        made.append(ModelProcess(tmp_path, {"MODEL_VERSION": "7"}))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_model_answers_by_its_own_code_until_it_ends(model):
    process = model(PROGRAM)
    assert process.ask("body\n2") == "7 body\n2 application/json application/json"
    with pytest.raises(ModelFailedError, match="The model failed: ValueError: no such flight"):
        process.ask("fail")
    with pytest.raises(ModelFailedError, match="The model failed: instances must be a list"):
        process.ask("refuse")
    with pytest.raises(GoneError, match="ended with 3"):
        process.ask("die")
    assert not process.is_alive


@pytest.mark.parametrize(
    ("program", "error", "said"),
    [
        (
            "raise ModuleNotFoundError(\"No module named 'sklearn'\", name='sklearn')",
            NotInServiceError,
            "The model needs scikit-learn, which is not installed beside this API",
        ),
        ("import nothing_of_that_name", NotInServiceError, "needs nothing_of_that_name"),
        # It is in the working tree of the API, and the archive has not brought it.
        ("import pipeline.contracts", NotInServiceError, "The model needs pipeline"),
        ("1 / 0", GoneError, "ended with 1"),
    ],
)
def test_model_that_cannot_be_loaded_says_why(model, program, error, said):
    with pytest.raises(error, match=said):
        model(program)
