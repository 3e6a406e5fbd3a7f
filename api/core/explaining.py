"""Why a probability is what it is: what becomes of it when one known feature is taken as unknown.

The model is asked for each flight once more per known feature, all in one question, with that
feature as null; it was trained with nulls, so it answers as it would had nobody known it. An effect
is of one feature beside all others: features that say the same share nothing out, so effects do not
add up to the probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.core.answers import Answer, Answers

METHOD = (
    "Each known feature alone is taken as unknown, and the model is asked again: effect = "
    "probability - without. Effects of features that depend on each other do not add up."
)

Instance = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Variations:
    """The questions of an explained request: the flights first, then each without one feature."""

    flights: Sequence[Instance]

    @property
    def instances(self) -> list[Instance]:
        """All of them."""
        return [
            *self.flights,
            *({**self.flights[at], name: None} for at, name in self._left_out()),
        ]

    def _left_out(self) -> list[tuple[int, str]]:
        return [
            (at, name)
            for at, instance in enumerate(self.flights)
            for name, value in instance.items()
            if value is not None
        ]

    def effects(self, answers: Answers) -> list[list[dict[str, Any]]]:
        """The effects of each flight, the largest first."""
        asked = answers.predictions
        found: list[list[dict[str, Any]]] = [[] for _ in self.flights]
        others = asked[len(self.flights) :]
        for (at, name), without in zip(self._left_out(), others, strict=True):
            found[at].append(_effect(name, self.flights[at][name], asked[at], without))
        for effects in found:
            effects.sort(key=lambda item: (-abs(item["effect"]), item["feature"]))
        return found


def _effect(name: str, value: Any, answer: Answer, without: Answer) -> dict[str, Any]:
    return {
        "feature": name,
        "value": value,
        "without": without.probability,
        "effect": answer.probability - without.probability,
    }
