"""What a rolling deployment does next."""

from emulation.services.ecs.planning import Bounds, Member, plan


def members(new="", old=""):
    """`f` fit, `w` waiting, `u` unfit; a later letter is a younger task."""
    verdicts = {"f": "fit", "w": "waiting", "u": "unfit"}
    return [
        Member(f"{kind}{place}", kind == "new", verdicts[letter], place)
        for kind, letters in (("new", new), ("old", old))
        for place, letter in enumerate(letters)
    ]


def steps(new="", old="", bounds=None):
    made = plan(members(new, old), bounds or Bounds(2))
    return made.start, made.stop


def test_what_is_missing_is_started():
    assert steps() == (2, [])
    assert steps("f") == (1, [])
    assert steps("ff") == (0, [])


def test_what_is_too_much_goes_the_youngest_and_the_unready_first():
    assert steps("fff") == (0, ["new2"])
    assert steps("wff") == (0, ["new0"])


def test_new_tasks_come_before_old_ones_go():
    assert steps("", "ff") == (2, [])
    assert steps("ww", "ff") == (0, [])
    assert steps("fw", "ff") == (0, ["old1"])
    assert steps("ff", "ff") == (0, ["old1", "old0"])


def test_where_there_is_no_room_old_tasks_go_first():
    tight = Bounds(2, minimum_percent=50, maximum_percent=100)
    assert steps("", "ff", tight) == (0, ["old1"])
    assert steps("", "f", tight) == (1, [])
    assert steps("w", "f", tight) == (0, [])
    assert steps("f", "f", tight) == (0, ["old0"])


def test_what_does_not_work_makes_no_difference_to_the_healthy():
    tight = Bounds(2, minimum_percent=100, maximum_percent=150)
    assert steps("", "fw", tight) == (1, ["old1"])


def test_what_fails_its_health_checks_stays_until_it_is_replaced():
    assert steps("uu") == (2, [])
    assert steps("uuww") == (0, [])
    assert steps("uufw") == (0, ["new0"])
    assert steps("uuff") == (0, ["new0", "new1"])


def test_what_fails_its_health_checks_makes_room_where_there_is_none():
    assert steps("uu", "ff") == (0, ["new0", "new1"])
    assert steps("fu", "", Bounds(2, 50, 100)) == (0, ["new1"])
    assert steps("uw", "uu") == (0, ["new0"])


def test_a_service_that_wants_nothing_stops_everything():
    assert steps("f", "ff", Bounds(0)) == (0, ["new0", "old1", "old0"])
    assert steps("u", "u", Bounds(0)) == (0, ["new0", "old0"])
