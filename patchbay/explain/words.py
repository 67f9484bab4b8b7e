"""A conversation's story in words, and as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from services.router.engine.obstacles import Candidate
from services.router.engine.prospects import Next
from services.router.engine.retelling import Reason
from services.router.shard.retrospect import Retrospect
from shared.clock import from_milliseconds

_INDENT = " " * 14
_TIMES = frozenset({"due", "expires_at", "until", "kept_until"})
_LEFT_OUT = frozenset({"score", "chosen", "key", "offer", "session", "level"})


def as_json(found: Retrospect) -> dict[str, Any]:
    """Everything, as it can be printed. Times are Unix milliseconds."""
    return asdict(found)


def lines(found: Retrospect) -> Iterator[str]:
    """The story, one line for each thing that was decided, and what spoke for it below."""
    yield f"{found.conversation} of workspace {found.workspace}, shard {found.shard}"
    if not found.whole:
        yield "The record does not reach back to its beginning: what is older is deleted."
    if not found.weighed:
        yield "No snapshot is old enough: some decisions are told without the agents compared."
    day = ""
    for reason in found.reasons:
        date = f"{from_milliseconds(reason.at):%Y-%m-%d}"
        if date != day:
            day = date
            yield day
        yield from _told(reason)
    yield from _now(found)


def _told(reason: Reason) -> Iterator[str]:
    said = ", ".join(_said(reason.said))
    yield f"{_clock(reason.at)}  {reason.event.replace('_', ' '):<12} {said}".rstrip()
    if reason.event == "offered":
        yield from _compared(reason)
    elif reason.obstacles is not None:
        yield f"{_INDENT}nobody could take it: {_counted(reason.obstacles)}"
        yield from (f"{_INDENT}  {_candidate(one)}" for one in reason.candidates)
    yield from (f"{_INDENT}next: {_next(one)}" for one in reason.waits_for)


def _compared(reason: Reason) -> Iterator[str]:
    how = str(reason.said.get("chosen") or "unknown").replace("_", " ")
    rule = "of the numbers compared the lowest wins"
    if how == "batch":
        rule = "matched together with others, at the lowest sum of all"
    yield f"{_INDENT}chosen by {how}; {rule}"
    yield from (f"{_INDENT}  {_candidate(one)}" for one in reason.candidates)
    hindered = {name: n for name, n in (reason.obstacles or {}).items() if name != "none"}
    if hindered:
        yield f"{_INDENT}not asked: {_counted(hindered)}"


def _candidate(one: Candidate) -> str:
    numbers = ", ".join(f"{name} {value}" for name, value in one.compared)
    if one.obstacle is None:
        return f"{one.agent}: {numbers or 'could take it'}"
    detail = one.detail
    if one.obstacle in ("declined_recently", "lease_lost") and detail.isdecimal():
        detail = f"until {_clock(int(detail))}"
    return f"{one.agent}: {one.obstacle.replace('_', ' ')}{f' ({detail})' if detail else ''}"


def _next(one: Next) -> str:
    name = one.what.replace("_", " ")
    when = "" if one.at is None else f"{from_milliseconds(one.at):%Y-%m-%d %H:%M:%S}"
    if when and not name.endswith("until"):
        when = f"at {when}"
    return f"{name} {when}".rstrip() + f"{f' ({one.detail})' if one.detail else ''}"


def _counted(obstacles: Mapping[str, int]) -> str:
    said = [f"{count} {name.replace('_', ' ')}" for name, count in sorted(obstacles.items())]
    return ", ".join(said) or "no agent serves it"


def _said(said: Mapping[str, Any]) -> Iterator[str]:
    for name, value in said.items():
        if name in _LEFT_OUT or value in (0, False):
            continue
        shown = _clock(value) if name in _TIMES and isinstance(value, int) else _plain(value)
        yield f"{name.replace('_', ' ')} {shown}"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key}={_plain(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return "+".join(_plain(one) for one in value)
    return str(value)


def _now(found: Retrospect) -> Iterator[str]:
    now = found.now
    if now is None:
        yield "Now: nothing is known of it any more."
        return
    whom = f" with {now.agent}" if now.agent else ""
    where = f" in {now.queue}" if now.queue else ""
    yield f"Now ({_clock(now.at)}): {now.status}{whom}{where}"
    if now.status == "waiting":
        yield f"  {now.ahead} of its kind before it; {_counted(now.obstacles)}"
        yield from (f"  {_candidate(one)}" for one in now.candidates)
    yield from (f"  next: {_next(one)}" for one in now.waits_for)


def _clock(at: int) -> str:
    return f"{from_milliseconds(at):%H:%M:%S}.{at % 1000:03}"
