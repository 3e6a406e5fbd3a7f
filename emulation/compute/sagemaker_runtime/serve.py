"""`serve` of a script-mode image: /ping and /invocations over the user's four functions.

A plain program of the container, run by path in the SageMaker runtime. The model is loaded before
the port is bound, so whoever connects finds it ready; a model that cannot be loaded ends the
process. One request at a time reaches the user's functions unless SAGEMAKER_MODEL_SERVER_WORKERS
says otherwise, as one worker of AWS's image handles one at a time.
"""

import contextlib
import importlib
import io
import json
import os
import socketserver
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy

ENVIRONMENT: Mapping[str, str] = os.environ  # noqa: TID251 - a program's own
BASE = Path(ENVIRONMENT.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
MODEL = BASE / "model"
DEFAULT_ACCEPT = ENVIRONMENT.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "application/json")
TEXT_TYPES = {"application/json", "text/csv"}

Answer = tuple[int, bytes, str]


class UnsupportedTypeError(Exception):
    """A content type that nobody here can read or write."""

    def __init__(self, media_type: str, status: int) -> None:
        super().__init__(f"Content type {media_type} is not supported by this framework.")
        self.status = status


def code_folder() -> Path:
    """Where the user's module is: sent along with the model's definition, or in its archive."""
    submitted = ENVIRONMENT.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    candidates = [Path(submitted)] if submitted.startswith("/") else [BASE / "code"]
    candidates.append(MODEL / "code")
    return next((path for path in candidates if path.is_dir() and any(path.iterdir())), MODEL)


def user_module() -> ModuleType:
    """The module that SAGEMAKER_PROGRAM names; `inference.py` when nothing is named."""
    folder = code_folder()
    program = ENVIRONMENT.get("SAGEMAKER_PROGRAM", "inference.py")
    if not (folder / program).exists():
        raise FileNotFoundError(f"no file {program} in the model's code: set SAGEMAKER_PROGRAM")
    sys.path.insert(0, str(folder))
    return importlib.import_module(program.removesuffix(".py").replace("/", "."))


def media_type(header: str) -> str:
    """The type without its parameters."""
    return header.split(";", 1)[0].strip().lower()


def default_model_fn(_folder: str) -> Any:
    """There is no default that could know the model."""
    raise NotImplementedError("Please provide a model_fn implementation.")


def default_input_fn(body: str | bytes, content_type: str) -> Any:
    """JSON, CSV and NumPy; text becomes 32-bit floats, as in AWS's image."""
    kind = media_type(content_type)
    match kind, body:
        case "application/json", _:
            array = numpy.array(json.loads(body))
        case "text/csv", str():
            array = numpy.genfromtxt(io.StringIO(body), dtype=None, delimiter=",")
        case "application/x-npy", bytes():
            array = numpy.load(io.BytesIO(body), allow_pickle=False)
        case _:
            raise UnsupportedTypeError(content_type, 415)
    return array.astype(numpy.float32) if kind in TEXT_TYPES else array


def default_predict_fn(data: Any, model: Any) -> Any:
    """What every scikit-learn estimator offers."""
    return model.predict(data)


def default_output_fn(prediction: Any, accept: str) -> Any:
    """The same three types."""
    match media_type(accept):
        case "application/json":
            return json.dumps(numpy.asarray(prediction).tolist()), accept
        case "text/csv":
            stream = io.StringIO()
            numpy.savetxt(stream, numpy.asarray(prediction), delimiter=",", fmt="%s")
            return stream.getvalue(), accept
        case "application/x-npy":
            buffer = io.BytesIO()
            numpy.save(buffer, numpy.asarray(prediction))
            return buffer.getvalue(), accept
        case _:
            raise UnsupportedTypeError(accept, 406)


def as_answer(result: Any, accept: str) -> Answer:
    """What the user's function returned, as a status, a body and its type."""
    if callable(result):
        return called(result)
    body, kind = result if isinstance(result, tuple) else (result, accept)
    return 200, (body.encode() if isinstance(body, str) else bytes(body)), kind


