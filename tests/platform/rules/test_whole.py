"""API, engine, view and effects together: what an admin posts is what customers get."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest_asyncio

from services.router.api.serve import serve_api
from services.router.main import serve_engine, serve_view
from services.router.settings import ApiSettings, EngineSettings, ViewSettings
from shared.cache import open_cache
from shared.ids import shard_of
from shared.service import Deps
from shared.sqlite import SqliteLog
from tests.router.desk import SHOP, Desk
from tests.router.shards import Site, eventually, site
from tests.router.shop import shop

SHARDS = 2
HERE = shard_of(SHOP, SHARDS)


@pytest_asyncio.fixture
async def whole(empty_redis: str) -> AsyncIterator[tuple[Desk, Site]]:
    """A client of the API, and the log with its customers."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(open_cache(empty_redis))
        log = await stack.enter_async_context(SqliteLog(":memory:"))
        place = await stack.enter_async_context(site(log, SHARDS))
        stop, port = asyncio.Event(), asyncio.get_running_loop().create_future()
        deps = Deps(log, redis, place.clock, shop(), SHARDS, "test")
        api = Deps(
            log,
            redis,
            place.clock,
            shop(),
            SHARDS,
            "api",
            listening=lambda _, n: port.set_result(n),
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        stack.callback(stop.set)
        tasks.create_task(serve_engine(deps, EngineSettings(), stop))
        tasks.create_task(serve_view(deps.part("view"), ViewSettings(), stop))
        tasks.create_task(serve_api(api, ApiSettings(port=0), stop))
        desk = Desk(http, f"http://127.0.0.1:{await port}")
        await eventually(lambda: not deps.probes.not_ready() and not api.probes.not_ready())
        await place.until("configured", 1, HERE)
        yield desk, place


async def _rules(desk: Desk) -> dict[str, Any]:
    """The rules in force, as the API shows them."""
    text = await desk.call("GET", "/v1/rules/in_force", "ada")
    assert text.status == 200
    found: dict[str, Any] = text.body["rules"]
    return found


async def test_posted_rules_route_the_next_customer_and_a_rollback_the_one_after(
    whole: tuple[Desk, Site],
) -> None:
    desk, place = whole
    await desk.call("GET", "/v1/rules", "ada")
    rules = await _rules(desk)
    changed = {**rules, "routes": [{"name": "to-sales", "queue": "sales"}]}

    applied = await desk.post("/v1/rules", "ada", {"rules": changed, "note": "to sales"})
    await place.customer(1, SHOP)
    await place.until("queued", 1, HERE)
    back = await desk.post("/v1/rules/rollback", "ada")
    found = await place.until("queued", 2, HERE)
    listed = await desk.call("GET", "/v1/rules", "ada")

    assert applied.body == {"changed": True, "in_force": 2, "trial": None}
    assert back.body == {"changed": True, "in_force": 3, "trial": None}
    assert [(event.queue, event.rules) for event in found] == [("sales", 2), ("care", 3)]
    assert [one["how"] for one in listed.body["versions"]] == ["rollback", "apply", "file"]
    assert await _rules(desk) == rules
