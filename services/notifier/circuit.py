"""One channel account's circuit: stop calling a provider that fails or refuses our credentials.

Pure: the caller brings the time. A stopped account holds its own queue only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.events.outbound import OutcomeKind

Change = Literal["opened", "closed", None]

_PASSING: frozenset[OutcomeKind] = frozenset({"retry", "throttled", "unknown"})


@dataclass(frozen=True, slots=True)
class Fuse:
    """`failures` in a row open the circuit, refused credentials do so at once.

    It stays open for `seconds`, doubled each time up to `longest`; then one call at a time probes.
    """

    failures: int = 5
    seconds: float = 5.0
    refused_seconds: float = 60.0
    longest: float = 900.0


class Circuit:
    """Closed: calls go. Open until a moment: none. After it: one at a time, until one succeeds."""

    def __init__(self, fuse: Fuse) -> None:
        self._fuse = fuse
        self._failures = 0
        self._trips = 0
        self.open_until: datetime | None = None

    def width(self, now: datetime, full: int) -> int:
        """How many calls may be under way at once, `full` being the normal number."""
        if self.open_until is None:
            return full
        return 0 if now < self.open_until else 1

    def report(
        self, kind: OutcomeKind, now: datetime, *, refused: bool = False, after: float | None = None
    ) -> Change:
        """Learn from an answer. `refused`: our credentials were; `after`: the wait named by the
        provider, in seconds."""
        if refused:
            return self._open(now, self._fuse.refused_seconds)
        if kind in _PASSING or kind == "misconfigured":
            self._failures += 1
            if self._failures < self._fuse.failures and self.open_until is None:
                return None
            return self._open(now, max(self._fuse.seconds, after or 0.0))
        return self._close()

    def _open(self, now: datetime, seconds: float) -> Change:
        if self.open_until is not None and now < self.open_until:
            return None  # calls that were under way when it opened say nothing new
        pause = min(self._fuse.longest, seconds * 2.0 ** min(self._trips, 20))
        change: Change = "opened" if self.open_until is None else None
        self._trips += 1
        self.open_until = now + timedelta(seconds=pause)
        return change

    def _close(self) -> Change:
        change: Change = "closed" if self.open_until is not None else None
        self._failures = self._trips = 0
        self.open_until = None
        return change
