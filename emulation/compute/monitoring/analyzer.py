"""The analyzer's entry: reads what it is asked, writes its files and how it ended."""

import json
import sys
from pathlib import Path
from typing import Any

from emulation.compute.monitoring import (
    column_statistics,
    constraints,
    datasets,
    metrics,
    model_quality,
    violations,
)
from emulation.compute.monitoring.captures import DataError, files
from emulation.compute.monitoring.columns import columns
from emulation.compute.monitoring.settings import (
    FAILURE_FILE,
    MESSAGE_FILE,
    Settings,
    environment,
    here,
    read,
)

Json = dict[str, Any]


def main() -> None:
    """Analyze, and exit with 255 when that is not possible, as AWS's image does."""
    try:
        settings = read(environment())
        broken = analyze(settings)
    except KeyError as error:
        end(f"Error: the environment variable {error} is missing.", 255)
    except (DataError, ValueError, OSError) as error:
        end(f"Error: {error}", 255)
    else:
        end(ending(broken), 0)


def ending(broken: list[Json]) -> str:
    """How a run ended that could be made."""
    if broken:
        return f"CompletedWithViolations: Job completed successfully with {len(broken)} violations."
    return "Completed: Job completed successfully with no violations."


def end(message: str, code: int) -> None:
    """Leave the message where the platform looks for it."""
    for place in (MESSAGE_FILE, *([FAILURE_FILE] if code else [])):
        path = here(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(message)
    sys.stdout.write(f"{message}\n")
    sys.exit(code)


def analyze(settings: Settings) -> list[Json]:
    """Write the files; what was violated."""
    settings.output_path.mkdir(parents=True, exist_ok=True)
    promised = baseline(settings.baseline_constraints)
    if settings.analysis_type == "MODEL_QUALITY":
        return analyze_model(settings, promised)
    return analyze_data(settings, promised)


def analyze_data(settings: Settings, promised: Json | None) -> list[Json]:
    """Data quality: describe, suggest, compare."""
    frame = datasets.read(settings)
    if promised is not None:
        frame = datasets.renamed(frame, [item["name"] for item in promised["features"]])
    found = columns(frame)
    statistics = column_statistics.statistics(found)
    write(settings, "statistics", statistics)
    write(settings, "constraints", constraints.suggest(found))
    before = baseline(settings.baseline_statistics)
    broken, distances = (
        violations.find(promised, found, statistics, before) if promised is not None else ([], {})
    )
    finish(settings, promised, broken)
    emits = (promised or {}).get("monitoring_config", {}).get("emit_metrics", "Enabled")
    if settings.emit_metrics and emits == "Enabled":
        metrics.write_data_metrics(settings, statistics, distances)
    return broken


def analyze_model(settings: Settings, promised: Json | None) -> list[Json]:
    """Model quality: join, measure, compare."""
    found = model_quality.answers(settings)
    measured = model_quality.measure(settings, found)
    write(settings, "statistics", model_quality.statistics(settings, found, measured))
    write(settings, "constraints", model_quality.suggest(settings, measured))
    broken = model_quality.violations(settings, promised, measured) if promised else []
    finish(settings, promised, broken)
    if settings.emit_metrics:
        metrics.write_model_metrics(settings, model_quality.plain(measured))
    return broken


def finish(settings: Settings, promised: Json | None, broken: list[Json]) -> None:
    """The violations' file, of a run that had something to compare with."""
    if promised is not None:
        write(settings, "constraint_violations", {"violations": broken})


def baseline(place: Path | None) -> Json | None:
    """A baseline's file: named itself, or the one in its folder."""
    if place is None:
        return None
    found = files(place)
    if not found:
        raise DataError(f"There is no baseline file in {place}.")
    content: Json = json.loads(found[0].read_text())
    return content


def write(settings: Settings, name: str, content: Json) -> None:
    """One of the files."""
    (settings.output_path / f"{name}.json").write_text(json.dumps(content, indent=2))
