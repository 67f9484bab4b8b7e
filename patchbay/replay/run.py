"""The replay itself: the recorded contacts through the engine, in virtual time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any

from patchbay.recorded.visits import Outcome, Presence
from patchbay.replay.traffic import Contact
from services.router.engine.decide import Input, decide
from services.router.engine.state import State
from services.router.engine.timers import CAUSE, due_timers, next_timer
from services.router.engine.turn import Context
from shared.events import routing
from shared.events.commands import AcceptOffer, Close, Configure, EndWrapUp, SetPresence
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.rules import Rules

_WORKSPACE = "replay"


@dataclass(slots=True, eq=False)
class Course:
    """What became of a contact. `joined`: it belonged to a conversation that was still open."""

    contact: Contact
    queue: str = ""
    conversation: str = ""
    answered: int | None = None
    ended: int | None = None
    agent: str | None = None
    by_customer: bool = False
    joined: bool = False
    holds: int = 0
    busy: int = 0

    @property
    def outcome(self) -> Outcome:
        """As for a recorded contact."""
        if self.answered is not None:
            return "answered"
        if self.ended is None:
            return "waiting"
        return "abandoned" if self.by_customer else "ended"


class Replay:
    """One set of rules and one staff."""

    def __init__(self, rules: Rules, presence: Iterable[Presence], since: int) -> None:
        self._state = State()
        self._events: list[tuple[int, int, str, Any]] = []
        self._pushed = self._inputs = 0
        self._courses: dict[str, Course] = {}
        self._current: Course | None = None
        self._now = since
        self._doing: dict[str, Callable[[Any], None]] = {
            "presence": self._presence,
            "arrive": self._arrive,
            "accept": self._accept,
            "close": self._close,
            "wrapped_up": self._wrapped_up,
            "give_up": self._give_up,
        }
        self._decide(Configure(workspace=_WORKSPACE, digest="replay", rules=rules))
        for change in presence:
            self._push(change.at, "presence", change)

    def go(self, contacts: Sequence[Contact], until: int) -> list[Course]:
        """All contacts; whoever still waits at `until` and whatever is still in hand stays so."""
        courses = [Course(contact) for contact in contacts]
        for course in courses:
            self._push(course.contact.arrived, "arrive", course)
        while self._events and self._events[0][0] <= until:
            at, _, what, subject = heappop(self._events)
            self._pass_time(at)
            self._now = at
            self._doing[what](subject)
        self._pass_time(until)
        return courses

    def _push(self, at: float, what: str, subject: Any) -> None:
        self._pushed += 1
        heappush(self._events, (round(at), self._pushed, what, subject))

    def _pass_time(self, until: int) -> None:
        while (at := next_timer(self._state)) is not None and at <= until:
            self._now = max(self._now, at)
            for timer in due_timers(self._state, at):
                self._follow(decide(self._state, timer, Context(at, CAUSE)))

    def _decide(self, command: Input) -> None:
        self._inputs += 1
        self._follow(decide(self._state, command, Context(self._now, f"i{self._inputs}")))

    def _follow(self, events: Iterable[routing.RoutingEvent]) -> None:
        for event in events:
            match event:
                case routing.Opened() | routing.Reopened():
                    self._begin(event.conversation)
                case routing.Queued():
                    self._queued(event)
                case routing.Offered():
                    self._offered(event)
                case routing.Assigned():
                    self._assigned(event)
                case routing.Closed():
                    self._closed(event)
                case _:
                    pass

    def _begin(self, conversation: str) -> None:
        if self._current is not None:
            self._current.conversation = conversation
            self._courses[conversation] = self._current

    def _queued(self, event: routing.Queued) -> None:
        course = self._courses[event.conversation]
        course.queue = course.queue or event.queue

    def _offered(self, event: routing.Offered) -> None:
        course = self._courses[event.conversation]
        at = min(event.at + course.contact.reaction, max(event.at, event.expires_at - 1))
        self._push(at, "accept", (event.offer, event.agent))

    def _assigned(self, event: routing.Assigned) -> None:
        course = self._courses[event.conversation]
        if course.answered is None:
            course.answered = event.at
        course.agent = event.agent
        course.holds += 1
        self._push(event.at + course.contact.talk, "close", (course, course.holds))

    def _closed(self, event: routing.Closed) -> None:
        course = self._courses[event.conversation]
        course.ended = event.at
        course.by_customer = event.by == "customer"
        if course.agent is not None:
            course.busy = course.contact.talk + course.contact.wrap
            self._push(event.at + course.contact.wrap, "wrapped_up", course)

    def _presence(self, change: Presence) -> None:
        self._decide(
            SetPresence(
                workspace=_WORKSPACE,
                actor="system",
                agent=change.agent,
                state=change.state,
                channels=change.channels,
            )
        )

    def _arrive(self, course: Course) -> None:
        self._current = course
        self._decide(self._event(course, "message"))
        self._current = None
        course.joined = not course.conversation
        if not course.joined and course.contact.patience < float("inf"):
            self._push(course.contact.arrived + course.contact.patience, "give_up", course)

    def _accept(self, offer: tuple[str, str]) -> None:
        self._decide(AcceptOffer(workspace=_WORKSPACE, actor=offer[1], offer=offer[0]))

    def _close(self, held: tuple[Course, int]) -> None:
        course, hold = held
        if course.holds == hold and course.agent is not None and course.ended is None:
            self._decide(
                Close(workspace=_WORKSPACE, actor=course.agent, conversation=course.conversation)
            )

    def _wrapped_up(self, course: Course) -> None:
        self._decide(
            EndWrapUp(workspace=_WORKSPACE, actor="system", conversation=course.conversation)
        )

    def _give_up(self, course: Course) -> None:
        if course.answered is None and course.ended is None:
            self._decide(self._event(course, "close"))

    def _event(self, course: Course, kind: Any) -> CustomerEvent:
        contact = course.contact
        at = datetime.fromtimestamp(self._now / 1000, UTC)
        return CustomerEvent(
            id=f"{contact.number}/{kind}",
            workspace=_WORKSPACE,
            channel=contact.channel,
            account=contact.attributes.get("account", ""),
            conversation_key=contact.key,
            received_at=at,
            action=Action(
                kind=kind,
                sender=Sender(address="customer", language=contact.attributes.get("language")),
                occurred_at=at,
                provider_id=kind,
                hints=contact.attributes,
            ),
        )
