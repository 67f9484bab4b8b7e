"""Replies over the API, and what became of them."""

from typing import Any

from shared.channels.registry import CHANNELS
from shared.events import routing as was
from shared.events.outbound import OutboundMessage
from shared.log import Partition
from shared.topics import OUTBOUND
from tests.router.desk import SHARDS, Got, Office
from tests.router.owner import NOW, NOW_MS
from tests.router.scenes import accepted, opened, queued
from tests.router.shop import shop

REPLIES = "/v1/conversations/cnv_1/replies"


async def sent(here: Office) -> list[OutboundMessage]:
    """Everything in `outbound`; its channel must be able to carry it."""
    decoder, found = OUTBOUND.decoder(), list[OutboundMessage]()
    partitions = [Partition(OUTBOUND.name, number) for number in range(SHARDS)]
    bounds = await here.log.bounds(partitions)
    async with here.log.read(dict.fromkeys(partitions, 0)) as source:
        while len(found) < sum(end for _, end in bounds.values()):
            found += [decoder.decode(record.value).data for record in await source.poll()]
    accounts = shop().accounts()
    for message in found:
        account = accounts[message.channel, message.account]
        assert CHANNELS[message.channel].compose(message, account, NOW)
    return found


async def begin(here: Office, channel: str, account: str, event: Any, **attributes: str) -> None:
    """Ana holds a conversation that began with this event."""
    event = event.model_copy(update={"channel": channel, "account": account})
    await here.owner.receive(event)
    await here.owner.decide(
        opened("cnv_1", "k1", channel, account, **attributes),
        was.Attached("cnv_1", event.id, event.action.kind, NOW_MS),
        queued(),
        *accepted(),
    )
    await here.shown()


async def refused(here: Office, agent: str = "ana", body: Any = None, key: str = "one") -> Got:
    """A reply that must not go out."""
    got = await here.desk.post(REPLIES, agent, body or {"text": "Hello"}, key=key)
    assert await sent(here) == []
    return got
