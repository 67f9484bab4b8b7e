"""The log under test: in memory, on a file, and on a real Kafka."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from shared.log import Log
from tests.contract.logs import OpenLog, kafka_opener, memory_opener, sqlite_opener


def _kafka(request: pytest.FixtureRequest, _folder: Path) -> OpenLog:
    servers: str = request.getfixturevalue("kafka_servers")
    return kafka_opener(servers)


_OPENERS: dict[str, Callable[[pytest.FixtureRequest, Path], OpenLog]] = {
    "memory": lambda _request, _folder: memory_opener(),
    "sqlite": lambda _request, folder: sqlite_opener(folder / "log.db"),
    "kafka": _kafka,
}


@pytest.fixture(params=["memory", "sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def open_log(request: pytest.FixtureRequest, tmp_path: Path) -> OpenLog:
    return _OPENERS[request.param](request, tmp_path)


@pytest.fixture
async def log(open_log: OpenLog) -> AsyncIterator[Log]:
    async with open_log() as opened:
        yield opened
