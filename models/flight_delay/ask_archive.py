"""What a model's archive answers, asked as its endpoint would be: a program of its own process.

    python ask_archive.py MODEL_FOLDER FLIGHTS.parquet ANSWERS.json

The champion may be older than this code, with other features and other classes. So nothing of this
tree is imported: the code is the archive's, and the contract is the one that it was shipped with.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

ROWS = 1000
"""Flights in a request."""


class UnansweredError(RuntimeError):
    """The model does not answer for flights of the window."""


def requests(flights: pd.DataFrame, names: tuple[str, ...]) -> Iterator[str]:
    """The flights as bodies of requests; what is not known is null."""
    missing = sorted(set(names) - set(flights.columns))
    if missing:
        raise UnansweredError(f"the flights have no {', '.join(missing)}, which the model asks for")
    known = flights[list(names)].astype(object).where(flights[list(names)].notna(), None)
    for start in range(0, len(known), ROWS):
        rows = known[start : start + ROWS].to_dict("records")
        yield json.dumps({"instances": rows})


def answers(folder: Path, flights: pd.DataFrame) -> list[float]:
    """The probability of each flight."""
    code = str(folder / "code")
    # A program's own folder is first on its path, and holds modules of the same names.
    sys.path[:] = [code, *sys.path[1:]]
    inference = importlib.import_module("inference")
    contract = importlib.import_module("pipeline.contracts.features")
    model = inference.model_fn(str(folder))
    found: list[float] = []
    for body in requests(flights, contract.FEATURE_NAMES):
        answer = inference.transform_fn(model, body, "application/json", "application/json")
        if not isinstance(answer, tuple):
            raise UnansweredError(str(getattr(answer, "error", answer)))
        found += [row["probability"] for row in json.loads(answer[0])["predictions"]]
    return found


def main() -> None:
    """Ask, and leave the answers."""
    folder, flights, told = (Path(argument) for argument in sys.argv[1:])
    told.write_text(json.dumps(answers(folder, pd.read_parquet(flights))))


if __name__ == "__main__":
    main()
