"""The engine as a process runs it: configuration in, decisions out, probes beside it."""

import asyncio

from prometheus_client import REGISTRY

from services.router.main import serve_engine
from services.router.settings import EngineSettings
from shared.cache import open_cache
from shared.ids import shard_of
from shared.service import Deps, Probes
from shared.sqlite import SqliteLog
from tests.router.shards import RULES, WORKSPACE, configuration, eventually, site


async def test_it_serves_until_it_is_told_to_stop(redis_url: str) -> None:
    """Ready once it decides, not ready while it drains; what it did can be counted."""
    probes, stop = Probes(), asyncio.Event()
    redis = open_cache(redis_url)
    config = configuration({WORKSPACE: RULES})
    before = _decided()
    async with SqliteLog(":memory:") as log, site(log, 2) as place:
        deps = Deps(log, redis, place.clock, config, 2, "engine-test", probes)
        serving = asyncio.create_task(serve_engine(deps, EngineSettings(), stop))
        await place.sign_in("ada")
        await place.customer(1)
        await place.until("offered", 1, shard_of(WORKSPACE, 2))
        await eventually(lambda: probes.not_ready() == [])
        assert probes.not_live() == []
        stop.set()
        assert probes.not_ready() == ["engine"]
        await serving
    await redis.aclose()

    assert _decided() >= before + 3


def _decided() -> float:
    inputs = ("inbound", "commands", "configuration")
    name = "patchbay_engine_inputs_total"
    samples = [
        REGISTRY.get_sample_value(name, {"input": kind, "result": "decided"}) for kind in inputs
    ]
    return sum(sample or 0.0 for sample in samples)
