"""What is due is done in its order, each thing at its own moment, also what it leads to."""

from datetime import timedelta

import pytest

from emulation.services import clock as clocks
from emulation.services.clock import Agenda, Clock

DAY = timedelta(days=1)


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "clock.json")


def test_jump_does_things_in_their_order_at_their_moment(clock):
    agenda, start, done = Agenda(clock), clock.now(), []

    def third(moment):
        done.append(("third", moment))

    def first(moment):
        done.append(("first", moment))
        agenda.put("third", start + 3 * DAY, third)

    agenda.put("second", start + 2 * DAY, lambda moment: done.append(("second", moment)))
    agenda.put("first", start + DAY, first)
    agenda.put("later", start + 9 * DAY, lambda moment: done.append(("later", moment)))
    agenda.run_due()
    assert done == []
    clock.set_ahead(5 * DAY)
    agenda.run_due()
    assert done == [("first", start + DAY), ("second", start + 2 * DAY), ("third", start + 3 * DAY)]


def test_what_is_put_again_is_done_once(clock):
    agenda, done = Agenda(clock), []
    agenda.put("k", clock.now() + DAY, lambda _: done.append("old"))
    agenda.put("k", clock.now(), lambda _: done.append("new"))
    agenda.put("gone", clock.now(), lambda _: done.append("gone"))
    agenda.drop("gone")
    clock.set_ahead(2 * DAY)
    agenda.run_due()
    assert done == ["new"]


def test_failure_does_not_stop_the_rest(clock, caplog):
    agenda, done = Agenda(clock), []
    agenda.put("broken", clock.now(), lambda _: int("x"))
    agenda.put("fine", clock.now(), lambda _: done.append("fine"))
    agenda.run_due()
    assert done == ["fine"]
    assert "failed" in caplog.text


def test_clock_is_kept_and_never_goes_back(clock, tmp_path):
    clock.set_ahead(3 * DAY)
    assert Clock(tmp_path / "clock.json").ahead == 3 * DAY
    with pytest.raises(ValueError, match="does not go back"):
        clock.set_ahead(DAY)


def test_spans_are_read():
    assert clocks.span("1d12h") == 1.5 * DAY
    for wrong in ("", "d", "5", "1w", "-1d"):
        with pytest.raises(ValueError, match="is no duration"):
            clocks.span(wrong)
