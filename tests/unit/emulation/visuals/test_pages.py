"""Texts, layouts and numbers of a page, and when schedules are due."""

from datetime import UTC, datetime

from emulation.compute.visuals.drawing.rich_text import html_of
from emulation.compute.visuals.formats import number_format
from emulation.compute.visuals.layout import layout_of
from emulation.compute.visuals.relative_dates import bounds
from emulation.services.quicksight.refreshing import next_time

NOW = datetime(2013, 3, 31, 15, 20, tzinfo=UTC)


def test_rich_text_keeps_its_form_and_loses_what_is_dangerous():
    text = (
        "<text-box><block align='center'><inline font-size='24px' color='red;x'><b>Hi</b></inline>"
        "</block><a href='javascript:x'>${Name}</a><script>x</script></text-box>"
    )

    assert html_of(text, {"Name": "<me>"}) == (
        "<div style='text-align:center'><span style='font-size:24px'><b>Hi</b></span></div>"
        "&lt;me&gt;x"
    )


def test_numbers_are_written_as_the_definition_says():
    places = {"DecimalPlacesConfiguration": {"DecimalPlaces": 1}}
    formats = {
        "PercentageDisplayFormatConfiguration": (0.256, "25.6%"),
        "CurrencyDisplayFormatConfiguration": (1234.5, "$1,234.5"),
        "NumberDisplayFormatConfiguration": (1234567, "1,234,567.0"),
    }
    for name, (value, text) in formats.items():
        assert number_format({"FormatConfiguration": {name: places}}).text(value) == text
    scaled = {"NumberDisplayFormatConfiguration": {"NumberScale": "AUTO", **places}}
    assert number_format({"FormatConfiguration": scaled}).text(1234567) == "1.2M"


def test_relative_ranges():
    at = NOW.replace(tzinfo=None)
    found = {
        kind: tuple(f"{one:%m-%d}" for one in bounds(kind, "MONTH", 2, at))
        for kind in ("PREVIOUS", "THIS", "LAST", "NEXT")
    }
    assert found == {
        "PREVIOUS": ("02-01", "03-01"),
        "THIS": ("03-01", "04-01"),
        "LAST": ("02-01", "04-01"),
        "NEXT": ("04-01", "06-01"),
    }


def test_free_form_layout_is_in_pixels():
    element = {
        "ElementId": "v",
        "ElementType": "VISUAL",
        "XAxisLocation": "16px",
        "YAxisLocation": "8px",
        "Width": "400px",
        "Height": "300px",
    }
    sheet = {"Layouts": [{"Configuration": {"FreeFormLayout": {"Elements": [element]}}}]}

    found = layout_of(sheet)

    assert (found["kind"], found["width"], found["height"]) == ("free", 1600, 308)


def test_schedules_are_due_at_their_time_of_the_day():
    def due(**frequency) -> str:
        schedule = {"ScheduleFrequency": frequency, "Created": 0.0}
        return f"{next_time(schedule, NOW):%m-%d %H:%M}"

    zone = {"Timezone": "America/New_York", "TimeOfTheDay": "11:30"}
    assert due(Interval="DAILY", **zone) == "03-31 15:30"
    assert due(Interval="WEEKLY", RefreshOnDay={"DayOfWeek": "MONDAY"}, **zone) == "04-01 15:30"
    last = {"DayOfMonth": "LAST_DAY_OF_MONTH"}
    assert due(Interval="MONTHLY", RefreshOnDay=last, TimeOfTheDay="15:00") == "04-30 15:00"
    assert due(Interval="MINUTE15") == "03-31 15:30"
