"""Stories are told on laptops of their own: one for the session, which has told `DAYS` days, and
fresh ones for tests that kill. When a test fails, the ends of all logs are in its report.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.laptop import Laptop
from tests.e2e.truth import Truth

DAYS = 20

RUNNING: list[Laptop] = []


@dataclass(frozen=True)
class Told:
    """A laptop on which the pipeline has run, what it said, and what must have come out."""

    laptop: Laptop
    said: str
    truth: Truth


def running(laptop: Laptop, start: Callable[[Laptop], None] = Laptop.up) -> Iterator[Laptop]:
    RUNNING.append(laptop)
    try:
        start(laptop)
        yield laptop
    finally:
        laptop.remove()
        RUNNING.remove(laptop)


@pytest.fixture
def fresh_laptop(tmp_path) -> Iterator[Laptop]:
    """Services, and nothing deployed; the test may kill what it likes."""
    yield from running(Laptop(tmp_path))


@pytest.fixture(scope="module")
def module_laptop(tmp_path_factory) -> Iterator[Laptop]:
    """The same for the tests of one file, which need nothing but the emulator."""
    yield from running(Laptop(tmp_path_factory.mktemp("laptop")), Laptop.begin_up)


@pytest.fixture(scope="session")
def shared_laptop(tmp_path_factory) -> Iterator[Laptop]:
    yield from running(Laptop(tmp_path_factory.mktemp("laptop")))


@pytest.fixture(scope="session")
def told(shared_laptop) -> Told:
    """The session's laptop after `python -m pipeline up`; leave it as it is."""
    return Told(shared_laptop, shared_laptop.tell(DAYS), Truth.of(DAYS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for laptop in RUNNING:
            report.sections += [(f"the end of {name}", end) for name, end in laptop.last_words()]
    return report
