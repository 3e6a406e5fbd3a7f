"""The features as objects. Who reads them: `pipeline/contracts/stream_features.py`."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pipeline.contracts import stream_features
from spark_jobs.live.files import Files

WRITERS = 8


class FeatureStore:
    """The features of one lake, `lake` being an address such as `s3://bucket`."""

    def __init__(self, files: Files, lake: str) -> None:
        self._files = files
        self._lake = lake.rstrip("/")

    def add(self, flights: Iterable[Mapping[str, Any]]) -> int:
        """Write flights that are settled; how many were not there yet. What is there stays: a
        batch that is run again adds nothing.
        """
        by_day: dict[str, dict[str, str]] = defaultdict(dict)
        for flight in flights:
            line = json.dumps(flight, separators=(",", ":"))
            by_day[flight["score_time"][:10]][flight["flight_id"]] = line
        with ThreadPoolExecutor(WRITERS) as pool:
            return sum(pool.map(self._add, by_day, by_day.values()))

    def _add(self, day: str, flights: dict[str, str]) -> int:
        address = f"{self._lake}/{stream_features.flights_key(day)}"
        there = {json.loads(line)["flight_id"]: line for line in self._lines(address)}
        every = {**flights, **there}
        if len(every) > len(there):
            text = "".join(f"{every[key]}\n" for key in sorted(every))
            self._files.write(address, compressed(text))
        return len(every) - len(there)

    def _lines(self, address: str) -> list[str]:
        try:
            return gzip.decompress(self._files.read(address)).decode().splitlines()
        except FileNotFoundError:
            return []

    def put_newest(self, newest: stream_features.Newest) -> None:
        """Write what is known by now, over what was."""
        text = json.dumps(newest.to_json(), separators=(",", ":"))
        self._files.write(f"{self._lake}/{stream_features.NEWEST_KEY}", compressed(text))


def compressed(text: str) -> bytes:
    """The same bytes for the same text."""
    return gzip.compress(text.encode(), mtime=0)
