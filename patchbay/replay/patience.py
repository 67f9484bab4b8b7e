"""How patient customers are, when most of them were answered before they showed it.

The wait of somebody who was answered is censored: his patience was longer, how much is not known.
The product-limit estimate (Kaplan and Meier, 1958) gives the chance to be still there after any
wait; a censored patience is drawn from what it says beyond the recorded wait. Where nobody was ever
seen to give up later than that, he is taken to wait for ever.
"""

from bisect import bisect_right
from collections.abc import Iterable

ENDLESS = float("inf")


class Patience:
    """From waits (milliseconds) and whether each ended by giving up."""

    def __init__(self, waits: Iterable[tuple[int, bool]]) -> None:
        ordered = sorted(waits, key=lambda wait: (wait[0], not wait[1]))
        self._at: list[int] = []
        self._there: list[float] = []
        there, left = 1.0, len(ordered)
        for wait, gave_up in ordered:
            if gave_up:
                there *= 1 - 1 / left
                self._at.append(wait)
                self._there.append(there)
            left -= 1

    def survival(self, wait: float) -> float:
        """The chance to be still there after this wait."""
        place = bisect_right(self._at, wait)
        return self._there[place - 1] if place else 1.0

    def beyond(self, wait: float, chance: float) -> float:
        """A patience longer than this wait; `chance`, from 0 to 1, says which."""
        goal = self.survival(wait) * (1 - chance)
        for at in range(bisect_right(self._at, wait), len(self._at)):
            if self._there[at] <= goal:
                return self._at[at]
        return ENDLESS
