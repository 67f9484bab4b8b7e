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
    """Tokens found in the timelines of conversations that are not closed."""
    found: set[str] = set()
    wanted = set(addresses)
    _, listed = await supervisor.ask("GET", f"/conversations?state=open&limit={_PAGE}")
    for conversation in listed.get("conversations", []):
        if conversation["channel"] == "phone":
            found |= {conversation["customer"]["address"]} & wanted
            continue
        path = f"/conversations/{conversation['id']}/timeline?limit={_PAGE}"
        _, timeline = await supervisor.ask("GET", path)
        for entry in timeline.get("entries", []):
            if entry["type"] == "customer":
                found.update(TOKEN.findall(entry["text"] or ""))
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
