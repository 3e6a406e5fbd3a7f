"""Shared readings: read once, never waited for too long."""

import threading

from api.core.reading import Readings


def test_who_asks_does_not_wait_for_what_hangs():
    hangs = threading.Event()
    readings = Readings({"slow": hangs.wait, "fast": lambda: 1}, fresh_seconds=60)
    told = readings.latest(patience_seconds=0.2)
    assert (told["slow"].reason, told["fast"].value) == ("still being read", 1)
    hangs.set()
    assert readings.latest(patience_seconds=10)["slow"].value is True
    readings.close()


def test_fresh_reading_is_not_read_again():
    calls = []
    readings = Readings({"x": lambda: calls.append(1)}, fresh_seconds=60)
    readings.latest(5)
    readings.latest(5)
    assert calls == [1]
    readings.close()


def test_old_reading_is_read_again():
    calls = []
    readings = Readings({"x": lambda: calls.append(1) or len(calls)}, fresh_seconds=0)
    assert [readings.latest(5)["x"].value, readings.latest(5)["x"].value] == [1, 2]
    readings.close()


def test_what_changed_is_read_again():
    calls = []
    readings = Readings({"x": lambda: calls.append(1)}, fresh_seconds=60)
    readings.latest(5)
    readings.forget()
    readings.latest(5)
    assert calls == [1, 1]
    readings.close()


def test_only_what_is_asked_for_is_read():
    calls = []
    readings = Readings({"x": lambda: calls.append("x"), "y": lambda: calls.append("y")}, 60)
    assert list(readings.latest(5, ("y",))) == ["y"]
    assert calls == ["y"]
    readings.close()
