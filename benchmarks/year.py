"""The year's picture: the first model against the loop, month by month.

    python -m benchmarks.year months.json docs/images/year.svg

`months.json` is what `python -m pipeline replay` leaves in the lake, below `monitoring/`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

STATIC, LOOPED = "#b0741a", "#2f7d57"
ALL = "all"


def draw(months: dict[str, Any], target: Path) -> None:
    """Both AUCs by month, and the version that answered most."""
    mpl.rcParams["svg.hashsalt"] = "terrarium"
    names = [name for name in months if name != ALL]
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    for kind, label, colour in (
        ("static", "the first model", STATIC),
        ("looped", "the loop", LOOPED),
    ):
        values = [months[name][kind]["auc"] for name in names]
        pooled = months[ALL][kind]["auc"]
        axes.plot(
            names, values, marker="o", color=colour, label=f"{label}: {pooled:.4f} all together"
        )
    for name in names:
        versions = months[name]["versions"]
        newest = max(versions, key=lambda version: versions[version])
        axes.annotate(
            f"v{newest}",
            (name, months[name]["looped"]["auc"]),
            textcoords="offset points",
            xytext=(0, 7),
            ha="center",
            color=LOOPED,
            fontsize=8,
        )
    axes.set_ylabel("AUC")
    axes.margins(y=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left")
    figure.savefig(target, metadata={"Date": None})


def main() -> None:
    """Draw a file of months."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("months", type=Path)
    parser.add_argument("target", type=Path)
    asked = parser.parse_args()
    draw(json.loads(asked.months.read_text()), asked.target)


if __name__ == "__main__":
    main()
