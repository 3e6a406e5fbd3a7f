"""The dashboard as its owner opens it: by an embed URL, in a headless Chromium."""

import json
from collections.abc import Iterator

import httpx

from tests.browser import Browser
from tests.e2e.cloud import NAME
from tests.e2e.laptop import Laptop
from tests.waiting import wait_until

ACCOUNT = "000000000000"
SHEETS = ("on-time", "causes", "quality", "drift")


def embed_url(laptop: Laptop) -> str:
    """An address that opens the dashboard once, for its owner."""
    quicksight = laptop.aws("quicksight")
    owner = quicksight.describe_user(AwsAccountId=ACCOUNT, Namespace="default", UserName=NAME)
    experience = {"Dashboard": {"InitialDashboardId": f"{NAME}-flights"}}
    url: str = quicksight.generate_embed_url_for_registered_user(
        AwsAccountId=ACCOUNT,
        UserArn=owner["User"]["Arn"],
        ExperienceConfiguration=experience,
    )["EmbedUrl"]
    return url


def open_dashboard(browser: Browser, laptop: Laptop, *, dark: bool = False) -> Iterator[str]:
    """Every sheet in its turn, drawn; its name."""
    browser.show(embed_url(laptop), width=1280, height=1400, dark=dark)
    for sheet in SHEETS:
        selector = json.dumps(f"[role=tab][data-sheet={sheet}]")
        wait_until("the tabs", lambda at=selector: browser.value(f"!!document.querySelector({at})"))
        browser.value(f"document.querySelector({selector}).click()")
        drawn = f"document.body.dataset.drawn === {json.dumps(sheet)}"
        wait_until(f"sheet {sheet}", lambda at=drawn: browser.value(at))
        yield sheet


def drawing(laptop: Laptop, sheet: str, visual: str) -> str:
    """What the page gets for a visual of text, such as a KPI or a table."""
    path = f"/_terrarium/quicksight/{ACCOUNT}/us-east-1/dashboards/{NAME}-flights/draw"
    with httpx.Client(base_url=laptop.endpoint, trust_env=False, timeout=60) as client:
        answer = client.get(path, params={"sheet": sheet, "element": visual, "state": "{}"})
    found: str = answer.json()["html"]
    return found
