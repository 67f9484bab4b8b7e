"""A message whose partition moves away in the middle is not sent, and the next owner knows it."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from services.notifier.books import Books
from services.notifier.circuit import Circuit, Fuse
from services.notifier.deliver import Deliverer
from services.notifier.gate import Gate
from services.notifier.preferences import PreferenceWriter
from services.notifier.provider import Provider
from services.notifier.queues import Job
from services.notifier.retries import Patience
from services.notifier.writer import DeliveryWriter
from shared.channels import Limits
from shared.clock import SystemClock, milliseconds
from shared.errors import OwnershipLost
from shared.events.outbound import Attempted, OutboundMessage, Outcome
from shared.topics import OUTBOUND
from tests.platform.notifying import SHARDS, Board, configuration, memory_log, message
from tests.platform.scripted import scripted_channels


class _Open:
    """A gate that lets everything through."""

    async def passes(self, _message: OutboundMessage, _limits: Limits) -> None:
        return None


class _Nobody:
    """A provider that must not be called."""

    async def send(self, *_: Any, **__: Any) -> None:
        raise AssertionError("called")


async def test_a_partition_that_moves_before_the_call_leaves_no_doubt() -> None:
    clock = SystemClock()
    async with memory_log() as log, log.sink() as sink:
        books = Books(log, clock, 3600)
        with scripted_channels():
            deliverer = Deliverer(
                configuration("http://127.0.0.1:1"),
                clock,
                books,
                DeliveryWriter(sink, clock),
                cast(Provider, _Nobody()),
                cast(Gate, _Open()),
                PreferenceWriter(sink, clock, SHARDS),
                Patience(),
                lambda low, _high: low,
            )
            sent = message("hello")
            number = OUTBOUND.partition("acme", sent.conversation_key, SHARDS).number
            await books.open(number, milliseconds(datetime.now(UTC)))
            work = asyncio.create_task(deliverer.work(Job(sent, number, 0), Circuit(Fuse())))
            board = Board(log)
            await board.until(lambda: board.attempts(sent))
            books.close(number)
            with pytest.raises(OwnershipLost):
                await work
        events = await board.events("deliveries")

    assert [type(event) for event in events] == [Attempted, Outcome]
    assert (events[1].kind, events[1].code, events[1].final) == ("retry", "moved", False)