def called(application: Callable[..., Any]) -> Answer:
    """The answer of a WSGI application: AWS's container is a Flask view, which may return one."""
    started: list[Any] = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/invocations"}
    body = b"".join(application(environ, lambda *answer: started.extend(answer)))
    status, headers = started[:2]
    kinds = [value for name, value in headers if name.lower() == "content-type"]
    return int(status.split()[0]), body, (kinds or ["application/octet-stream"])[0]


class Predictor:
    """The user's functions around one loaded model."""

    def __init__(self, module: ModuleType) -> None:
        handlers: dict[str, Callable[..., Any] | None] = {
            name: getattr(module, name, None)
            for name in ("model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn")
        }
        self._transform = handlers["transform_fn"]
        steps = [name for name in ("input_fn", "predict_fn", "output_fn") if handlers[name]]
        if self._transform is not None and steps:
            raise ValueError(f"transform_fn cannot be used together with {', '.join(steps)}")
        self._input = handlers["input_fn"] or default_input_fn
        self._predict = handlers["predict_fn"] or default_predict_fn
        self._output = handlers["output_fn"] or default_output_fn
        self._model = (handlers["model_fn"] or default_model_fn)(str(MODEL))
        workers = int(ENVIRONMENT.get("SAGEMAKER_MODEL_SERVER_WORKERS", "1"))
        self._workers = threading.BoundedSemaphore(max(workers, 1))

    def answer(self, body: bytes, content_type: str, accept: str) -> Answer:
        """One invocation."""
        payload = body.decode() if media_type(content_type) in TEXT_TYPES else body
        with self._workers:
            if self._transform is not None:
                return as_answer(
                    self._transform(self._model, payload, content_type, accept), accept
                )
            data = self._input(payload, content_type)
            return as_answer(self._output(self._predict(data, self._model), accept), accept)


class Handler(BaseHTTPRequestHandler):
    """The two routes, with keep-alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(self, predictor: Predictor, *arguments: Any) -> None:
        self.predictor = predictor
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """`/ping`: the model is loaded."""
        self._send(200 if self.path == "/ping" else 404, b"", "text/plain")

    def do_POST(self) -> None:
        """`/invocations`."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/invocations":
            self._send(404, b"Not Found", "text/plain")
            return
        self._send(*self._invoke(body))

    def _invoke(self, body: bytes) -> tuple[int, bytes, str]:
        content_type = self.headers.get("Content-Type") or "application/json"
        accept = self.headers.get("Accept") or "*/*"
        accept = DEFAULT_ACCEPT if accept == "*/*" else accept
        try:
            return self.predictor.answer(body, content_type, accept)
        except UnsupportedTypeError as error:
            return error.status, str(error).encode(), "text/plain"

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if status >= 400:
            sys.stderr.write(f'"{self.command} {self.path}" {status}\n')


class Server(ThreadingHTTPServer):
    """Loopback only; a thread a connection."""

    request_queue_size = 128

    def server_bind(self) -> None:
        """Without looking up the host's name, which can take seconds without a network."""
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: Any, _client: Any) -> None:
        """Whatever the user's functions raise: the traceback is for the log, the message is the
        answer. The connection ends with it.
        """
        error = sys.exc_info()[1]
        if isinstance(error, ConnectionError):
            return
        traceback.print_exc()
        body = str(error).encode()
        head = [
            "HTTP/1.1 500 Internal Server Error",
            "Content-Type: text/plain",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        with contextlib.suppress(OSError):
            request.sendall("\r\n".join([*head, "", ""]).encode() + body)


def main() -> None:
    """Load, then listen."""
    predictor = Predictor(user_module())
    port = int(ENVIRONMENT["SAGEMAKER_BIND_TO_PORT"])
    Server(("127.0.0.1", port), partial(Handler, predictor)).serve_forever()


if __name__ == "__main__":
    main()
