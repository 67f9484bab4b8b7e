"""How conversations begin, wait and end."""

from dataclasses import dataclass
from typing import Any, Literal

QueuedFor = Literal[
    "new",
    "reopened",
    "requeued",
    "transferred",
    "unanswered",
    "passed_on",
    "moved",
    "woken",
    "split",
    "stepped",
    "callback",
    "consulted",
]


StepWhy = Literal["after", "nobody_able", "expected_wait"]


@dataclass(slots=True)
class Opened:
    """A conversation began. `attributes` are what routes look at, `customer` a display name."""

    conversation: str
    key: str
    channel: str
    account: str
    address: str
    customer: str
    attributes: dict[str, str]
    at: int
    event: Literal["opened"] = "opened"


@dataclass(slots=True)
class Reopened:
    conversation: str
    at: int
    event: Literal["reopened"] = "reopened"


@dataclass(slots=True)
class Attached:
    """A customer's action in an open conversation: `action` is its kind, `ref` its event id.

    `key` is the thread it came by, where that is another one's that was merged into it.
    """

    conversation: str
    ref: str
    action: str
    at: int
    key: str | None = None
    event: Literal["attached"] = "attached"


@dataclass(slots=True)
class Enriched:
    """Attributes learned later (an order from an alert, a call's state)."""

    conversation: str
    attributes: dict[str, str]
    event: Literal["enriched"] = "enriched"


@dataclass(slots=True)
class Queued:
    """It waits. `level` and then `due` order it against everything else that waits; a requeue keeps
    them. `requires` and `preferred` are needs over skills; agents of the queues `also` may take it,
    too. `step` counts the route's steps taken; `watched`: the next one may have to come at once;
    `step_at`: at that time.

    Until `kept_until` only `kept_for` is offered it. `asked` are the skills a person asked for.
    `rules` is the version that put it there: that in force, or that on `trial`.
    """

    conversation: str
    queue: str
    priority: str
    requires: dict[str, Any]
    due: int
    at: int
    why: QueuedFor
    route: str | None = None
    kept_for: str | None = None
    kept_until: int | None = None
    asked: dict[str, int] | None = None
    rules: int = 0
    level: int = 0
    step: int = 0
    preferred: tuple[dict[str, Any], ...] = ()
    also: tuple[str, ...] = ()
    units: int = 1
    watched: bool = False
    step_at: int = 0
    trial: bool | None = None
    event: Literal["queued"] = "queued"


@dataclass(slots=True)
class Stepped:
    """Nobody took it, and so the next step of its route comes: `step` counts those taken."""

    conversation: str
    route: str
    step: int
    why: StepWhy
    at: int
    event: Literal["stepped"] = "stepped"


@dataclass(slots=True)
class Responded:
    """The first message of an agent reached the provider."""

    conversation: str
    at: int
    event: Literal["responded"] = "responded"


@dataclass(slots=True)
class Closed:
    """It ended: `by` an agent id, `customer` or `system`; `code` says how (`abandoned`, …)."""

    conversation: str
    by: str
    at: int
    code: str | None = None
    event: Literal["closed"] = "closed"


@dataclass(slots=True)
class Forgotten:
    """Its thread window is over; the state no longer knows it."""

    conversation: str
    event: Literal["forgotten"] = "forgotten"
