"""Figures of a time: waits, service levels by all six formulas, occupancy."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from services.router.api import answered_figures as out
from services.router.api.asked import FiguresOf
from services.router.api.operations import Call, Said
from services.router.api.problems import Problem
from shared.clock import from_milliseconds, milliseconds
from shared.figures.occupancy import Worked
from shared.figures.service_level import service_level, service_levels
from shared.figures.tally import BOUNDS, INTERVAL_MS, Labels, Row
from shared.rules import Formula, Queue, Rules
from shared.views.figures import Interval, counted, grouped, starts_of, worked
from shared.views.read import agents as read_agents

_MOST_INTERVALS = 14 * 96
_DAY = timedelta(days=1)
_RECENT = 4

_BY: Mapping[str, Callable[[Labels], str]] = {
    "queue": lambda labels: labels.queue,
    "channel": lambda labels: labels.channel,
    "class": lambda labels: labels.priority,
    "all": lambda labels: "all",
}


async def figures(call: Call) -> Said:
    """What happened in a time, added up or interval by interval."""
    query, workspace = call.query, call.caller.workspace
    assert isinstance(query, FiguresOf)
    now = call.parts.now_ms()
    starts = starts_of(*_bounds(query, now))
    if not starts or len(starts) > _MOST_INTERVALS:
        raise Problem("invalid", "Ask for at least one and at most 14 days of figures.")
    rules, redis = call.parts.workspace(workspace).rules, call.parts.redis
    found = await counted(redis, workspace, starts)
    present = await read_agents(redis, workspace)
    times = await worked(redis, workspace, starts, present, now)
    return Said(
        out.Figures(
            since=from_milliseconds(starts[0]),
            until=from_milliseconds(starts[-1] + INTERVAL_MS),
            by=query.by,
            rows=list(_rows(query, rules, starts, found)),
            occupancy=out.Occupancy(**_occupancy(times)),
            occupancy_by_interval=[
                out.IntervalOccupancy(start=from_milliseconds(start), **_occupancy([time]))
                for start, time in zip(starts, times, strict=True)
                if query.each == "interval"
            ],
        )
    )


async def recent_levels(call: Call) -> dict[str, Row]:
    """What was counted per queue in this interval and the three before: about an hour."""
    now = call.parts.now_ms()
    starts = starts_of(now - (_RECENT - 1) * INTERVAL_MS, now + 1)
    found = await counted(call.parts.redis, call.caller.workspace, starts)
    return grouped(found, _BY["queue"])


def level_now(queue: Queue, row: Row | None) -> out.ServiceLevelNow:
    """How a queue stands to what it promises."""
    promise, waits = queue.service_level, (row or Row()).ended_waits()
    return out.ServiceLevelNow(
        percent=promise.percent,
        seconds=promise.seconds,
        formula=promise.formula,
        short_abandon_seconds=promise.short_abandon_seconds,
        reached=service_level(promise.formula, waits),
        offered=waits.offered,
        levels=out.ServiceLevels(**service_levels(waits)),
    )


def _bounds(query: FiguresOf, now: int) -> tuple[int, int]:
    until = query.until or from_milliseconds(now + 1)
    since = query.since or until - _DAY
    return milliseconds(_aware(since)), milliseconds(_aware(until))


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _rows(
    query: FiguresOf, rules: Rules, starts: list[int], found: list[Interval]
) -> Iterable[out.FigureRow]:
    by = _BY[query.by]
    if query.each == "total":
        formulas = _formulas(rules, found, by)
        for name, row in grouped(found, by).items():
            yield _row(name, None, row, formulas[name])
        return
    for start, interval in zip(starts, found, strict=True):
        formulas = _formulas(rules, [interval], by)
        for name, row in grouped([interval], by).items():
            yield _row(name, from_milliseconds(start), row, formulas[name])


def _formulas(
    rules: Rules, found: Iterable[Interval], by: Callable[[Labels], str]
) -> dict[str, Formula | None]:
    """The formula in force by name of a row: that of its queues, where they agree."""
    used: dict[str, set[Formula]] = {}
    for interval in found:
        for labels in interval:
            queue = rules.queues.get(labels.queue) or Queue()
            used.setdefault(by(labels), set()).add(queue.service_level.formula)
    return {name: one.copy().pop() if len(one) == 1 else None for name, one in used.items()}


def _row(name: str, start: datetime | None, row: Row, formula: Formula | None) -> out.FigureRow:
    waits = row.ended_waits()
    return out.FigureRow(
        name=name,
        start=start,
        arrived=row.arrived,
        offered=waits.offered,
        answered=row.answered,
        answered_in_target=row.answered_in_target,
        abandoned=row.abandoned,
        abandoned_in_target=row.abandoned_in_target,
        abandoned_short=row.abandoned_short,
        ended=row.ended,
        moved=row.moved,
        transferred=row.transfers,
        handled=row.handled,
        formula=formula,
        service_level=None if formula is None else service_level(formula, waits),
        service_levels=out.ServiceLevels(**service_levels(waits)),
        abandonment=row.abandoned / waits.offered if waits.offered else None,
        mean_wait_seconds=_mean(row.answered_ms, row.answered),
        mean_abandon_seconds=_mean(row.abandoned_ms, row.abandoned),
        mean_queue_wait_seconds=_mean(row.queue_wait_ms, row.queue_waits),
        mean_first_response_seconds=_mean(row.response_ms, row.responses),
        mean_handle_seconds=_mean(row.handle_ms, row.handled),
        mean_wrap_up_seconds=_mean(row.wrap_up_ms, row.wrap_ups),
        offers=dict(sorted(row.offers.items())),
        waits=[
            out.WaitBucket(up_to_seconds=bound, answered=count)
            for bound, count in zip((*BOUNDS, None), row.waits, strict=False)
        ],
    )


def _mean(total: int, count: int) -> float | None:
    return total / count / 1000 if count else None


def _occupancy(times: Iterable[Worked]) -> dict[str, float | None]:
    total = Worked()
    for one in times:
        total.merge(one)
    return {
        "by_head": total.by_head(),
        "by_load": total.by_load(),
        "agent_hours": (total.handling + total.idle) / 3_600_000,
    }
