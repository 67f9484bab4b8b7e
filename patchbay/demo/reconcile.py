"""Where is every question that has no answer yet? Asked from outside, at the API and the log."""

import base64
import zlib
from collections.abc import Iterable

import orjson

from patchbay.demo.agents import Api
from patchbay.demo.ledger import TOKEN
from shared.log import Log, Partition
from shared.topics import DEAD_LETTERS

_PAGE = 200


async def tokens_waiting(supervisor: Api, addresses: Iterable[str]) -> set[str]:
    """Tokens (of callers: numbers) in the conversations that wait in a queue or at an agent."""
    found: set[str] = set()
    wanted = set(addresses)
    for conversation in await _open(supervisor):
        _, shown = await supervisor.ask("GET", f"/conversations/{conversation}")
        if shown.get("channel") == "phone":
            found |= {shown["customer"]["address"]} & wanted
            continue
        path = f"/conversations/{conversation}/timeline?limit={_PAGE}"
        _, timeline = await supervisor.ask("GET", path)
        for entry in timeline.get("entries", []):
            if entry["type"] == "customer":
                found.update(TOKEN.findall(entry["text"] or ""))
    return found


async def _open(supervisor: Api) -> set[str]:
    """Every conversation that waits, is offered or is held."""
    found: set[str] = set()
    _, queues = await supervisor.ask("GET", "/queues")
    for queue in queues["queues"]:
        for skip in range(0, queue["depth"], _PAGE):
            path = f"/queues/{queue['name']}/conversations?limit={_PAGE}&skip={skip}"
            _, content = await supervisor.ask("GET", path)
            found.update(conversation["id"] for conversation in content["conversations"])
    _, agents = await supervisor.ask("GET", "/agents")
    for agent in agents["agents"]:
        found.update(item["conversation"] for item in agent["work"])
    return found


async def tokens_dead(log: Log, shards: int) -> set[str]:
    """Tokens found in dead letters."""
    partitions = [Partition(DEAD_LETTERS.name, number) for number in range(shards)]
    bounds = await log.bounds(partitions)
    ends = {p: end for p, (begin, end) in bounds.items() if end > begin}
    found: set[str] = set()
    if not ends:
        return found
    async with log.read({p: bounds[p][0] for p in ends}) as source:
        while ends:
            for record in await source.poll():
                found.update(TOKEN.findall(_raw(record.value)))
                if record.offset + 1 >= ends[record.partition]:
                    ends.pop(record.partition, None)
    return found


def _raw(value: bytes) -> str:
    letter = orjson.loads(value)["data"]
    raw = base64.b64decode(letter["raw"])
    if letter.get("raw_encoding") == "zlib+base64":
        raw = zlib.decompress(raw)
    return raw.decode(errors="replace")
