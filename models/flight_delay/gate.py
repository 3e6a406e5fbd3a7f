"""The gate: may a challenger take the place of the model that serves, its champion?

Both have answered the same flights, of the latest window whose outcomes are known and that neither
was trained on. What a model was once measured with is never asked: months differ more than models
do, so a good number of June would keep out the better model of September. All rules are always
told; one that is broken is enough.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.flight_delay.evaluate import Outcomes, metrics
from models.flight_delay.features import Matrix

Metrics = Mapping[str, float | None]
"""As `evaluate.metrics` names them."""


@dataclass(frozen=True)
class Bounds:
    """How much is asked of a challenger."""

    minimum_gain: float = 0.002
    """Of AUC, challenger minus champion."""
    slice_loss: float = 0.03
    """Of AUC, at most, on each slice that is large enough to tell."""
    slice_flights: int = 500
    slice_late: int = 50
    calibration: float = 1.25
    """Predicted to actual late rate, up and down."""
    calibration_loss: float = 1.1
    """Where the champion is beyond that too: how much farther the challenger may be."""
    maximum_auc: float = 0.85
    """Above it a feature knows the outcome. Two weeks of easy weather come to 0.795 honestly, so
    it is more than what a training allows on a whole season."""
    window_flights: int = 1000
    """With fewer nothing can be said."""


@dataclass(frozen=True)
class Window:
    """Flights of [first, until) with their outcomes, and what both models said of them."""

    first: date
    until: date
    late: Outcomes
    challenger: Matrix
    champion: Matrix | None = None
    """None while nothing serves."""
    champion_trained_until: date | None = None
    """The first day that it was not trained on; None is not known."""
    slices: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """The value of each flight, by the name of what the flights are sliced by."""


@dataclass(frozen=True)
class Rule:
    """One rule and how it went."""

    name: str
    passed: bool
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """What the gate says, and from what."""

    rules: tuple[Rule, ...]
    champion: Metrics | None
    challenger: Metrics | None
    """None when there is too little data to measure anything."""
    slices: tuple[dict[str, Any], ...]

    @property
    def wins(self) -> bool:
        """Whether the challenger may serve."""
        return all(rule.passed for rule in self.rules)

    @property
    def reason(self) -> str:
        """What was decisive, in one sentence."""
        broken = [rule.sentence for rule in self.rules if not rule.passed]
        decisive = broken or [self.rules[-1].sentence]
        return f"The challenger {'wins' if self.wins else 'loses'}: {'; '.join(decisive)}."


def judge(window: Window, bounds: Bounds) -> Verdict:
    """Hold the challenger against every rule that its window allows."""
    sound = (enough(window, bounds), unseen(window))
    if not all(rule.passed for rule in sound):
        return Verdict(sound, None, None, ())
    challenger = metrics(window.late, window.challenger)
    champion = None if window.champion is None else metrics(window.late, window.champion)
    slices = tuple(compare_slices(window, bounds))
    rules = (
        no_leak(challenger, bounds),
        calibrated(challenger, champion, bounds),
        no_slice_worse(slices, bounds),
        gain(challenger, champion, bounds),
    )
    return Verdict((*sound, *rules), champion, challenger, slices)


def enough(window: Window, bounds: Bounds) -> Rule:
    """Too little data is its own outcome: neither better nor worse."""
    flights, late = len(window.late), int(window.late.sum())
    days = f"{window.first} to {window.until}, which is not in it"
    said = f"{flights} flights from {days}, {late} of them late"
    passed = flights >= bounds.window_flights and 0 < late < flights
    needed = f"too few to judge: {bounds.window_flights} are needed, late and punctual"
    return Rule("enough", passed, said if passed else f"{said}: {needed}")


def unseen(window: Window) -> Rule:
    """Who was trained on the answers is no measure."""
    until = window.champion_trained_until
    if window.champion is None or until is None or until <= window.first:
        return Rule("unseen", True, "no model was trained on the window")
    return Rule(
        "unseen",
        False,
        f"the champion was trained on the flights before {until} and so"
        f" on part of the window from {window.first} on: a later window is needed",
    )


def no_leak(challenger: Metrics, bounds: Bounds) -> Rule:
    """Nobody is so good two hours ahead."""
    auc = _known(challenger["auc"])
    return Rule(
        "leak",
        auc <= bounds.maximum_auc,
        f"AUC {auc:.4f} against {bounds.maximum_auc}, above which a feature knows the outcome",
    )


def calibrated(
    challenger: Metrics,
    champion: Metrics | None,
    bounds: Bounds,
) -> Rule:
    """Probabilities mean what they say, or at least more than those of the champion."""
    found = _known(challenger["calibration"])
    said = f"predicted / actual late rate {found:.3f}, allowed {1 / bounds.calibration:.3f} to"
    said = f"{said} {bounds.calibration:.3f}"
    error = distance_from_one(found)
    if champion is None:
        return Rule("calibration", error <= math.log(bounds.calibration), said)
    other = _known(champion["calibration"])
    nearly = distance_from_one(other) + math.log(bounds.calibration_loss)
    allowed = max(math.log(bounds.calibration), nearly)
    return Rule("calibration", error <= allowed, f"{said}, and the champion's is {other:.3f}")


def distance_from_one(ratio: float) -> float:
    """How wrong a ratio is: twice too high is as far as half too low."""
    return abs(math.log(ratio)) if ratio > 0 else math.inf


def compare_slices(window: Window, bounds: Bounds) -> Iterator[dict[str, Any]]:
    """Both models on each slice that has enough flights, late and punctual."""
    for name, values in sorted(window.slices.items()):
        for value in sorted(set(values.tolist())):
            chosen = values == value
            late = window.late[chosen]
            fewest = min(int(late.sum()), int((~late).sum()))
            if len(late) < bounds.slice_flights or fewest < bounds.slice_late:
                continue
            yield _slice(f"{name}={value}", window, chosen)


def _slice(name: str, window: Window, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    late = window.late[chosen]
    challenger = metrics(late, window.challenger[chosen])["auc"]
    told = {"slice": name, "flights": len(late), "challenger_auc": challenger}
    if window.champion is None:
        return told
    champion = metrics(late, window.champion[chosen])["auc"]
    return {**told, "champion_auc": champion, "gain": _known(challenger) - _known(champion)}


def no_slice_worse(slices: tuple[dict[str, Any], ...], bounds: Bounds) -> Rule:
    """A gain of the whole is not paid for by a part."""
    gains = sorted((item["gain"], item["slice"]) for item in slices if "gain" in item)
    worse = [f"{name} ({lost:+.4f})" for lost, name in gains if lost < -bounds.slice_loss]
    if worse:
        said = f"AUC falls by more than {bounds.slice_loss} for {', '.join(worse)}"
        return Rule("slices", False, said)
    said = f"none of {len(gains)} slices loses more than {bounds.slice_loss} of AUC"
    return Rule("slices", True, said)


def gain(
    challenger: Metrics,
    champion: Metrics | None,
    bounds: Bounds,
) -> Rule:
    """A new model costs something, so it has to bring something."""
    new = _known(challenger["auc"])
    if champion is None:
        return Rule("gain", True, f"AUC {new:.4f}, and nothing serves yet")
    old = _known(champion["auc"])
    said = f"AUC {new:.4f} against the champion's {old:.4f} on the same flights"
    asked = f"{new - old:+.4f} where {bounds.minimum_gain:+.4f} is asked for"
    return Rule("gain", new - old >= bounds.minimum_gain, f"{said}, {asked}")


def _known(value: float | None) -> float:
    """A rank or ratio of a window with both outcomes, which `enough` has made sure of."""
    if value is None:
        raise ValueError("the window has one outcome only")
    return value
