"""A conversation's story is told from the record alone, as far back as it reaches."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from services.router.shard.retrospect import Retrospect, first_mention, look_back
from shared.clock import milliseconds
from shared.events import commands
from shared.log import Partition, Source
from tests.router.shards import WORKSPACE, Site, owning


class Trimmed:
    """A log whose record begins later: what was before is deleted."""

    def __init__(self, place: Site, begin: int) -> None:
        self._log = place.log
        self._begin = begin

    async def bounds(self, partitions: Sequence[Partition]) -> Mapping[Partition, tuple[int, int]]:
        found = await self._log.bounds(partitions)
        return {
            p: (max(begin, self._begin if p.topic == "routing" else 0), end)
            for p, (begin, end) in found.items()
        }

    def read(self, positions: Mapping[Partition, int]) -> AbstractAsyncContextManager[Source]:
        return self._log.read(positions)


async def _offered(place: Site, count: int) -> Any:
    return (await place.until("offered", count))[count - 1]


async def _accept(place: Site, offered: Any) -> None:
    await place.command(
        commands.AcceptOffer(workspace=WORKSPACE, actor=offered.agent, offer=offered.offer)
    )


@asynccontextmanager
async def two_terms(place: Site) -> AsyncIterator[tuple[str, str]]:
    """Two owners, a conversation in each term, and a snapshot at the end of each."""
    async with owning(place, "one"):
        await place.sign_in("ada")
        await place.sign_in("bob")
        await place.until("presence_changed", 2)
        await place.customer(1)
        first = await _offered(place, 1)
        await _accept(place, first)
        await place.until("assigned", 1)
    async with owning(place, "two"):
        await place.customer(2)
        second = await _offered(place, 2)
        await _accept(place, second)
        await place.until("assigned", 2)
    yield first.conversation, second.conversation


async def _told(place: Site, name: str, log: Any = None) -> Retrospect:
    used = log or place.log
    found = await first_mention(used, range(place.shards), name)
    assert found is not None
    return await look_back(used, *found, name, milliseconds(place.clock.now()))


def _events(told: Retrospect) -> list[str]:
    return [reason.event for reason in told.reasons]


def _weighed(told: Retrospect) -> list[list[tuple[str, str | None]]]:
    return [
        [(one.agent, one.obstacle) for one in reason.candidates]
        for reason in told.reasons
        if reason.event == "offered"
    ]


STORY = ["opened", "queued", "offered", "offer_ended", "assigned"]


async def test_every_decision_is_told_with_what_it_was_decided_between(
    memory_place: Site,
) -> None:
    """The second one from the snapshot that is older than it, the first from the beginning."""
    async with two_terms(memory_place) as names:
        first, second = [await _told(memory_place, name) for name in names]
    assert _events(first) == _events(second) == STORY
    assert _weighed(first) == [[("ada", None), ("bob", None)]]
    assert _weighed(second) == [[("bob", None), ("ada", None)]]
    assert (first.workspace, first.whole, first.weighed) == (WORKSPACE, True, True)
    assert first.now is not None
    assert (first.now.status, first.now.agent) == ("held", "ada")


async def test_what_was_deleted_is_said_to_be_missing(memory_place: Site) -> None:
    """A later snapshot helps with what came after it, an older one with all."""
    async with two_terms(memory_place) as (first, second):
        mentioned = await first_mention(memory_place.log, [0], first)
        assert mentioned is not None
        told = await _told(memory_place, first, Trimmed(memory_place, mentioned[1]))
        later = await _told(memory_place, second, Trimmed(memory_place, mentioned[1]))
        cut = await _told(memory_place, first, Trimmed(memory_place, mentioned[1] + 1))
    assert (_events(told), told.whole, told.weighed) == (STORY, True, False)
    assert _weighed(told) == [[]]
    assert told.now is not None
    assert (later.whole, later.weighed) == (True, True)
    assert (_events(cut), cut.whole) == (STORY[3:], False)


async def test_who_was_never_mentioned_is_not_found(memory_place: Site) -> None:
    async with two_terms(memory_place):
        assert await first_mention(memory_place.log, [0], "cnv_unknown") is None


async def test_what_still_waits_says_for_what(memory_place: Site) -> None:
    async with owning(memory_place, "one"):
        await memory_place.customer(1)
        queued = (await memory_place.until("queued", 1))[0]
    told = await _told(memory_place, queued.conversation)
    assert _events(told) == ["opened", "queued"]
    assert dict(told.reasons[-1].obstacles or {}) == {"not_signed_in": 2}
    assert [one.what for one in told.reasons[-1].waits_for] == ["an_agent"]
