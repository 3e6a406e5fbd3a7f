"""The warehouse is drawn with its own figures; new flights reach the dashboard by themselves."""

import re

import pytest

from tests.browser import Browser, installed
from tests.e2e import cloud
from tests.e2e.conftest import running
from tests.e2e.dashboard import ACCOUNT, SHEETS, drawing, open_dashboard
from tests.e2e.laptop import Laptop
from tests.waiting import wait_until

FEW, MORE = 3, 6
RENEWAL_SECONDS = 600
ON_TIME = """
SELECT AVG(CASE WHEN late THEN 0 WHEN NOT late THEN 1 END::DOUBLE PRECISION) FROM fact_flights
"""


@pytest.fixture(scope="module")
def browser():
    program = installed()
    if program is None:
        pytest.skip("there is no Chromium here")
    opened = Browser(program)
    yield opened
    opened.close()


def flights_shown(laptop) -> int:
    """The number of the first KPI: the flights of the last month."""
    html = drawing(laptop, "on-time", "flights-kpi")
    return int(re.sub(r"\D", "", re.findall(r">([\d,]+)<", html)[0]))


def flights_of_last_month(laptop) -> int:
    (row,) = cloud.sql(
        laptop,
        "SELECT COUNT(*) FROM fact_flights WHERE DATE_TRUNC('month', flight_date) ="
        " (SELECT MAX(DATE_TRUNC('month', flight_date)) FROM fact_flights)",
    )
    return row[0]


def test_up_ends_with_the_address_of_the_dashboard(told):
    (address,) = re.findall(r"^dashboards\s+(\S+)$", told.said, flags=re.MULTILINE)
    with told.laptop.http(address) as client:
        page = client.get("", follow_redirects=True)
    assert page.status_code == 200
    assert "Flights and their model" in page.text


def test_figures_are_those_of_the_warehouse(told):
    assert flights_shown(told.laptop) == flights_of_last_month(told.laptop)
    on_time = float(cloud.sql(told.laptop, ON_TIME)[0][0])
    assert f">{on_time:.1%}<" in drawing(told.laptop, "on-time", "target-kpi")


def test_every_visual_is_drawn_and_nothing_complains(told, browser):
    browser.events.clear()
    seen, refused = [], []
    for sheet in open_dashboard(browser, told.laptop):
        seen.append(sheet)
        refused += browser.value("[...document.querySelectorAll('.refused')].map(x => x.innerText)")
    assert (tuple(seen), refused) == (SHEETS, [])
    assert browser.complaints == []


def test_second_up_imports_nothing(told):
    before = imports(told.laptop)
    told.laptop.tell(told.truth.days)
    assert imports(told.laptop) == before


def imports(laptop) -> list[str]:
    quicksight = laptop.aws("quicksight")
    found = quicksight.list_ingestions(AwsAccountId=ACCOUNT, DataSetId=f"{cloud.NAME}-routes")
    return sorted(one["IngestionId"] for one in found["Ingestions"])


def routes_copied(laptop) -> int:
    """How many routes the newest copy in SPICE holds, once it is complete."""
    quicksight = laptop.aws("quicksight")
    found = quicksight.list_ingestions(AwsAccountId=ACCOUNT, DataSetId=f"{cloud.NAME}-routes")
    newest = max(found["Ingestions"], key=lambda one: one["CreatedTime"])
    return newest.get("RowInfo", {}).get("TotalRowsInDataset", 0)


@pytest.fixture(scope="module")
def growing(tmp_path_factory):
    """A laptop of its own, with a few days."""
    for laptop in running(Laptop(tmp_path_factory.mktemp("growing"))):
        laptop.tell(FEW)
        yield laptop


def test_new_flights_reach_the_dashboard_by_themselves(growing):
    before, copied = flights_shown(growing), routes_copied(growing)
    stored = cloud.stored(growing)
    said = growing.run("pipeline", "produce", "--days", str(MORE))
    sent = int(said.split(" events sent")[0].split()[-1].replace(",", ""))
    wait_until("the new days in the lake", lambda: cloud.stored(growing) == stored + sent)
    growing.aws("glue").start_job_run(JobName=cloud.JOB)

    grown = wait_until(
        "the new days in the warehouse",
        lambda: (now := flights_of_last_month(growing)) > before and now,
        RENEWAL_SECONDS,
        interval=1,
    )

    assert flights_shown(growing) == grown
    routes = cloud.sql(growing, "SELECT COUNT(*) FROM mart_route")[0][0]
    assert routes > copied
    wait_until("the new routes", lambda: routes_copied(growing) == routes, RENEWAL_SECONDS)
