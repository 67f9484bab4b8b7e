"""The contacts of a period, with all that rules and staff do not change: when they came, how much
work they were, how long their customers were willing to wait."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from patchbay.recorded.visits import Visit
from patchbay.replay.patience import Patience

_FALLBACK_WORK_MS = 300_000


@dataclass(frozen=True, slots=True)
class Contact:
    """One of them. Milliseconds; `talk` is work until the end, `wrap` after it, `reaction` how long
    an agent took to accept, `patience` infinite for who waits for ever."""

    number: int
    key: str
    channel: str
    attributes: dict[str, str]
    arrived: int
    talk: int
    wrap: int
    reaction: int
    patience: float


def contacts(visits: Sequence[Visit], until: int) -> list[Contact]:
    """What came, in the order it came.

    Whoever was not answered, or was not done yet, is given the work of somebody else of his queue;
    whoever did not give up, a patience beyond his wait. Both are chosen by the conversation's name:
    every replay meets the same contacts.
    """
    done = [visit for visit in visits if visit.answered is not None and visit.ended is not None]
    works, patience = _works(done), _patience(visits, until)
    reaction = _median([v.answered - v.asked for v in done if v.answered and v.asked])
    ordered = sorted(visits, key=lambda visit: visit.arrived)
    return [
        _contact(number, visit, until, works, patience[visit.channel], reaction)
        for number, visit in enumerate(ordered)
    ]


def _contact(
    number: int,
    visit: Visit,
    until: int,
    works: dict[str, list[tuple[int, int]]],
    patience: Patience,
    reaction: int,
) -> Contact:
    if visit.answered is not None and visit.ended is not None:
        talk, wrap = visit.work - visit.wrap, visit.wrap
    else:
        known = works.get(visit.queue) or works[""]
        talk, wrap = known[int(_chance(visit, "work") * len(known))]
    if visit.outcome == "abandoned":
        longest: float = visit.waited(until)
    else:
        longest = patience.beyond(visit.waited(until), _chance(visit, "patience"))
    if visit.answered is not None and visit.asked is not None:
        reaction = max(0, visit.answered - visit.asked)
    return Contact(
        number,
        visit.key,
        visit.channel,
        visit.attributes,
        visit.arrived,
        talk,
        wrap,
        reaction,
        longest,
    )


def _works(done: Sequence[Visit]) -> dict[str, list[tuple[int, int]]]:
    """The recorded works by queue, and all of them under the empty name."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for visit in done:
        work = (visit.work - visit.wrap, visit.wrap)
        found[visit.queue].append(work)
        found[""].append(work)
    found[""] = found[""] or [(_FALLBACK_WORK_MS, 0)]
    return {queue: sorted(works) for queue, works in found.items()}


def _patience(visits: Sequence[Visit], until: int) -> dict[str, Patience]:
    waits: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for visit in visits:
        waits[visit.channel].append((visit.waited(until), visit.outcome == "abandoned"))
    return {channel: Patience(found) for channel, found in waits.items()}


def _chance(visit: Visit, what: str) -> float:
    """From 0 up to 1, by the conversation's name and arrival."""
    name = f"{what}/{visit.conversation}/{visit.arrived}".encode()
    return int.from_bytes(blake2b(name, digest_size=6).digest()) / 2**48


def _median(numbers: list[int]) -> int:
    return sorted(numbers)[len(numbers) // 2] if numbers else 0
