"""A run: arrivals, departures and lost patience in the order of their times."""

from dataclasses import dataclass
from heapq import heappop, heappush

from patchbay.simulate.desk import Answer, Desk
from patchbay.simulate.draws import Draw, draws
from patchbay.simulate.reading import hands
from patchbay.simulate.rules import agent_name, rules_of
from patchbay.simulate.scenario import Agents, Contact, Scenario
from patchbay.simulate.tally import Batch, Tally

_MS = 60_000
_ARRIVE, _DEPART, _GIVE_UP = range(3)


@dataclass(slots=True, eq=False)
class Visit:
    """A contact that is there. Times are milliseconds; `batch` is None if it does not count."""

    kind: int
    key: str
    arrived: float
    handle: float
    batch: Batch | None
    conversation: str = ""
    agent: str | None = None


class Run:
    """One part of a simulation. `part` names its random numbers, `counted` and `warm_up` say how
    many arrivals it has.

    Random numbers are drawn as contacts arrive, from a stream per kind and purpose: another rule or
    another staff meets the same contacts.
    """

    def __init__(
        self, scenario: Scenario, part: int, counted: int, warm_up: int, batches: int
    ) -> None:
        self.scenario = scenario
        self.tally = Tally(len(scenario.contacts), len(scenario.report_within_minutes), batches)
        contacts = scenario.contacts
        self._desk = Desk(rules_of(scenario), [contact.channel for contact in contacts])
        self._warm_up, self._counted = warm_up, counted
        self._best = [_best_groups(contact, scenario.agents) for contact in contacts]
        self._most = _ENDLESS if scenario.waiting_places is None else hands(scenario)
        self._most += scenario.waiting_places or 0
        self._within = [minutes * _MS for minutes in scenario.report_within_minutes]
        self._groups = {
            agent_name(index, number): index
            for index, group in enumerate(scenario.agents)
            for number in range(group.count)
        }
        self._between = _streams(scenario, part, "arrival")
        self._handle = _streams(scenario, part, "handle")
        self._patience = _streams(scenario, part, "patience")
        self._events: list[tuple[float, int, int, Visit | int]] = []
        self._pushed = 0
        self._visits: dict[str, Visit] = {}
        self._held = dict.fromkeys(self._groups, 0)
        self._waiting = self._arrived = self._open = 0
        self._busy = self._heads = 0
        self._since = 0.0
        self._batch: Batch | None = None

    def go(self) -> Tally:
        """Until all that counts is over; what this came to."""
        for kind in range(len(self._between)):
            self._next_arrival(kind, 0.0)
        events, desk = self._events, self._desk
        while events and not self._done():
            at, _, what, subject = heappop(events)
            now = int(at)
            for moment, answer in desk.pass_time(now):
                self._answered([answer], float(moment))
            if isinstance(subject, int):
                self._arrive(subject, at, now)
            elif what == _DEPART:
                self._depart(subject, at, now)
            elif subject.agent is None:
                self._give_up(subject, at, now)
        return self.tally

    @property
    def remembered(self) -> int:
        """How many conversations the engine knows, ended ones too."""
        return self._desk.remembered

    def _done(self) -> bool:
        return self._open == 0 and self._arrived >= self._warm_up + self._counted

    def _push(self, at: float, what: int, subject: Visit | int) -> None:
        self._pushed += 1
        heappush(self._events, (at, self._pushed, what, subject))

    def _next_arrival(self, kind: int, at: float) -> None:
        """Arrivals go on while contacts that count are there, but not for ever."""
        if self._arrived < 2 * (self._warm_up + self._counted):
            self._push(at + self._between[kind](), _ARRIVE, kind)

    def _arrive(self, kind: int, at: float, now: int) -> None:
        self._next_arrival(kind, at)
        batch = self._count_arrival(at)
        visit = Visit(kind, f"v{self._arrived}", at, self._handle[kind](), batch)
        patience = self._patience[kind]()
        if batch is not None:
            batch.kinds[kind].offered += 1
        if self._busy + self._waiting >= self._most:
            if batch is not None:
                batch.kinds[kind].blocked += 1
            return
        if batch is not None:
            self._open += 1
        visit.conversation, answers = self._desk.arrive(kind, visit.key, now)
        self._visits[visit.conversation] = visit
        self._waiting += 1
        self._answered(answers, at)
        if visit.agent is None:
            if self.scenario.waiting_places == 0:
                self._leave(visit, now, at, blocked=True)
            elif patience != _ENDLESS:
                self._push(at + patience, _GIVE_UP, visit)

    def _count_arrival(self, at: float) -> Batch | None:
        """The batch of the contact that arrives now."""
        number = self._arrived - self._warm_up
        self._arrived += 1
        if not 0 <= number <= self._counted:
            return None
        if number * self.tally.batches % self._counted < self.tally.batches:
            self._measure(at)
            place = number * self.tally.batches // self._counted
            self._batch = self.tally.found[place] if number < self._counted else None
        return self._batch

    def _answered(self, answers: list[Answer], at: float) -> None:
        for conversation, agent in answers:
            visit = self._visits[conversation]
            visit.agent = agent
            self._waiting -= 1
            self._measure(at)
            self._busy += 1
            self._heads += not self._held[agent]
            self._held[agent] += 1
            self._push(at + visit.handle, _DEPART, visit)
            if visit.batch is not None:
                self._open -= 1
                self._count_answer(visit, visit.batch, at - visit.arrived, agent)

    def _count_answer(self, visit: Visit, batch: Batch, wait: float, agent: str) -> None:
        counts = batch.kinds[visit.kind]
        counts.answered += 1
        if wait > 0:
            counts.waited += 1
            counts.wait += wait / _MS
        for index, most in enumerate(self._within):
            counts.within[index] += wait <= most
        best = self._best[visit.kind]
        if best is not None:
            counts.skilled += 1
            counts.best += self._groups[agent] in best

    def _depart(self, visit: Visit, at: float, now: int) -> None:
        agent = visit.agent
        assert agent is not None
        del self._visits[visit.conversation]
        self._measure(at)
        self._busy -= 1
        self._held[agent] -= 1
        self._heads -= not self._held[agent]
        self._answered(self._desk.close(visit.conversation, agent, now), at)

    def _give_up(self, visit: Visit, at: float, now: int) -> None:
        self._leave(visit, now, at, blocked=False)

    def _leave(self, visit: Visit, now: int, at: float, *, blocked: bool) -> None:
        visit.agent = ""
        self._waiting -= 1
        del self._visits[visit.conversation]
        answers = self._desk.leave(visit.kind, visit.key, now)
        if visit.batch is not None:
            self._open -= 1
            counts = visit.batch.kinds[visit.kind]
            if blocked:
                counts.blocked += 1
            else:
                counts.abandoned += 1
                counts.waited += 1
                counts.wait += (at - visit.arrived) / _MS
        self._answered(answers, at)

    def _measure(self, at: float) -> None:
        """Add up how busy they were since it was last looked at."""
        if self._batch is not None:
            minutes = (at - self._since) / _MS
            self._batch.minutes += minutes
            self._batch.busy += minutes * self._busy
            self._batch.heads += minutes * self._heads
        self._since = at


_ENDLESS = float("inf")


def _streams(scenario: Scenario, part: int, purpose: str) -> list[Draw]:
    return [
        _stream(contact, f"{scenario.seed}/{part}/{purpose}/{index}", purpose)
        for index, contact in enumerate(scenario.contacts)
    ]


def _stream(contact: Contact, name: str, purpose: str) -> Draw:
    if purpose == "arrival":
        return draws(contact.arrival, _MS / contact.rate_per_minute, name)
    if purpose == "handle":
        return draws(contact.handle, _MS * contact.handle_minutes, name)
    if contact.patience_minutes is None:
        return lambda: _ENDLESS
    return draws(contact.patience, _MS * contact.patience_minutes, name)


def _best_groups(contact: Contact, agents: tuple[Agents, ...]) -> set[int] | None:
    """The groups whose highest level is in what the contact requires; None if it requires none."""
    if not contact.requires:
        return None
    return {
        index
        for index, group in enumerate(agents)
        if any(
            group.skills.get(skill, 0) == max(group.skills.values(), default=1)
            for skill in contact.requires
        )
    }
