"""The log under test: in memory, on a file, and on a real Kafka."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.log import Log
from tests.contract.logs import OpenLog, memory_opener, sqlite_opener


@pytest.fixture(params=["memory", "sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def open_log(request: pytest.FixtureRequest, tmp_path: Path) -> OpenLog:
    openers = {
        "memory": memory_opener,
        "sqlite": lambda: sqlite_opener(tmp_path / "log.db"),
    }
    opener: OpenLog = openers[request.param]()
    return opener


@pytest.fixture
async def log(open_log: OpenLog) -> AsyncIterator[Log]:
    async with open_log() as opened:
        yield opened
