"""Whatever speaks SMTP is tested on both event loops: services run on uvloop."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """asyncio's loop and uvloop for the listener's tests, asyncio's for all others."""
    plain: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name.startswith("test_smtp"):
        return {**plain, "uvloop": uvloop.new_event_loop}
    return plain
