"""A model beside the API: a child process that answers by the code in the model's archive.

A process of its own and not an import: the archive brings modules of the API's own names, maybe
older ones, and a model that crashes takes no request with it but its own. It ends with its standard
input, so with the API, however that ends.
"""

import json
import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping
from pathlib import Path

from api.errors import ModelFailedError, NotInServiceError

PROGRAM = Path(__file__).with_name("model_program.py")
PROGRAM_VARIABLE = "SAGEMAKER_PROGRAM"
ANSWER_SECONDS = 60.0
GOODBYE_SECONDS = 5.0

PACKAGES = {"sklearn": "scikit-learn"}
"""What a module is called where it is installed from."""


class GoneError(ModelFailedError):
    """The process has ended."""


class ModelProcess:
    """One model, one question at a time."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        program = environment.get(PROGRAM_VARIABLE, "inference.py").removesuffix(".py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", PROGRAM, folder, program, sysconfig.get_path("purelib")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PATH": os.defpath, **environment},
            text=True,
            # A signal to the terminal's group is the API's to handle: it drains first.
            start_new_session=True,
        )
        try:
            told = self._told()
        except GoneError:
            self.close()
            raise
        if missing := told.get("missing"):
            self.close()
            raise NotInServiceError(_missing(missing))

    @property
    def is_alive(self) -> bool:
        """Whether it could be asked."""
        return self._process.poll() is None

    def ask(self, body: str) -> str:
        """The model's answer to a request's body.

        Raises:
            GoneError: the process has ended, maybe by this question.
            ModelFailedError: the model refuses it.
        """
        with self._lock:
            # As long as SageMaker waits for a container.
            impatience = threading.Timer(ANSWER_SECONDS, self._process.kill)
            impatience.start()
            try:
                told = self._exchange(body)
            finally:
                impatience.cancel()
        if "refused" in told:
            raise ModelFailedError(f"The model failed: {told['refused']}")
        return told["body"]

    def _exchange(self, body: str) -> dict[str, str]:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(body) + "\n")
            stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            # A process that is being killed is there for a moment yet, and would be asked again.
            self._process.kill()
            self._process.wait()
            raise GoneError("The model's process has ended.") from error
        return self._told()

    def _told(self) -> dict[str, str]:
        stdout = self._process.stdout
        assert stdout is not None
        line = stdout.readline()
        if not line:
            code = self._process.wait()
            raise GoneError(f"The model's process ended with {code}; the log says why.")
        found: dict[str, str] = json.loads(line)
        return found

    def close(self) -> None:
        """Let it end, after the question that it is at."""
        with self._lock:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                self._process.wait(GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _missing(module: str) -> str:
    package = PACKAGES.get(module, module)
    return (
        f"The model needs {package}, which is not installed beside this API: install it, or let the"
        " endpoint predict (API_PREDICTOR=endpoint)."
    )
