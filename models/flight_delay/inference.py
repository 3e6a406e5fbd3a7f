"""The endpoint's side: requests in, probabilities out.

`application/json`: `{"instances": [{feature: value or null, ...}]}` is answered by
`{"predictions": [{"probability": p, "late": bool}]}`; a feature that is left out is null. Where the
endpoint says which version it serves, `"model_version"` stands beside: so it is in every capture.
`text/csv`: the features in the contract's order, an empty cell is null; one probability a line.
Floats are written so that they read back as the same float.
"""

import json
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.container.answers import Refusal, RequestRefusedError
from models.container.settings import model_version
from models.flight_delay.model import THRESHOLD, FlightDelayModel
from models.flight_delay.payloads import Rows, read_csv, read_json

JSON, CSV = "application/json", "text/csv"
READERS = {JSON: read_json, CSV: read_csv}


def model_fn(model_dir: str) -> FlightDelayModel:
    """Load the model.

    One thread: for a row or two, waking a second one costs a hundred times the work.
    """
    threadpool_limits(limits=1)
    return FlightDelayModel.load(Path(model_dir))


def transform_fn(
    model: FlightDelayModel, body: str | bytes, content_type: str, accept: str
) -> tuple[str, str] | Refusal:
    """Answer one request."""
    try:
        sent, wanted = _media(content_type), _media(accept)
        rows = _read(body, sent)
        return _written(model.probabilities(rows).tolist() if rows else [], sent, wanted)
    except RequestRefusedError as error:
        return Refusal(error)


def _media(header: str) -> str:
    return header.split(";", 1)[0].strip().lower()


def _read(body: str | bytes, sent: str) -> Rows:
    if sent not in READERS:
        sentence = f"content type {sent} is not {JSON} or {CSV}"
        raise RequestRefusedError(sentence, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return READERS[sent](_text(body))


def _text(body: str | bytes) -> str:
    try:
        return body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError as error:
        raise RequestRefusedError(f"the body is not UTF-8: {error}") from error


def _written(probabilities: Sequence[float], sent: str, wanted: str) -> tuple[str, str]:
    """CSV is answered by CSV, since the container takes silence for `Accept: application/json`."""
    if wanted not in {JSON, CSV, "*/*", ""}:
        sentence = f"accept {wanted} is not {JSON} or {CSV}"
        raise RequestRefusedError(sentence, HTTPStatus.NOT_ACCEPTABLE)
    if CSV in {sent, wanted}:
        return "".join(f"{probability!r}\n" for probability in probabilities), CSV
    answer: dict[str, Any] = {"predictions": [_prediction(p) for p in probabilities]}
    version = model_version()
    return json.dumps({**answer, "model_version": version} if version else answer), JSON


def _prediction(probability: float) -> dict[str, Any]:
    return {"probability": probability, "late": probability >= THRESHOLD}
