"""What two ways of serving the same contacts come to. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patchbay.recorded.visits import Outcome, Visit
from patchbay.replay.run import Course
from shared.figures.service_level import Waits, service_level
from shared.figures.tally import target_of
from shared.rules import Queue, Rules


@dataclass(frozen=True, slots=True)
class Fate:
    """One contact: in which queue, when, how long it waited, and who worked how long. Ms."""

    queue: str
    arrived: int
    wait: int
    outcome: Outcome
    agent: str | None
    work: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a queue, or of all. Times in seconds; None where nothing was counted."""

    contacts: int
    answered: int
    abandoned: int
    waiting: int
    service_level: float | None
    mean_wait: float | None
    p50_wait: float | None
    p90_wait: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything about one way. `fairness` is Jain's index of the agents' work: 1 where all have
    the same, 1/n where one of n has everything. `spread` is the longest mean wait of a queue by
    the shortest."""

    name: str
    total: Figures
    queues: dict[str, Figures]
    agents: dict[str, float]
    fairness: float | None
    spread: float | None
    fates: tuple[Fate, ...]


def of_visits(visits: Iterable[Visit], until: int) -> list[Fate]:
    """What was recorded."""
    return [Fate(v.queue, v.arrived, v.waited(until), v.outcome, v.agent, v.work) for v in visits]


def of_courses(courses: Iterable[Course], until: int) -> list[Fate]:
    """What a replay came to; what joined an open conversation waited for nothing."""
    return [
        Fate(
            queue=course.queue,
            arrived=course.contact.arrived,
            wait=_ended(course, until) - course.contact.arrived,
            outcome=course.outcome,
            agent=course.agent,
            work=course.busy,
        )
        for course in courses
        if not course.joined
    ]


def summary(name: str, fates: Sequence[Fate], rules: Rules) -> Summary:
    """The figures, by the rules' own promises."""
    by_queue: dict[str, list[Fate]] = {}
    for fate in fates:
        by_queue.setdefault(fate.queue, []).append(fate)
    queues = {queue: _figures(of_queue, rules) for queue, of_queue in sorted(by_queue.items())}
    work: dict[str, float] = {}
    for fate in fates:
        if fate.agent is not None:
            work[fate.agent] = work.get(fate.agent, 0.0) + fate.work / 1000
    waits = [found.mean_wait for found in queues.values() if found.mean_wait is not None]
    return Summary(
        name=name,
        total=_figures(fates, rules),
        queues=queues,
        agents=dict(sorted(work.items())),
        fairness=_jain(list(work.values())),
        spread=max(waits) / min(waits) if waits and min(waits) > 0 else None,
        fates=tuple(fates),
    )


def document(summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    """As JSON prints it."""
    return [
        {
            "name": one.name,
            "total": _plain(one.total),
            "queues": {queue: _plain(found) for queue, found in one.queues.items()},
            "agent_work_seconds": one.agents,
            "fairness": one.fairness,
            "spread": one.spread,
        }
        for one in summaries
    ]


def _plain(found: Figures) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Figures.__slots__}


def _ended(course: Course, until: int) -> int:
    end = course.answered if course.answered is not None else course.ended
    return until if end is None else end


def _figures(fates: Sequence[Fate], rules: Rules) -> Figures:
    waits = sorted(fate.wait for fate in fates if fate.outcome in ("answered", "abandoned"))
    return Figures(
        contacts=len(fates),
        answered=sum(fate.outcome == "answered" for fate in fates),
        abandoned=sum(fate.outcome == "abandoned" for fate in fates),
        waiting=sum(fate.outcome == "waiting" for fate in fates),
        service_level=_service_level(fates, rules.queues),
        mean_wait=sum(waits) / len(waits) / 1000 if waits else None,
        p50_wait=_quantile(waits, 0.5),
        p90_wait=_quantile(waits, 0.9),
    )


def _service_level(fates: Sequence[Fate], queues: Mapping[str, Queue]) -> float | None:
    """By each queue's own formula, weighed by its contacts."""
    by_queue: dict[str, list[Fate]] = {}
    for fate in fates:
        by_queue.setdefault(fate.queue, []).append(fate)
    met, counted = 0.0, 0
    for name, of_queue in by_queue.items():
        promise = queues.get(name, Queue()).service_level
        level = service_level(promise.formula, _waits(of_queue, queues.get(name, Queue())))
        if level is not None:
            met, counted = met + level * len(of_queue), counted + len(of_queue)
    return met / counted if counted else None


def _waits(fates: Sequence[Fate], queue: Queue) -> Waits:
    target = target_of(queue.service_level)
    answered = [fate.wait for fate in fates if fate.outcome == "answered"]
    abandoned = [fate.wait for fate in fates if fate.outcome == "abandoned"]
    return Waits(
        offered=sum(fate.outcome != "waiting" for fate in fates),
        answered=len(answered),
        answered_in_target=sum(wait <= target.wait for wait in answered),
        abandoned=len(abandoned),
        abandoned_in_target=sum(wait <= target.wait for wait in abandoned),
        abandoned_short=sum(wait < target.short for wait in abandoned),
    )


def _quantile(ordered: Sequence[int], share: float) -> float | None:
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1000


def _jain(work: Sequence[float]) -> float | None:
    squares = sum(x * x for x in work)
    return sum(work) ** 2 / (len(work) * squares) if squares else None
