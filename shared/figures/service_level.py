"""The six formulas of the service level, from the same six counts.

They differ in what a customer who gives up is: a success, a failure, or nobody. Contact centre
products use all of them and call each "service level"; so the one in force is always named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.rules import Formula


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits that ended. `offered` is all of them; what is neither answered nor abandoned was ended
    by ourselves. `in_target` is up to the target, the target itself included; `short` is less than
    `short_abandon_seconds`.
    """

    offered: int = 0
    answered: int = 0
    answered_in_target: int = 0
    abandoned: int = 0
    abandoned_in_target: int = 0
    abandoned_short: int = 0


_FORMULAS: Mapping[Formula, Callable[[Waits], tuple[int, int]]] = {
    "early_abandons_met": lambda w: (w.answered_in_target + w.abandoned_in_target, w.offered),
    "answered_only": lambda w: (w.answered_in_target, w.answered),
    "abandons_missed": lambda w: (w.answered_in_target, w.answered + w.abandoned),
    "early_abandons_excluded": lambda w: (w.answered_in_target, w.offered - w.abandoned_in_target),
    "short_abandons_met": lambda w: (w.answered_in_target + w.abandoned_short, w.offered),
    "short_abandons_excluded": lambda w: (w.answered_in_target, w.offered - w.abandoned_short),
}

FORMULAS: tuple[Formula, ...] = tuple(_FORMULAS)


def service_level(formula: Formula, waits: Waits) -> float | None:
    """The share from 0 to 1; None where the formula counts nobody."""
    met, counted = _FORMULAS[formula](waits)
    return met / counted if counted > 0 else None


def service_levels(waits: Waits) -> dict[Formula, float | None]:
    """All six beside each other."""
    return {formula: service_level(formula, waits) for formula in FORMULAS}
