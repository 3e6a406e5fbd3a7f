"""The monitor's program, a SageMaker processing job: one window of event time.

    python3 -m models.monitoring.job --lake-bucket B --endpoint E --window 2013-04-01-14d --output F

It leaves `report.json` and Model Monitor's three files in the output folder, what was found in
`latest.json`, and metrics. Violations are a result and no failure of the job; its exit message
names them, as Model Monitor's does.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.monitoring import answers, checks, cloudwatch, files
from models.monitoring.answers import Answers
from models.monitoring.checks import Finding
from models.monitoring.lake import Lake
from models.monitoring.reference import Reference
from pipeline.contracts.monitoring import (
    CONSTRAINTS,
    OK,
    REFERENCE,
    REPORT,
    STATISTICS,
    TOO_LITTLE,
    UNVERSIONED,
    VIOLATED,
    VIOLATIONS,
    Window,
    baseline_prefix,
    latest_key,
)

LOG = logging.getLogger("monitor")

MESSAGE = Path("/opt/ml/output/message")
MESSAGE_CHARACTERS = 1024


class NoBaselineError(LookupError):
    """Nobody has said what is usual for the model that answered."""


class OtherWindowError(ValueError):
    """The baseline was made for windows of another width."""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments: a misspelled one ends it."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--lake-bucket", required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--window", type=Window.parse, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--processed-prefix", default="processed/flights/")
    return parser.parse_args(given)


def baseline(lake: Lake, endpoint: str, version: str, days: int) -> Reference:
    """The baseline of the version that answered.

    Raises:
        NoBaselineError: there is none yet.
        OtherWindowError: its limits are not for such windows.
    """
    key = f"{baseline_prefix(endpoint, version)}{REFERENCE}"
    kept = lake.read_json(key)
    if kept is None:
        name = version or UNVERSIONED
        raise NoBaselineError(f"model version {name} answered and has no baseline at {key}")
    found = Reference.from_json(kept)
    if found.window_days != days:
        sentence = f"{key} is for windows of {found.window_days} days, not of {days}"
        raise OtherWindowError(f"{sentence}: write the baseline anew")
    return found


def outcome_of(findings: Sequence[Finding]) -> str:
    """One word for a window."""
    outcomes = {finding.outcome for finding in findings}
    if VIOLATED in outcomes:
        return VIOLATED
    return TOO_LITTLE if TOO_LITTLE in outcomes else OK


def report_of(
    endpoint: str, window: Window, found: Answers, findings: Sequence[Finding]
) -> dict[str, Any]:
    """`report.json`."""
    return {
        "endpoint": endpoint,
        "window": window.name,
        "first": window.first.isoformat(),
        "until": window.until.isoformat(),
        "model_version": found.model_version,
        "outcome": outcome_of(findings),
        "counts": dict(found.counts),
        "summary": checks.summary(found.flights),
        "violations": [asdict(item) for item in findings if item.outcome == VIOLATED],
        "findings": [asdict(item) for item in findings],
        "slices": list(checks.slices(found.flights)),
    }


def look(asked: argparse.Namespace) -> tuple[dict[str, Any], list[Finding], dict[str, Any]]:
    """The report, its findings, and the files of Model Monitor by name."""
    lake = Lake(asked.lake_bucket)
    found = answers.read(lake, asked.endpoint, asked.window, asked.processed_prefix)
    if found.flights.empty:
        findings = checks.too_little(0)
        report = report_of(asked.endpoint, asked.window, found, findings)
        return report, findings, {VIOLATIONS: files.violations(findings)}
    against = baseline(lake, asked.endpoint, found.model_version, asked.window.days)
    findings = checks.find(found.flights, against)
    return (
        report_of(asked.endpoint, asked.window, found, findings),
        findings,
        {
            STATISTICS: files.statistics(found.flights),
            CONSTRAINTS: files.constraints(against, found.flights),
            VIOLATIONS: files.violations(findings),
        },
    )


def leave(folder: Path, contents: dict[str, Any]) -> None:
    """Everything that is uploaded."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content, indent=1))


def message_of(report: dict[str, Any]) -> str:
    """The exit message."""
    sentences = [f"{item['check']}: {item['sentence']}" for item in report["violations"]]
    told = {OK: "Completed", VIOLATED: "CompletedWithViolations", TOO_LITTLE: "TooLittleData"}
    return f"{told[report['outcome']]}: {'; '.join(sentences) or report['window']}"


def tell(message: str) -> None:
    """Leave the exit message where the container's platform looks for it."""
    LOG.info("%s", message)
    if MESSAGE.parent.is_dir():
        MESSAGE.write_text(message[:MESSAGE_CHARACTERS])


def main() -> None:
    """Look at one window."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    asked = arguments()
    report, findings, others = look(asked)
    leave(asked.output, {REPORT: report, **others})
    told = {name: report[name] for name in report if name not in {"findings", "slices"}}
    # Before the metrics: whom an alarm wakes reads here what it is about.
    Lake(asked.lake_bucket).write_json(latest_key(asked.endpoint), told)
    cloudwatch.put(cloudwatch.data_of(report, findings))
    tell(message_of(report))


if __name__ == "__main__":
    main()
