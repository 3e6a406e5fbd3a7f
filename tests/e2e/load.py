"""A hundred requests a second to the endpoint, and what became of every one."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from tests.e2e.cloud import NAME
from tests.e2e.laptop import Laptop

THREADS = 4
PACE = THREADS / 100
BODY = json.dumps({"instances": [{"carrier": "UA", "origin": "EWR", "departure_minute": 900}]})


@dataclass
class Load:
    """Answers in the order in which they came: when, and the version or the error's code."""

    runtime: object
    answers: list[tuple[float, str]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> str:
        """Who answers one request."""
        try:
            found = self.runtime.invoke_endpoint(
                EndpointName=NAME, ContentType="application/json", Body=BODY
            )
        except ClientError as error:
            return error.response["Error"]["Code"]
        return f"version {json.load(found['Body'])['model_version']}"

    def go_on(self) -> None:
        while not self.stopped.wait(PACE):
            answer = self.ask()
            self.answers.append((time.monotonic(), answer))

    def failures(self) -> list[float]:
        """When a request failed."""
        return [at for at, answer in self.answers if not answer.startswith("version ")]


@contextmanager
def under_load(laptop: Laptop) -> Iterator[Load]:
    """Requests all the while."""
    load = Load(laptop.aws("sagemaker-runtime"))
    threads = [threading.Thread(target=load.go_on) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stopped.set()
        for thread in threads:
            thread.join()
