"""Constant traffic on an endpoint, and what became of every request."""

import threading
from collections import Counter
from contextlib import contextmanager

from botocore.exceptions import ClientError

THREADS = 3
PACE = 0.03
"""About a hundred requests a second."""


class Load:
    """Requests and their answers: the body, or the error's code."""

    def __init__(self, runtime, endpoint):
        self._runtime = runtime
        self._endpoint = endpoint
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.answers = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(THREADS)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def end(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self):
        while not self._stop.wait(PACE):
            answer = self._answer()
            with self._lock:
                self.answers.append(answer)

    def _answer(self):
        try:
            found = self._runtime.invoke_endpoint(EndpointName=self._endpoint, Body=b"x")
            return found["Body"].read().decode()
        except ClientError as error:
            return error.response["Error"]["Code"]

    def since(self, start=0):
        """How often each answer came after the first so many."""
        with self._lock:
            return Counter(self.answers[start:])

    def wait_for_more(self, waiting, count):
        """Wait until so many more have their answer; what they were."""
        start = len(self.answers)
        waiting(f"{count} more answers", lambda: len(self.answers) >= start + count)
        return self.since(start)


@contextmanager
def under_load(runtime, endpoint):
    """Traffic while the block runs."""
    load = Load(runtime, endpoint)
    load.start()
    try:
        yield load
    finally:
        load.end()
