"""Everything that was said and done in a conversation, page by page."""

from typing import Any

from redis.asyncio import Redis

from services.router.api import answered_timeline as out
from services.router.api.asked import TimelinePage
from services.router.api.cursor import Cursor
from services.router.api.operations import Call, Said
from services.router.api.render_timeline import customer, delivery, message, system
from shared.cache import asked
from shared.topics import OUTBOUND
from shared.views.documents import (
    Conversation,
    CustomerEntry,
    Delivery,
    Item,
    Marks,
    MessageEntry,
    Sent,
    SystemEntry,
    entry_of,
)
from shared.views.keys import Keys
from shared.views.read import document, documents

_STEP = 100


async def timeline(call: Call) -> Said:
    """One page, oldest entry first."""
    page: TimelinePage = call.query
    caller, parts = call.caller, call.parts
    found = await parts.conversation(caller.workspace, call.path["conversation"])
    for written in {found.key, found.answered_on().key}:
        partition = OUTBOUND.partition(caller.workspace, written, parts.shards)
        await parts.settle(caller.workspace, partition)
    key = Keys(caller.workspace).timeline(found.id)
    before = Cursor.parse(page.before, "/before") if page.before else None
    after = Cursor.parse(page.after, "/after") if page.after else None
    places = await _places(parts.redis, key, before or after, page.limit, older=after is None)
    shown = places[: page.limit] if after is not None else places[: page.limit][::-1]
    more = len(places) > page.limit
    older = more if after is None else True
    return Said(
        out.Timeline(
            entries=await _entries(call, found, shown),
            before=str(shown[0]) if shown and older else None,
            after=str(shown[-1]) if shown else page.after,
        )
    )


async def _places(
    redis: "Redis", key: str, cursor: Cursor | None, limit: int, *, older: bool
) -> list[Cursor]:
    """Up to one more than `limit` entries behind the cursor, nearest first."""
    ends: tuple[Any, Any] = ("+inf", "-inf") if older else ("-inf", "+inf")
    if cursor is not None:
        ends = (cursor.at, ends[1])
    found: list[Cursor] = []
    start = 0
    while len(found) <= limit:
        step: Any = await asked(
            redis.zrange(
                key,
                *ends,
                desc=older,
                byscore=True,
                offset=start,
                num=_STEP,
                withscores=True,
            )
        )
        start += len(step)
        places = [Cursor(int(score), member) for member, score in step]
        found += [p for p in places if cursor is None or (p < cursor if older else p > cursor)]
        if len(step) < _STEP:
            break
    return found[: limit + 1]


async def _entries(
    call: Call, found: Conversation, places: list[Cursor]
) -> list[out.TimelineEntry]:
    entries = [(entry_of(place.member), place.at) for place in places]
    keys, redis = Keys(call.caller.workspace), call.parts.redis
    refs = [entry.ref for entry, _ in entries if isinstance(entry, CustomerEntry)]
    names = [entry.id for entry, _ in entries if isinstance(entry, MessageEntry)]
    items = await documents(redis, [keys.item(ref) for ref in refs], Item)
    sent = await documents(redis, [keys.message(name) for name in names], Sent)
    became = await documents(redis, [keys.delivery(name) for name in names], Delivery)
    marks = await document(redis, keys.marks(found.key), Marks)
    item_of = dict(zip(refs, items, strict=True))
    sent_of = dict(zip(names, sent, strict=True))
    became_of = dict(zip(names, became, strict=True))
    shown: list[out.TimelineEntry] = []
    for entry, at in entries:
        match entry:
            case CustomerEntry():
                shown.append(customer(entry, at, item_of[entry.ref], found.moved.get(entry.ref)))
            case MessageEntry():
                done = delivery(became_of[entry.id], marks)
                shown.append(message(entry, at, sent_of[entry.id], done))
            case SystemEntry():
                shown.append(system(entry, at))
    return shown
