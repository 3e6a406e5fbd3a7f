"""The monitor's reports as rows of the warehouse."""

from pipeline.warehouse.load import statements_in
from pipeline.warehouse.monitoring import FILE, check_rows, window_row

REPORT = {
    "endpoint": "flights",
    "window": "2013-04-01-14d",
    "first": "2013-04-01",
    "until": "2013-04-15",
    "model_version": "3",
    "outcome": "violated",
    "summary": {"flights": 100, "known_outcomes": 99, "auc": 0.74, "pr_auc": 0.4},
    "findings": [
        {
            "check": "ScoreDrift",
            "feature": "probability",
            "outcome": "violated",
            "value": 0.3,
            "limit": 0.1,
            "sentence": "PSI of the score 0.300, allowed 0.100",
        }
    ],
}
OF_BOTH = {"endpoint": "flights", "window_start": "2013-04-01", "model_version": "3"}


def columns(table: str) -> set[str]:
    values = dict.fromkeys(("lake_bucket", "copy_role", "windows_key", "checks_key"), "x")
    (made,) = [one for one in statements_in(FILE, values) if f"EXISTS {table} (" in one]
    lines = (line.split() for line in made.splitlines()[1:])
    return {words[0] for words in lines if words and words[0].islower()}


def test_window_is_a_row_of_its_mart():
    row = window_row(REPORT)

    assert row.items() >= {**OF_BOTH, "window_end": "2013-04-15", "auc": 0.74}.items()
    assert set(row) == columns("mart_monitoring_window")


def test_findings_are_rows_of_their_mart():
    (row,) = check_rows(REPORT)

    assert row == {
        **OF_BOTH,
        "check_name": "ScoreDrift",
        "feature": "probability",
        "outcome": "violated",
        "value": 0.3,
        "allowed": 0.1,
    }
    assert set(row) == columns("mart_monitoring_check")
