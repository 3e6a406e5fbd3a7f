"""Whatever many threads ask for first is made once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError

from emulation.compute.once import once


def test_threads_that_ask_together_get_the_same():
    meeting = Barrier(2)

    @once
    def make(name: str) -> object:
        try:
            meeting.wait(timeout=0.2)
        except BrokenBarrierError:
            return object()
        raise AssertionError("two threads are making it")

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(make, ["same", "same"])
    assert one is other


def test_other_arguments_get_another():
    @once
    def make(name: str) -> object:
        return object()

    assert make("one") is make("one")
    assert make("one") is not make("other")
