"""Read the figures of a time. Every function raises CacheUnavailable."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from redis.asyncio import Redis

from shared.figures.occupancy import Hands, Worked, intervals
from shared.figures.tally import INTERVAL_MS, Labels, Row
from shared.views.documents import Agent, Figures, WorkedTime
from shared.views.keys import Keys
from shared.views.read import documents

Interval = Mapping[Labels, Row]


async def counted(redis: "Redis", workspace: str, starts: Sequence[int]) -> list[Interval]:
    """What was counted in each of the intervals that begin then."""
    keys = Keys(workspace)
    found = await documents(redis, [keys.figures(start) for start in starts], Figures)
    return [{} if one is None else _labelled(one) for one in found]


async def worked(
    redis: "Redis", workspace: str, starts: Sequence[int], agents: Sequence[Agent], now: int
) -> list[Worked]:
    """The time of all agents in each of the intervals, up to now: also what went on unchanged
    since the last thing that happened to an agent."""
    keys = Keys(workspace)
    stored = await documents(redis, [keys.worked(start) for start in starts], WorkedTime)
    found = {
        start: Worked() if one is None else one.sum
        for start, one in zip(starts, stored, strict=True)
    }
    for start, since in going_on(agents, now).items():
        if start in found:
            found[start].merge(since)
    return list(found.values())


def going_on(agents: Iterable[Agent], now: int) -> dict[int, Worked]:
    """Their time since the last thing that happened to each, by interval."""
    found: dict[int, Worked] = {}
    for agent in agents:
        hands = Hands(
            agent.state, agent.units, [(work.phase, work.units) for work in agent.work.values()]
        )
        if hands.counts and agent.accounted:
            for start, milliseconds in intervals(agent.accounted, now):
                found.setdefault(start, Worked()).merge(hands.worked(milliseconds))
    return found


def starts_of(since: int, until: int) -> list[int]:
    """The beginnings of the intervals that a time touches (Unix milliseconds)."""
    first = since - since % INTERVAL_MS
    return list(range(first, until, INTERVAL_MS))


def grouped(intervals_of: Sequence[Interval], by: Callable[[Labels], str]) -> dict[str, Row]:
    """All of them added up, by what `by` says of their labels; sorted by it."""
    found: dict[str, Row] = {}
    for interval in intervals_of:
        for labels, row in interval.items():
            found.setdefault(by(labels), Row()).merge(row)
    return dict(sorted(found.items()))


def _labelled(figures: Figures) -> Interval:
    return {Labels(*name.split("/")): row for name, row in figures.rows.items()}
