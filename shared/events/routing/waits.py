"""Opening hours, waits, and what those who wait are told."""

from dataclasses import dataclass
from typing import Literal

from shared.estimate import Model

ToldWhat = Literal[
    "after_hours",
    "after_hours_closed",
    "max_wait",
    "max_wait_closed",
    "expected_wait",
    "callback_confirmed",
]


LimitDo = Literal["message", "queue", "callback", "close"]


@dataclass(slots=True)
class HoursTurned:
    """These hours begin, or are over, and stay so until `until` (None: for ever). `since` is when
    that began, 0 where it is not known. `queues` are open or closed by it."""

    hours: str
    open: bool
    since: int
    until: int | None
    at: int
    queues: tuple[str, ...] = ()
    event: Literal["hours_turned"] = "hours_turned"


@dataclass(slots=True)
class Estimated:
    """It has to wait, and how long can be said. `position` is its place among all its queue has on
    the channel, `place` that in its `line`: what waits with the same queue, channel and skills.

    By the `model` (`shared.estimate`) half of all waits like this one end within `p50_ms`, nine in
    ten within `p90_ms`, counted from `at`; `gap_ms` is the mean time between two departures of the
    line, from `known` of them. Without a model what was said of the line before holds no more.
    """

    conversation: str
    line: str
    at: int
    position: int
    place: int
    model: Model | None = None
    gap_ms: int = 0
    known: int = 0
    p50_ms: int = 0
    p90_ms: int = 0
    event: Literal["estimated"] = "estimated"


@dataclass(slots=True)
class WaitLimited:
    """It has waited for too long: the queue's maximum wait number `limit` (from 0) took effect."""

    conversation: str
    queue: str
    limit: int
    do: LimitDo
    at: int
    event: Literal["wait_limited"] = "wait_limited"


@dataclass(slots=True)
class Told:
    """The customer is told something: an automatic message in his language, or a spoken one.

    `parameters` by what: `opens_at` (Unix ms, absent if never) and `time_zone` after hours;
    `position`, `p50_ms` and `p90_ms` (the last two absent if not known) of an expected wait.
    """

    conversation: str
    what: ToldWhat
    parameters: dict[str, str]
    at: int
    event: Literal["told"] = "told"
