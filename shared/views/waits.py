"""How long customers wait: what is published, and what a waiting customer is told.

What is expected comes from the engine's estimates in the record, by the model that they name
(`shared.estimate`); it is not said any more when the latest of them is too old. Raises
CacheUnavailable.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from redis.asyncio import Redis

from shared.cache import asked
from shared.channels import WaitFacts
from shared.estimate import Model, quantiles
from shared.views.documents import Conversation, LinePace, Outlook, Reference, Waits
from shared.views.keys import Keys

RECENT_MS = 3_600_000
"""Waits that ended in the last hour count; where there are none, the latest ones do."""

STALE_MS = 1_800_000
"""An estimate of how a line moves that is older than this says nothing any more."""

_SECONDS = 1000


@dataclass(frozen=True, slots=True)
class Rest:
    """What can be said of a wait: half of all like it end within `p50` seconds, nine in ten within
    `p90`, by `model`. `as_of` is when the line's pace was measured (Unix milliseconds)."""

    p50: float
    p90: float
    model: Model
    as_of: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The place of somebody who waits among all his queue has on the channel, from 1; and the rest
    of his wait, if anything can be said."""

    position: int
    rest: Rest | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the latest estimates turned out: of `judged` waits so many ended within p50, and within
    p90. Of `unknown` ones nothing could be said."""

    judged: int
    within_p50: int
    within_p90: int
    unknown: int


@dataclass(frozen=True, slots=True)
class PublishedWait:
    """How a channel stands: times in seconds. `typical` is the median of `answers` waits, `queues`
    what somebody may expect who comes now and has to wait."""

    waiting: int
    longest: float | None
    typical: float | None
    answers: int
    queues: Mapping[str, Rest] = field(default_factory=dict)


def typical_wait(waits: Waits, now: int) -> tuple[float | None, int]:
    """The median wait in seconds and how many answers it is of; `now` in Unix milliseconds."""
    recent = [answered for answered in waits.recent if answered.at > now - RECENT_MS]
    counted = recent or waits.recent
    if not counted:
        return None, 0
    return median(answered.waited for answered in counted) / _SECONDS, len(counted)


def rest_of(
    outlook: Outlook,
    channel: str,
    position: int,
    now: int,
    requires: Mapping[str, Any] | None = None,
) -> Rest | None:
    """What can be said of whoever stands at `position` on this channel; `requires` are the skills
    his conversation needs, None: of the line that moves most."""
    lines = [
        line
        for line in outlook.lines.values()
        if outlook.open
        and line.channel == channel
        and now - line.at <= STALE_MS
        and requires in (None, line.requires)
    ]
    if not lines:
        return None
    line = max(lines, key=lambda one: (one.known, one.at))
    p50, p90 = quantiles(_place(line, position), line.gap_ms, max(1, line.known))
    return Rest(p50 / _SECONDS, p90 / _SECONDS, line.model, line.at)


def calibration(verdicts: str) -> Calibration:
    """What the letters of `Outlook.verdicts` come to."""
    half, most, beyond = verdicts.count("a"), verdicts.count("b"), verdicts.count("c")
    return Calibration(half + most + beyond, half, half + most, verdicts.count("-"))


async def published_waits(
    redis: "Redis", workspace: str, channels: Sequence[str], queues: Iterable[str], now: int
) -> dict[str, PublishedWait]:
    """The waits of each channel, and what newcomers may expect in these queues."""
    keys, names = Keys(workspace), list(queues)
    pipe: Any = redis.pipeline(transaction=False)
    for queue in names:
        pipe.get(keys.outlook(queue))
    for channel in channels:
        pipe.get(keys.waits(channel))
        pipe.zcard(keys.waiting(channel))
        pipe.zrange(keys.waiting(channel), 0, 0, withscores=True)
        for queue in names:
            pipe.zcard(keys.standing(queue, channel))
    answers = iter(await asked(pipe.execute()))
    outlooks = {queue: _outlook(next(answers)) for queue in names}
    return {
        channel: _published(
            next(answers),
            next(answers),
            next(answers),
            {queue: rest_of(outlooks[queue], channel, next(answers) + 1, now) for queue in names},
            now,
        )
        for channel in channels
    }


async def standing_of(
    redis: "Redis", workspace: str, conversation: Conversation, now: int
) -> Standing | None:
    """Where a conversation stands, and the rest of its wait; None when it waits in no queue."""
    if conversation.queue is None or conversation.waiting_since is None:
        return None
    keys = Keys(workspace)
    pipe: Any = redis.pipeline(transaction=False)
    pipe.zrank(keys.standing(conversation.queue, conversation.channel), conversation.id)
    pipe.get(keys.outlook(conversation.queue))
    rank, stored = await asked(pipe.execute())
    if rank is None:
        return None
    outlook, channel = _outlook(stored), conversation.channel
    return Standing(rank + 1, rest_of(outlook, channel, rank + 1, now, conversation.requires))


async def place_in_queue(
    redis: "Redis", workspace: str, conversation_key: str, now: int
) -> WaitFacts | None:
    """How the customer on this key stands; None when he waits in no queue."""
    keys = Keys(workspace)
    thread = await asked(redis.get(keys.thread(conversation_key)))
    if thread is None:
        return None
    conversation_id = Reference.model_validate_json(thread).conversation
    stored = await asked(redis.get(keys.conversation(conversation_id)))
    conversation = Conversation.model_validate_json(stored) if stored else None
    found = None if conversation is None else await standing_of(redis, workspace, conversation, now)
    if found is None:
        return None
    if found.rest is None:
        return WaitFacts(position=found.position)
    return WaitFacts(found.position, found.rest.p50, found.rest.p90)


def _place(line: LinePace, position: int) -> int:
    """The place in the line of whoever stands there: as the line lay when it was measured."""
    return max(1, round(position * line.place / max(1, line.position)))


def _outlook(stored: str | None) -> Outlook:
    return Outlook.model_validate_json(stored or "{}")


def _published(
    stored: str | None,
    waiting: int,
    oldest: list[tuple[str, float]],
    rests: Mapping[str, Rest | None],
    now: int,
) -> PublishedWait:
    typical, answers = typical_wait(Waits.model_validate_json(stored or "{}"), now)
    longest = max(0.0, (now - oldest[0][1]) / _SECONDS) if oldest else None
    known = {queue: rest for queue, rest in rests.items() if rest is not None}
    return PublishedWait(waiting, longest, typical, answers, known)
