"""Fold what decisions say about waits and work into the figures of their interval. Pure.

Everything counts in the interval of its decision. So a rebuilt view has the same figures, and an
interval that is over never changes.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from services.router.view.moment import Moment
from services.router.view.sheet import Placed, Sheet
from shared.events import routing as was
from shared.events.routing import Decision
from shared.figures.facts import Fact
from shared.figures.occupancy import COMING, Hands, intervals, units_of
from shared.figures.spans import begin, follow, moves
from shared.figures.tally import UNPROMISED, Row, Target, interval_of, labels_of, targets_of
from shared.views.documents import Agent, Conversation, Figures, Staff, Targets, WorkedTime


def before(now: Moment, event: Any, at: int) -> None:
    """Count what the agents did whom this event is about to change."""
    for name in _whom(now, event):
        agent = now.sheet.get(now.sheet.keys.agent(name), Agent)
        if agent is not None:
            _account(now.sheet, agent, at)


def after(now: Moment, event: Any, at: int) -> None:
    """Count what is known by this event."""
    if isinstance(event, was.Configured):
        _configured(now.sheet, event)
    named = getattr(event, "agent", None)
    if named is not None:
        _greet(now.sheet, named, at)
    if not (moves(event) or isinstance(event, was.Opened)):
        return
    conversation = now.conversation(event.conversation)
    if conversation is not None:
        facts = _measured(conversation, event, now.offset)
        now.keep(conversation)
        _count(now, facts, at)


def needs(sheet: Sheet, batch: list[Placed[Decision]]) -> Iterable[str]:
    """The intervals that the batch falls into, and those that its agents' time reaches back to."""
    if not batch:
        return
    yield from (sheet.keys.targets(), sheet.keys.staff())
    first, last = batch[0].data.at, max(placed.data.at for placed in batch)
    since = first
    for placed in batch:
        for event in placed.data.events:
            for name in _whom(Moment(sheet, placed.offset, 0), event):
                agent = sheet.get(sheet.keys.agent(name), Agent)
                if agent is not None and agent.accounted and (agent.work or agent.state in COMING):
                    since = min(since, agent.accounted)
    starts = list(_starts(max(since, last - sheet.keep_ms), last))
    yield from (sheet.keys.worked(start) for start in starts)
    yield from (sheet.keys.figures(start) for start in starts if start >= interval_of(first))


def agents_of(sheet: Sheet, event: was.Configured) -> Iterator[str]:
    """Everybody in the rules: what they can take counts differently from here on."""
    yield from (sheet.keys.agent(name) for name in event.rules.agents)


def _starts(since: int, until: int) -> Iterator[int]:
    yield from dict.fromkeys(start for start, _ in intervals(since, until))
    yield interval_of(until)


def _whom(now: Moment, event: Any) -> Iterable[str]:
    """The agents whose state or work the event may change."""
    if isinstance(event, was.Configured):
        return event.rules.agents
    named: str | None = getattr(event, "agent", None)
    if named is None and isinstance(event, was.Closed):
        conversation = now.conversation(event.conversation)
        named = None if conversation is None else conversation.agent
    return () if named is None else (named,)


def _account(sheet: Sheet, agent: Agent, at: int) -> None:
    since, agent.accounted = agent.accounted, max(agent.accounted, at)
    hands = Hands(
        agent.state, agent.units, [(work.phase, work.units) for work in agent.work.values()]
    )
    if hands.counts and since:
        for start, milliseconds in intervals(max(since, at - sheet.keep_ms), at):
            key = sheet.keys.worked(start)
            worked = sheet.get(key, WorkedTime) or WorkedTime()
            worked.sum.merge(hands.worked(milliseconds))
            sheet.put(key, worked, start + sheet.keep_ms)
    sheet.put(sheet.keys.agent(agent.id), agent)


def _greet(sheet: Sheet, name: str, at: int) -> None:
    """From the first thing an agent does his time counts."""
    agent = sheet.get(sheet.keys.agent(name), Agent)
    if agent is not None and not agent.accounted:
        staff = sheet.get(sheet.keys.staff(), Staff) or Staff()
        agent.accounted, agent.units = at, staff.units.get(name, 0)


def _configured(sheet: Sheet, event: was.Configured) -> None:
    rules = event.rules
    targets = {name: tuple(target) for name, target in targets_of(rules.queues).items()}
    decline_ms = round(rules.decline_seconds * 1000)
    sheet.put(sheet.keys.targets(), Targets(queues=targets, decline_ms=decline_ms))
    units = {name: units_of(rules, agent) for name, agent in rules.agents.items()}
    sheet.put(sheet.keys.staff(), Staff(units=units))
    for name, most in units.items():
        agent = sheet.get(sheet.keys.agent(name), Agent)
        if agent is not None:
            agent.units = most


def _measured(conversation: Conversation, event: Any, offset: int) -> list[Fact]:
    if isinstance(event, was.Opened):
        conversation.span = begin(event, offset)
    return [] if conversation.span is None else follow(conversation.span, event, offset)


def _count(now: Moment, facts: list[Fact], at: int) -> None:
    if not facts:
        return
    sheet, start = now.sheet, interval_of(at)
    promised = sheet.get(sheet.keys.targets(), Targets) or Targets()
    key = sheet.keys.figures(start)
    figures = sheet.get(key, Figures) or Figures()
    for fact in facts:
        found = promised.queues.get(fact.queue)
        target = UNPROMISED if found is None else Target(*found)
        figures.rows.setdefault("/".join(labels_of(fact)), Row()).add(fact, target)
        sheet.facts.append((now.offset, fact, target))
    sheet.put(key, figures, start + sheet.keep_ms)
