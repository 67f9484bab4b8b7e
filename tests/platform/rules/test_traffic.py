"""Rules change under traffic: no conversation is lost, and each is decided on by one version."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from patchbay.rules.desk import Desk
from shared.events.commands import Configure
from shared.events.routing import Decision
from shared.ids import shard_of
from shared.kafka import KafkaLog, KafkaSettings
from shared.log import Log
from shared.rules import Rules, digest_of
from shared.sqlite import SqliteLog
from tests.platform.rules.running import SHARDS, Running, ruled, running
from tests.router.logs import OwnTopics
from tests.router.shards import WORKSPACE

HERE = shard_of(WORKSPACE, SHARDS)
CHANGES = 6
OpenLog = Callable[[], AbstractAsyncContextManager[Log]]
SUPPORT, SALES = (Rules.model_validate(ruled(queue)) for queue in ("support", "sales"))


def _memory(_request: pytest.FixtureRequest) -> OpenLog:
    return lambda: SqliteLog(":memory:")


def _kafka(request: pytest.FixtureRequest) -> OpenLog:
    servers: str = request.getfixturevalue("kafka_servers")
    return lambda: KafkaLog(KafkaSettings(servers, session=6, heartbeat=1, handover=2))


_OPENERS = {"memory": _memory, "kafka": _kafka}


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def open_log(request: pytest.FixtureRequest) -> OpenLog:
    return _OPENERS[request.param](request)


@pytest_asyncio.fixture
async def log(open_log: OpenLog) -> AsyncIterator[Log]:
    async with open_log() as inner:
        yield OwnTopics(inner, f"t-{uuid.uuid4().hex}-")


@pytest_asyncio.fixture
async def shop(log: Log, redis_url: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(log, "", redis_url, tmp_path, ruled("support")) as here:
        await here.place.until("configured", 1, HERE)
        yield here


async def test_applied_and_taken_back_under_traffic(shop: Running) -> None:
    desk = Desk(shop.place.log, shop.place.clock, SHARDS)
    done = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(_write(shop, done))
        for number in range(CHANGES):
            await desk.ask(_change(number))
            await asyncio.sleep(0.05)
        done.set()
    opened = await shop.place.until("opened", writing.result(), HERE)
    decisions = await shop.place.decisions(HERE)

    assert {event.key for event in opened} == {f"key{n}" for n in range(writing.result())}
    assert {version: queues for version, queues in _placed(decisions).items() if queues} == {
        version: {"support" if version % 2 else "sales"} for version in _placed(decisions)
    }
    assert _in_force(decisions)
    assert [one.version for one in (await _listed(desk)).history] == list(range(7, 0, -1))


async def _listed(desk: Desk) -> Any:
    assert await desk.shown(WORKSPACE, CHANGES + 1)
    return await desk.of(WORKSPACE)


async def _write(shop: Running, done: asyncio.Event) -> int:
    """Customers write until it is done; how many."""
    customers = 0
    while not done.is_set():
        await shop.place.customer(customers)
        customers += 1
    return customers


def _change(number: int) -> Configure:
    """To sales and back again."""
    rules = SUPPORT if number % 2 else SALES
    return Configure(
        workspace=WORKSPACE,
        actor="ada",
        digest=digest_of(rules),
        rules=rules,
        how="rollback" if number % 2 else "apply",
    )


def _placed(decisions: list[Decision]) -> dict[int, set[str]]:
    """Per version the queues that it chose."""
    placed: dict[int, set[str]] = {}
    for decision in decisions:
        for event in decision.events:
            if event.event == "queued":
                placed.setdefault(event.rules, set()).add(event.queue)
    return placed


def _in_force(decisions: list[Decision]) -> bool:
    """Is everything placed by the version in force at its place in the record?"""
    version, right = 0, []
    for decision in decisions:
        for event in decision.events:
            version = event.change.version if event.event == "configured" else version
            right += [event.rules == version] if event.event == "queued" else []
    return all(right) and len(right) > 0
