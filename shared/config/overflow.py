"""Where what waits goes on to: it must come to rest, and every queue must be reached."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from shared.config.source import Document, Path_
from shared.rules import Rules

AFTER_HOURS = ("after_hours", "queue")

_QUARTER_MS = 900_000
_WEEKS = (1_768_176_000_000, 1_783_900_800_000)
"""A week in winter and one in summer: Monday, 2026-01-12 and 2026-07-13, in UTC."""


class Move(NamedTuple):
    """What waits in `source` goes on to `target` by what stands at `path`, without anybody."""

    source: str
    target: str
    path: Path_


def check_moves(rules: Rules, here: Path_, document: Document) -> None:
    """Note what goes round for ever: each cycle once, where it begins in the file.

    Queues that pass on to each other what comes while they are closed may do so in a circle, as
    long as one of them is always open.
    """
    moves = list(_moves(rules, here))
    told: set[frozenset[str]] = set()
    for some in (moves, [move for move in moves if move.path[-2:] != AFTER_HOURS]):
        for name in rules.queues:
            cycle = _cycle(name, some)
            queues = frozenset(move.source for move in cycle)
            if not cycle or queues in told or _round_the_clock(rules, cycle):
                continue
            told.add(queues)
            round_trip = " -> ".join([*(move.source for move in cycle), name])
            document.problem(
                cycle[0].path,
                f"what waits goes round for ever: {round_trip}",
                "end in a queue that keeps what it gets",
            )
    _own_queue(rules, here, document)


def _round_the_clock(rules: Rules, cycle: list[Move]) -> bool:
    """Is it a circle of opening hours of which one is always open?"""
    if any(move.path[-2:] != AFTER_HOURS for move in cycle):
        return False
    named = (rules.hours.get(rules.queues[move.source].hours or "") for move in cycle)
    hours = [one for one in named if one is not None]
    if len(hours) < len(cycle):
        return True  # one without hours is always open
    return all(
        any(one.is_open(week + quarter * _QUARTER_MS) for one in hours)
        for week in _WEEKS
        for quarter in range(7 * 24 * 4)
    )


def _own_queue(rules: Rules, here: Path_, document: Document) -> None:
    for index, route in enumerate(rules.routes):
        for number, step in enumerate(route.steps):
            if route.queue in (step.also or ()):
                path = (*here, "routes", index, "steps", number, "also")
                document.problem(path, f"{route.queue!r} is the route's own queue", "leave it out")


def advise_moves(rules: Rules, here: Path_, document: Document) -> None:
    """Note queues that nothing leads to, and queues that lend each other their agents."""
    reached = {move.target for move in _moves(rules, here)} | {r.queue for r in rules.routes}
    for name in rules.queues:
        if name not in reached:
            document.problem(
                (*here, "queues", name),
                f"no route leads to the queue {name!r}: only a transfer does",
                "add a route to it",
                warning=True,
            )
    _lending(rules, here, document)


def _lending(rules: Rules, here: Path_, document: Document) -> None:
    """`also` in both directions is no cycle of conversations, but rarely what was meant."""
    lends = {
        (route.queue, other): (*here, "routes", index, "steps", number, "also")
        for index, route in enumerate(rules.routes)
        for number, step in enumerate(route.steps)
        for other in step.also or ()
    }
    for (queue, other), path in lends.items():
        if (other, queue) in lends and queue < other:
            document.problem(
                path,
                f"{queue!r} and {other!r} overflow into each other: when both are busy, neither "
                "helps",
                "let one of them be the donor",
                warning=True,
            )


def _moves(rules: Rules, here: Path_) -> Iterator[Move]:
    for name, queue in rules.queues.items():
        path = (*here, "queues", name)
        if queue.after_hours.queue is not None:
            yield Move(name, queue.after_hours.queue, (*path, "after_hours", "queue"))
        for index, limit in enumerate(queue.max_wait):
            if limit.queue is not None:
                yield Move(name, limit.queue, (*path, "max_wait", index, "queue"))
        if queue.offer.then_queue is not None:
            yield Move(name, queue.offer.then_queue, (*path, "offer", "then_queue"))
    yield from _steps(rules, here)


def _steps(rules: Rules, here: Path_) -> Iterator[Move]:
    for index, route in enumerate(rules.routes):
        queue = route.queue
        for number, step in enumerate(route.steps):
            if step.queue is not None and step.queue != queue:
                path = (*here, "routes", index, "steps", number, "queue")
                yield Move(queue, step.queue, path)
                queue = step.queue


def _cycle(start: str, moves: list[Move]) -> list[Move]:
    """The shortest way from a queue back to it; empty without any."""
    ways: deque[list[Move]] = deque([move] for move in moves if move.source == start)
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        end = way[-1].target
        if end == start:
            return way
        if end not in seen:
            seen.add(end)
            ways.extend([*way, move] for move in moves if move.source == end)
    return []
