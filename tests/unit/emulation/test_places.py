"""Where images are is found out once, however many tasks ask for the first time together."""

import time
from concurrent.futures import ThreadPoolExecutor

from emulation.services.ecr import places


def test_first_callers_share_a_library(monkeypatch):
    monkeypatch.setattr(places, "tidy", lambda *_: time.sleep(0.05))
    with ThreadPoolExecutor(4) as threads:
        found = {id(made.result()) for made in [threads.submit(places.library) for _ in range(4)]}
    assert len(found) == 1
