"""What decisions say of contacts: when they came, waited, were worked on and ended. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.events import routing
from shared.events.commands import PresenceState
from shared.events.routing import Decision
from shared.rules import Rules

Outcome = Literal["answered", "abandoned", "ended", "waiting"]


@dataclass(slots=True)
class Visit:
    """One wait of one conversation and the work after it. Times are Unix milliseconds.

    `arrived` is when it began to wait. `asked` is when the agent who took it was asked. `work` is
    how long agents had it, sleeping not, `wrap` the part of it after the end; `busy_since` is set
    while one has it.
    """

    conversation: str
    key: str
    channel: str
    attributes: dict[str, str]
    arrived: int = 0
    queue: str = ""
    priority: str = ""
    asked: int | None = None
    answered: int | None = None
    agent: str | None = None
    ended: int | None = None
    by_customer: bool = False
    work: int = 0
    wrap: int = 0
    busy_since: int | None = None

    @property
    def outcome(self) -> Outcome:
        """What became of it. `ended`: unanswered, but not by the customer."""
        if self.answered is not None:
            return "answered"
        if self.ended is None:
            return "waiting"
        return "abandoned" if self.by_customer else "ended"

    def waited(self, until: int) -> int:
        """Milliseconds of waiting, up to the end of the period if it still waits."""
        end = self.answered if self.answered is not None else self.ended
        return max(0, (until if end is None else end) - self.arrived)


@dataclass(slots=True, frozen=True)
class Presence:
    """An agent came, paused or went."""

    at: int
    agent: str
    state: PresenceState
    channels: tuple[str, ...] = ()


@dataclass
class Recording:
    """Everything of one workspace, in the order of the record. `rules` are the last in force."""

    workspace: str
    visits: list[Visit] = field(default_factory=list)
    presence: list[Presence] = field(default_factory=list)
    rules: Rules | None = None
    first: int | None = None
    last: int = 0
    _open: dict[str, Visit] = field(default_factory=dict)

    def add(self, decision: Decision) -> None:
        """One more decision of this workspace."""
        self.first = decision.at if self.first is None else self.first
        self.last = max(self.last, decision.at)
        for event in decision.events:
            handler = _HANDLERS.get(type(event))
            if handler is not None:
                handler(self, event)

    def within(self, since: int, until: int) -> Iterable[Visit]:
        """What began to wait in that time."""
        return (visit for visit in self.visits if since <= visit.arrived < until)

    def present(self, at: int) -> dict[str, Presence]:
        """Who was there, and how, at that moment."""
        found: dict[str, Presence] = {}
        for change in self.presence:
            if change.at > at:
                break
            found[change.agent] = change
        return {name: last for name, last in found.items() if last.state != "offline"}

    def visit(self, conversation: str) -> Visit | None:
        """The wait or work that goes on with this conversation."""
        return self._open.get(conversation)

    def begin(self, visit: Visit) -> None:
        """A conversation opens, or opens again."""
        self._open[visit.conversation] = visit


def _opened(recording: Recording, event: routing.Opened) -> None:
    recording.begin(
        Visit(event.conversation, event.key, event.channel, dict(event.attributes), event.at)
    )


def _reopened(recording: Recording, event: routing.Reopened) -> None:
    before = recording.visit(event.conversation)
    if before is not None:
        again = Visit(before.conversation, before.key, before.channel, before.attributes, event.at)
        recording.begin(again)


def _enriched(recording: Recording, event: routing.Enriched) -> None:
    visit = recording.visit(event.conversation)
    if visit is not None:
        visit.attributes = {**visit.attributes, **event.attributes}


def _queued(recording: Recording, event: routing.Queued) -> None:
    """Its first queue counts: where it goes later is what rules and agents make of it."""
    visit = recording.visit(event.conversation)
    if visit is not None and not visit.queue:
        visit.queue, visit.priority = event.queue, event.priority
        visit.arrived = event.at
        recording.visits.append(visit)


def _offered(recording: Recording, event: routing.Offered) -> None:
    visit = recording.visit(event.conversation)
    if visit is not None and visit.answered is None:
        visit.asked = event.at


def _assigned(recording: Recording, event: routing.Assigned) -> None:
    visit = recording.visit(event.conversation)
    if visit is not None:
        if visit.answered is None:
            visit.answered, visit.agent = event.at, event.agent
        visit.busy_since = event.at


def _begins(recording: Recording, event: routing.Woken | routing.WrapUpStarted) -> None:
    visit = recording.visit(event.conversation)
    if visit is not None and visit.answered is not None:
        visit.busy_since = event.at


def _stops(recording: Recording, event: routing.Released | routing.Snoozed) -> None:
    visit = recording.visit(event.conversation)
    if visit is not None:
        _worked(visit, event.at)


def _wrapped_up(recording: Recording, event: routing.WrapUpEnded) -> None:
    visit = recording.visit(event.conversation)
    if visit is not None and visit.busy_since is not None:
        visit.wrap += max(0, event.at - visit.busy_since)
        _worked(visit, event.at)


def _closed(recording: Recording, event: routing.Closed) -> None:
    visit = recording.visit(event.conversation)
    if visit is not None:
        visit.ended = event.at
        visit.by_customer = event.by == "customer" or event.code == "abandoned"
        _worked(visit, event.at)


def _worked(visit: Visit, until: int) -> None:
    if visit.busy_since is not None:
        visit.work += max(0, until - visit.busy_since)
        visit.busy_since = None


def _presence(recording: Recording, event: routing.PresenceChanged) -> None:
    recording.presence.append(Presence(event.at, event.agent, event.state, tuple(event.channels)))


def _configured(recording: Recording, event: routing.Configured) -> None:
    recording.rules = event.rules


_HANDLERS: dict[type, Callable[[Recording, Any], None]] = {
    routing.Opened: _opened,
    routing.Reopened: _reopened,
    routing.Enriched: _enriched,
    routing.Queued: _queued,
    routing.Offered: _offered,
    routing.Assigned: _assigned,
    routing.Released: _stops,
    routing.Snoozed: _stops,
    routing.Woken: _begins,
    routing.WrapUpStarted: _begins,
    routing.WrapUpEnded: _wrapped_up,
    routing.Closed: _closed,
    routing.PresenceChanged: _presence,
    routing.Configured: _configured,
}
