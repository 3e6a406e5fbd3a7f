"""The pictures in the README: `python -m tests.picture URL docs/images/page.png` of the console,
and with the address of the dashboard, `docs/images/dashboard.png` of that.

`page-dark.png` and `page-narrow.png` are written beside it. The pipeline behind the URL should have
gone through its year: `make up`, then this.
"""

import sys
from pathlib import Path

from tests.browser import Browser, installed
from tests.waiting import wait_until

SHOTS = {"": (1280, 1960, False), "-dark": (1280, 1960, True), "-narrow": (420, 1800, False)}
PANELS = ["#truth table", "#quality .chart", "#drift .drift", "#work .jobs", "#place .chip"]
READ = "!document.querySelector('.node.reading')"
SHOWN = f"{READ} && {PANELS}.every((panel) => document.querySelector(panel))"
DRAWN = "document.querySelector('body[data-drawn]')"
"""The sheet of a dashboard that is drawn."""


def take(url: str, path: Path) -> None:
    """One picture of each kind."""
    program = installed()
    if program is None:
        raise SystemExit("There is no Chromium on this machine.")
    browser = Browser(program)
    try:
        for kind, (width, height, dark) in SHOTS.items():
            browser.show(url, width=width, height=height, dark=dark)
            wait_until("every panel", lambda: browser.value(f"!!{DRAWN} || ({SHOWN})"))
            path.with_stem(path.stem + kind).write_bytes(browser.picture())
    finally:
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1], Path(sys.argv[2]))
