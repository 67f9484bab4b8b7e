"""What the API answers about reasons."""

from datetime import datetime
from typing import Any, Literal

from services.router.api.answered import Answer
from services.router.engine.obstacles import Obstacle
from services.router.engine.prospects import Prospect
from shared.events.commands import PresenceState
from shared.events.routing import OfferEnd
from shared.views.documents import ConversationState


class Asked(Answer):
    """One time that an agent was offered the conversation, and how that ended."""

    offer: str
    agent: str
    at: datetime
    how: OfferEnd | Literal["open"]
    reason: str | None


class Candidate(Answer):
    """An agent of the queue, or of one that helps out, as he stands now. `obstacle` keeps him from
    it, null if nothing does; `detail` says more: missing skills, his load, until when."""

    agent: str
    has_skills: bool
    state: PresenceState
    has_room: bool
    helps_out: bool
    obstacle: Obstacle | None
    detail: str


class Compared(Answer):
    """One of the numbers by which agents were compared; the first that differs decides, and the
    lower one wins. Of an order the lower number was idle longer, or asked longer ago."""

    what: str
    value: int


class Next(Answer):
    """What may happen next by itself; `at` is null where it comes with something else."""

    what: Prospect
    at: datetime | None
    detail: str


class Decided(Answer):
    """One thing that was decided about the conversation. What was put into a queue says by which
    version of the rules, which route, after how many of its steps; an offer says how its agent was
    `chosen`, and his numbers."""

    id: str
    at: datetime
    event: str
    agent: str | None
    queue: str | None
    how: str | None
    reason: str | None
    other: str | None
    rules: int | None
    route: str | None
    step: int | None
    priority: str | None
    due_at: datetime | None
    requires: dict[str, Any] | None
    preferred: list[dict[str, Any]] | None
    also: list[str] | None
    units: int | None
    chosen: str | None
    compared: list[Compared]


class Explanation(Answer):
    """Why a conversation is where it is. `due_at` orders it against everything else that waits.

    `candidates` are at most ten, those who are nearest to taking it first; `obstacles` counts all.
    `waits_for` is what may happen next. `history` are the latest hundred decisions about it, oldest
    first.
    """

    conversation: str
    state: ConversationState
    agent: str | None
    rules: int | None
    route: str | None
    step: int
    queue: str | None
    also: list[str]
    priority: str | None
    requires: dict[str, Any]
    preferred: list[dict[str, Any]]
    units: int
    pick: str | None
    attributes: dict[str, str]
    queued_as: str | None
    arrived_at: datetime | None
    due_at: datetime | None
    place: int | None
    asked: list[Asked]
    candidates: list[Candidate]
    obstacles: dict[str, int]
    waits_for: list[Next]
    history: list[Decided]


class OfferWhy(Answer):
    """Why an agent was asked. `sentence` says it in English, to him."""

    offer: str
    conversation: str
    agent: str
    made_at: datetime
    how: OfferEnd | Literal["open"]
    sentence: str
    chosen: str
    compared: list[Compared]
    rules: int
    route: str | None
    step: int
    queue: str | None
    helps_out: bool
    priority: str | None
    requires: dict[str, Any]
    preferred: list[dict[str, Any]]
    due_at: datetime | None
    waited_seconds: float | None
