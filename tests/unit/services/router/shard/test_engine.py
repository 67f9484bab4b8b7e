"""Engines in one group: who decides on what, and how shards change hands."""

from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from services.router.shard.engine import ENGINE
from shared.events.routing import ShardOwned
from shared.ids import shard_of
from shared.log import Record
from shared.rules import Rules
from shared.topics import INBOUND, ROUTING
from tests.router.logs import OwnTopics
from tests.router.shards import RULES, Site, engine, eventually, site

SHARDS = 4
WORKSPACES = tuple(
    next(name for name in (f"w{n}" for n in range(100)) if shard_of(name, SHARDS) == shard)
    for shard in range(SHARDS)
)
CONFIGURED: dict[str, Rules] = dict.fromkeys(WORKSPACES, RULES)


@pytest.fixture
async def place(log: OwnTopics) -> AsyncIterator[Site]:
    async with site(log, SHARDS) as found:
        yield found


async def _everybody_writes(place: Site, customer: int) -> None:
    for workspace in WORKSPACES:
        await place.customer(customer, workspace)


async def _opened(place: Site, count: int) -> None:
    for shard in range(SHARDS):
        await place.until("opened", count, shard)


async def _instances(place: Site) -> list[list[str]]:
    """Who has claimed each shard, in order."""
    decoder = ROUTING.decoder()
    claims: list[list[str]] = []
    for shard in range(SHARDS):
        datas = [decoder.decode(r.value).data for r in await place.records(ROUTING, shard)]
        claims.append([data.instance for data in datas if isinstance(data, ShardOwned)])
    return claims


async def test_a_lone_engine_decides_on_every_shard(place: Site) -> None:
    """Each workspace gets its own rules, in the shard that it lives in."""
    async with engine(place, "one", CONFIGURED) as one:
        await _everybody_writes(place, 1)
        await _opened(place, 1)
        await eventually(lambda: one.engine.ready and one.shards == set(range(SHARDS)))

    for shard, workspace in enumerate(WORKSPACES):
        decisions = await place.decisions(shard)
        assert {decision.workspace for decision in decisions} == {workspace}
        assert decisions[0].events[0].event == "configured"


async def test_shards_move_to_whoever_joins_and_back(place: Site) -> None:
    """Nothing is lost or repeated on the way, and both do a part of it."""
    async with engine(place, "one", CONFIGURED) as one:
        await _everybody_writes(place, 1)
        await _opened(place, 1)
        async with engine(place, "two", CONFIGURED) as two:
            await eventually(lambda: len(one.shards) == len(two.shards) == SHARDS // 2)
            await _everybody_writes(place, 2)
            await _opened(place, 2)
        await eventually(lambda: one.shards == set(range(SHARDS)))
        await _everybody_writes(place, 3)
        await _opened(place, 3)

    for shard in range(SHARDS):
        assert [e.event for e in await place.events("opened", shard)] == ["opened"] * 3
    claims = await _instances(place)
    assert sum("two" in instances for instances in claims) == SHARDS // 2
    assert {instances[0] for instances in claims} == {"one"}
    assert {instances[-1] for instances in claims} == {"one"}


async def test_what_is_under_way_is_finished_on_stop(place: Site) -> None:
    """A drain commits up to where decisions are true: nobody reads them again."""
    async with engine(place, "one", CONFIGURED) as one:
        for customer in range(20):
            await _everybody_writes(place, customer)
        await _opened(place, 20)
        one.stop.set()

    async with place.log.subscribe("router", [INBOUND.name]) as source:
        again: list[Record] = []
        for _ in range(3):
            again += await source.poll(wait=0.3)
    assert again == []


async def test_a_log_that_is_away_for_a_while_is_waited_for(log: OwnTopics) -> None:
    """Owning is tried again until there is an answer."""
    async with site(log, SHARDS) as place:
        log.away = 6
        async with engine(place, "one", CONFIGURED):
            await eventually(lambda: log.away == 0)
            await _everybody_writes(place, 1)
            await _opened(place, 1)


async def test_it_says_how_it_runs(place: Site) -> None:
    """`make prove` sees to it that the compiled one says compiled."""
    async with engine(place, "one", CONFIGURED):
        await eventually(lambda: _info(ENGINE) == 1)

    assert [_info(kind) for kind in ("compiled", "interpreted")].count(None) == 1


def _info(engine: str) -> float | None:
    return REGISTRY.get_sample_value("patchbay_engine_info", {"engine": engine})
