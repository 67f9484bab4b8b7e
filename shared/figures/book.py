"""The figures of a whole record: what the view keeps per interval, for who reads it himself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.events import routing as was
from shared.events.routing import RoutingEvent
from shared.figures.facts import Fact
from shared.figures.occupancy import Hands, Worked, intervals, units_of
from shared.figures.spans import Span, begin, follow
from shared.figures.tally import UNPROMISED, Labels, Row, interval_of, labels_of, targets_of
from shared.rules import Rules

_PHASES: Mapping[type, str] = {
    was.Offered: "offered",
    was.Dialled: "offered",
    was.Assigned: "held",
    was.WrapUpStarted: "wrap_up",
}


@dataclass(slots=True)
class _Agent:
    state: str = "offline"
    accounted: int = 0
    work: dict[str, str] = field(default_factory=dict)


class Book:
    """One workspace's decisions in order, from any position on, added up by interval.

    `rules` are those in force before the first one. `rows` and `worked` are by the beginning of an
    interval. Conversations that began before the first decision are not counted.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self.rows: dict[int, dict[Labels, Row]] = {}
        self.worked: dict[int, Worked] = {}
        self._spans: dict[str, Span] = {}
        self._agents: dict[str, _Agent] = {}
        self._holders: dict[str, str] = {}
        self._weights: dict[str, int] = {}
        self._configure(rules or Rules())

    def take(self, events: Iterable[RoutingEvent], at: int, position: int) -> list[Fact]:
        """One decision: what it adds. `position` is its place in the record, `at` its time."""
        facts: list[Fact] = []
        for event in events:
            self._work(event, at)
            facts += self._follow(event, position)
        rows = self.rows.setdefault(interval_of(at), {}) if facts else {}
        for fact in facts:
            row = rows.setdefault(labels_of(fact), Row())
            row.add(fact, self._targets.get(fact.queue, UNPROMISED))
        return facts

    def close(self, at: int) -> None:
        """Count what every agent did until then; more may follow."""
        for name in self._agents:
            self._account(name, at)

    def _configure(self, rules: Rules) -> None:
        self._targets = targets_of(rules.queues)
        self._units = {name: units_of(rules, agent) for name, agent in rules.agents.items()}

    def _follow(self, event: RoutingEvent, position: int) -> list[Fact]:
        if isinstance(event, was.Opened):
            self._spans[event.conversation] = begin(event, position)
        elif isinstance(event, was.Queued):
            self._weights[event.conversation] = event.units
        elif isinstance(event, was.Forgotten):
            self._spans.pop(event.conversation, None)
            self._weights.pop(event.conversation, None)
        span = self._spans.get(getattr(event, "conversation", ""))
        return [] if span is None else follow(span, event, position)

    def _work(self, event: RoutingEvent, at: int) -> None:
        """Who has what in hand, as the events say."""
        if isinstance(event, was.Configured):
            self.close(at)
            self._configure(event.rules)
        elif isinstance(event, was.PresenceChanged):
            self._account(event.agent, at).state = event.state
        elif isinstance(event, was.Closed):
            self._drop(self._holders.get(event.conversation), event.conversation, at)
        elif isinstance(event, was.OfferEnded | was.DialEnded | was.Released | was.WrapUpEnded):
            if getattr(event, "how", "") != "accepted":
                self._drop(event.agent, event.conversation, at)
        elif isinstance(event, was.Offered | was.Dialled | was.Assigned | was.WrapUpStarted):
            phase = _PHASES[type(event)]
            self._account(event.agent, at).work[event.conversation] = phase
            if phase != "offered":
                self._holders[event.conversation] = event.agent

    def _drop(self, agent: str | None, conversation: str, at: int) -> None:
        """He has it no longer."""
        if agent is not None:
            self._account(agent, at).work.pop(conversation, None)
        if self._holders.get(conversation) == agent:
            self._holders.pop(conversation, None)

    def _account(self, name: str, at: int) -> _Agent:
        """Count what he did until now."""
        agent = self._agents.setdefault(name, _Agent())
        work = [(phase, self._weights.get(known, 1)) for known, phase in agent.work.items()]
        hands = Hands(agent.state, self._units.get(name, 0), work)
        for start, milliseconds in intervals(agent.accounted or at, at):
            self.worked.setdefault(start, Worked()).merge(hands.worked(milliseconds))
        agent.accounted = max(agent.accounted, at)
        return agent
