"""What happened between a stream's last event and now: read from the record itself."""

from collections.abc import AsyncIterator

from redis.asyncio import Redis

from services.router.api.holders import Holders, conversations
from services.router.api.position import Position
from services.router.api.tail import Seen, Tail
from shared.clock import Clock
from shared.errors import CacheUnavailable, Undecodable, ViewBehind
from shared.events import routing as was
from shared.events.routing import Decision
from shared.log import Log, Partition, Record
from shared.record import Fence
from shared.topics import ROUTING
from shared.views.documents import Conversation
from shared.views.read import conversation
from shared.views.settled import settled

_DECODER = ROUTING.decoder()
_MOST_FOUND = 1000
MOST_RECORDS = 50_000
"""Reading back further than this costs more than to begin anew."""


async def reachable(log: Log, partition: Partition, start: Position, until: int) -> bool:
    """Whether everything from `start` on is still there, and not too much."""
    begin, _ = (await log.bounds([partition]))[partition]
    return begin <= start.offset and until - start.offset <= MOST_RECORDS


async def replay(
    log: Log, partition: Partition, workspace: str, start: Position, until: int
) -> AsyncIterator[Seen]:
    """The valid decisions about a workspace from `start` to before `until`.

    Holders that changed on the way are known with them. Raises LogUnavailable.
    """
    fence, following, holders = Fence(start.standing), start.offset, Holders()
    async with log.read({partition: start.offset}) as source:
        while following < until:
            for record in await source.poll(wait=1.0):
                following = record.offset + 1
                decision = _valid(record, start, fence)
                if following > until:
                    return
                if decision is not None and decision.workspace == workspace:
                    yield Seen(record.offset, decision, holders.before(decision))


def _valid(record: Record, start: Position, fence: Fence) -> Decision | None:
    try:
        data = _DECODER.decode(record.value).data
    except Undecodable:
        return None
    told_before = record.offset == start.offset and start.index >= 0
    if isinstance(data, Decision) and (told_before or fence.admits(data)):
        return data
    if isinstance(data, was.ShardOwned):
        fence.admits(data)
    return None


class Past:
    """Who held a conversation before a decision, as the view remembers it."""

    def __init__(
        self, redis: "Redis", clock: Clock, tail: Tail, workspace: str, seconds: float
    ) -> None:
        self._redis = redis
        self._clock = clock
        self._tail = tail
        self._workspace = workspace
        self._seconds = seconds
        self._shown = -1
        self._found: dict[str, Conversation | None] = {}

    async def holders(self, seen: Seen) -> dict[str, str | None]:
        """The holders of a decision's conversations, without those that nobody can tell."""
        held = dict(seen.holders)
        opened = {e.conversation for e in seen.decision.events if isinstance(e, was.Opened)}
        for name in conversations(seen.decision) - held.keys() - opened:
            found = await self._look_up(name, seen.offset)
            if found is not None:
                held[name] = found.holder_before(seen.offset)
        return held

    async def _look_up(self, name: str, offset: int) -> Conversation | None:
        if name in self._found and offset < self._shown:
            return self._found[name]
        wanted = self._tail.seen(self._workspace)
        try:
            await settled(self._redis, self._clock, self._workspace, wanted, self._seconds)
            found = await conversation(self._redis, self._workspace, name)
        except (CacheUnavailable, ViewBehind):
            return None
        self._shown = wanted[self._tail.partition(self._workspace)]
        if found is not None:
            self._tail.holders(self._workspace).learn(name, found.holder_before(self._shown))
        if len(self._found) >= _MOST_FOUND:
            self._found.clear()
        self._found[name] = found
        return found
