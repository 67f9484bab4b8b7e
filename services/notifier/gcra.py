"""A rate limit as arithmetic: the generic cell rate algorithm (ITU-T I.371, annex A.1). Pure.

One number per limit, the theoretical arrival time (TAT): when the next call would be due if all
came evenly. Any window of `w` seconds, its end excluded, sees at most
`burst - 1 + ceil(w / interval)` calls.
`services/notifier/limiter.py` holds the same arithmetic in Lua; a test compares the two.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """One call every `interval` seconds in the long run, and up to `burst` at once."""

    interval: float
    burst: int = 1

    @property
    def slack(self) -> float:
        """How far ahead of the clock the TAT may be, in seconds."""
        return self.interval * (self.burst - 1)


def per_second(limit: float) -> Rate:
    """A rate of which no second ever sees more than `limit` calls (rounded up).

    A tenth of them may come at once; the sustained rate is lower by what that tenth may add.
    """
    burst = max(1, int(limit / 10))
    return Rate(1 / (limit - burst + 1), burst)


def wait(tat: float, now: float, rate: Rate) -> float:
    """Seconds until the next call is allowed; 0 when it is now."""
    return max(0.0, tat - rate.slack - now)


def spend(tat: float, now: float, rate: Rate) -> float:
    """The TAT after a call at `now`."""
    return max(tat, now) + rate.interval
