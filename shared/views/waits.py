"""How long customers wait: what is published per channel, and what a waiting caller is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from redis.asyncio import Redis

from shared.cache import asked
from shared.channels import WaitFacts
from shared.views.documents import Conversation, Reference, Waits
from shared.views.keys import Keys

RECENT_MS = 3_600_000
"""Waits that ended in the last hour count; where there are none, the latest ones do."""


@dataclass(frozen=True, slots=True)
class PublishedWait:
    """How a channel stands: times in seconds. `typical` is the median of `answers` waits."""

    waiting: int
    longest: float | None
    typical: float | None
    answers: int


def typical_wait(waits: Waits, now: int) -> tuple[float | None, int]:
    """The median wait in seconds and how many answers it is of; `now` in Unix milliseconds."""
    recent = [answered for answered in waits.recent if answered.at > now - RECENT_MS]
    counted = recent or waits.recent
    if not counted:
        return None, 0
    return median(answered.waited for answered in counted) / 1000, len(counted)


async def published_waits(
    redis: "Redis", workspace: str, channels: Sequence[str], now: int
) -> dict[str, PublishedWait]:
    """The waits of each channel. Raises CacheUnavailable."""
    keys = Keys(workspace)
    pipe: Any = redis.pipeline(transaction=False)
    for channel in channels:
        pipe.get(keys.waits(channel))
        pipe.zcard(keys.waiting(channel))
        pipe.zrange(keys.waiting(channel), 0, 0, withscores=True)
    answers = iter(await asked(pipe.execute()))
    return {
        channel: _published(next(answers), next(answers), next(answers), now)
        for channel in channels
    }


def _published(
    stored: str | None, waiting: int, oldest: list[tuple[str, float]], now: int
) -> PublishedWait:
    typical, answers = typical_wait(Waits.model_validate_json(stored or "{}"), now)
    longest = max(0.0, (now - oldest[0][1]) / 1000) if oldest else None
    return PublishedWait(waiting, longest, typical, answers)


async def place_in_queue(
    redis: "Redis", workspace: str, conversation_key: str, now: int
) -> WaitFacts | None:
    """How the customer on this key stands; None when he waits in no queue.

    The expected rest of the wait is the channel's typical one less what is behind him, and not
    known once that is used up. Raises CacheUnavailable.
    """
    keys = Keys(workspace)
    thread = await asked(redis.get(keys.thread(conversation_key)))
    if thread is None:
        return None
    conversation_id = Reference.model_validate_json(thread).conversation
    stored = await asked(redis.get(keys.conversation(conversation_id)))
    conversation = Conversation.model_validate_json(stored) if stored else None
    if conversation is None or conversation.queue is None or conversation.waiting_since is None:
        return None
    pipe: Any = redis.pipeline(transaction=False)
    pipe.zrank(keys.due(conversation.queue), conversation_id)
    pipe.get(keys.waits(conversation.channel))
    rank, waits = await asked(pipe.execute())
    if rank is None:
        return None
    typical, _ = typical_wait(Waits.model_validate_json(waits or "{}"), now)
    rest = None if typical is None else typical - (now - conversation.waiting_since) / 1000
    return WaitFacts(position=rank + 1, seconds=rest if rest is not None and rest > 0 else None)
