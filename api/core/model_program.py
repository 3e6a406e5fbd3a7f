"""A model's archive as a program: a question a line on standard input, an answer a line on standard
output, by the code that the archive itself has.

    python -I -S model_program.py MODEL_FOLDER PROGRAM PACKAGES_FOLDER

Nothing of the API is imported here: the archive may be older than it, with another contract under
the same names. Packages come from their folder, without the links to working trees that it may
hold, so what an archive lacks is missing here as it is at the endpoint. It is asked as SageMaker's
container asks it.
"""

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

JSON = "application/json"


def answer_of(found: Any) -> dict[str, str]:
    """What the model's code returned; a refusal is an object that knows its sentence."""
    if isinstance(found, tuple):
        return {"body": found[0]}
    return {"refused": str(getattr(found, "error", found))}


def ask(program: Any, model: Any, body: str) -> dict[str, str]:
    """One question; the model's own failure is an answer too, and any other ends the program."""
    try:
        return answer_of(program.transform_fn(model, body, JSON, JSON))
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as e:
        return {"refused": f"{type(e).__name__}: {e}"}


def main() -> None:
    """Load the model, say so, answer until nobody asks any more."""
    folder, name, packages = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    # What the model's code prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sys.path[:] = [str(folder / "code"), *sys.path, packages]
    try:
        program = importlib.import_module(name)
        model = program.model_fn(str(folder))
    except ModuleNotFoundError as error:
        answers.write(json.dumps({"missing": error.name}) + "\n")
        sys.exit(1)
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(ask(program, model, json.loads(line))) + "\n")


if __name__ == "__main__":
    main()
