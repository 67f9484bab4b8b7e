"""`patchbay rules shadow` as a process of its own, beside a running engine."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from shared.ids import shard_of
from shared.sqlite import SqliteLog
from tests.platform.rules.running import SHARDS, Running, ruled, running
from tests.router.shards import WORKSPACE

HERE = shard_of(WORKSPACE, SHARDS)


@pytest_asyncio.fixture
async def shop(redis_url: str, tmp_path: Path) -> AsyncIterator[Running]:
    path = tmp_path / "log.db"
    url = f"sqlite:///{path}"
    async with SqliteLog(str(path)) as log, running(log, url, redis_url, tmp_path) as here:
        await here.place.until("configured", 1, HERE)
        yield here


async def test_the_differences_are_reported_and_nothing_happens(shop: Running) -> None:
    """It looks on at what five customers do; the record does not know that it was there."""
    await shop.place.sign_in("ada")
    await shop.place.until("presence_changed", 1, HERE)
    process = await _shadow(shop, shop.write("new.yaml", ruled("sales")))
    for customer in range(5):
        await shop.place.customer(customer)
    await shop.place.until("offered", 5, HERE)
    output, _ = await process.communicate()
    report = json.loads(output)

    assert (report["compared"], report["same"]) == (5, 0)
    assert report["differences"]["queue"] == 5
    assert report["differences"]["agent"] == 0
    assert {"what": "queue", "live": "support", "shadow": "sales", "count": 5} in report["changes"]
    assert {event.queue for event in await shop.place.until("queued", 5, HERE)} == {"support"}
    assert len(await shop.place.events("configured", HERE)) == 1


async def _shadow(shop: Running, file: str) -> asyncio.subprocess.Process:
    """The process, once it looks on."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "patchbay", "rules", "shadow", str(shop.folder / file)),
        *("--for", "3", "--json"),
        env={**os.environ, "PATCHBAY_LOG": shop.url, "PATCHBAY_SHARDS": str(SHARDS)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = [await process.stderr.readline() for _ in range(2)]
    assert b"warning: workspaces.acme.rules.queues.support: no route leads" in said[0]
    assert said[1] == f"looking on at {WORKSPACE}\n".encode()
    return process
