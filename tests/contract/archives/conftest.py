"""An emulator of its own, because its clock is set ahead. Retrievals take AWS's hours on it, and
nothing arrives before the clock is moved: no test waits for a time to pass.
"""

from collections.abc import Iterator

import httpx
import pytest

from tests.contract.conftest import Emulator, client_factory


@pytest.fixture(scope="session")
def archive_emulator(tmp_path_factory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("archives")
    emulator = Emulator(folder, EMULATION_ARCHIVE_SPEED="1")
    emulator.start()
    yield emulator
    emulator.end()


@pytest.fixture(scope="session")
def aws(archive_emulator):
    return client_factory(archive_emulator.url)


@pytest.fixture(scope="session")
def pass_time(archive_emulator):
    """`pass_time("31d")`: what falls due in them is done when it returns."""

    def ahead(span: str) -> None:
        url = f"{archive_emulator.url}/_terrarium/clock"
        with httpx.Client(trust_env=False, timeout=60) as client:
            answer = client.post(url, json={"advance": span})
        assert answer.is_success, answer.text

    return ahead


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def bucket(s3, unique) -> str:
    """An empty bucket; the emulator goes with everything in it."""
    s3.create_bucket(Bucket=unique)
    return unique


@pytest.fixture
def queue(aws, unique):
    """The ARN of a queue, and what has arrived in it."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    named = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    bodies: list[str] = []

    def received() -> list[str]:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        bodies.extend(message["Body"] for message in found)
        return bodies

    return named["Attributes"]["QueueArn"], received
