"""Lanes of one account: in order per conversation, bounded, and nobody's wake-up is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.circuit import Circuit, Fuse
from services.notifier.queues import AccountQueue, Job
from shared.clock import SystemClock
from shared.errors import OwnershipLost
from shared.events.outbound import OutboundMessage

Work = Callable[[Job], Awaitable[datetime | None]]


def _job(number: int, key: str = "k", partition: int = 0) -> Job:
    message = OutboundMessage(
        id=f"{key}{number}",
        workspace="w",
        channel="c",
        account="a",
        conversation_key=key,
        to="t",
        written_at=datetime.now(UTC),
    )
    return Job(message, partition, number)


class Desk:
    """A running queue, what it did, and what it settled."""

    def __init__(self, work: Work, width: int = 4, depth: int = 100) -> None:
        self.circuit = Circuit(Fuse())
        self.settled: list[str] = []
        self.queue = AccountQueue(
            work,
            self.circuit,
            SystemClock(),
            width=width,
            depth=depth,
            settled=lambda job: self.settled.append(job.message.id),
        )

    async def until(self, count: int) -> None:
        """Wait until so many jobs are settled."""
        async with asyncio.timeout(5):
            while len(self.settled) < count:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.002)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop = asyncio.Event()
        task = asyncio.create_task(self.queue.run(stop))
        try:
            yield
            stop.set()
            await task
        finally:
            task.cancel()


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(milliseconds=5)


def _late() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def test_a_conversation_keeps_its_order_even_when_its_head_waits() -> None:
    done: list[str] = []
    waits = {"a0": 2, "b1": 1}

    async def work(job: Job) -> datetime | None:
        left = waits.get(job.message.id, 0)
        waits[job.message.id] = left - 1
        done.append(job.message.id)
        return [None, _soon(), _soon()][max(left, 0)]

    desk = Desk(work)
    async with desk.running():
        for number in range(3):
            desk.queue.put(_job(number, "a"))
            desk.queue.put(_job(number, "b"))
        await desk.until(6)

    assert [each for each in desk.settled if each[0] == "a"] == ["a0", "a1", "a2"]
    assert [each for each in done if each[0] == "a"] == ["a0", "a0", "a0", "a1", "a2"]
    assert [each for each in desk.settled if each[0] == "b"] == ["b0", "b1", "b2"]


async def test_so_many_at_once_and_no_more() -> None:
    running, most = 0, 0

    async def work(_job: Job) -> datetime | None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        return None

    desk = Desk(work, width=3)
    async with desk.running():
        for number in range(20):
            desk.queue.put(_job(number, key=f"k{number}"))
        await desk.until(20)

    assert most == 3


async def test_who_waits_takes_no_place() -> None:
    async def work(job: Job) -> datetime | None:
        return {"slow": _late()}.get(job.message.conversation_key)

    desk = Desk(work, width=1)
    async with desk.running():
        desk.queue.put(_job(0, "slow"))
        desk.queue.put(_job(0, "fast"))
        await desk.until(1)

    assert desk.settled == ["fast0"]


async def test_news_wake_who_waits() -> None:
    answers: list[datetime | None] = [_late(), None]
    looked = asyncio.Event()

    async def work(_job: Job) -> datetime | None:
        looked.set()
        return answers.pop(0)

    desk = Desk(work)
    async with desk.running():
        desk.queue.put(_job(0))
        await looked.wait()
        desk.queue.wake("k")
        await desk.until(1)


async def test_news_that_come_while_deciding_to_wait_are_not_lost() -> None:
    answers: list[datetime | None] = [_late(), None]
    desk: Desk

    async def work(_job: Job) -> datetime | None:
        desk.queue.wake("k")
        return answers.pop(0)

    desk = Desk(work)
    async with desk.running():
        desk.queue.put(_job(0))
        await desk.until(1)


async def test_a_lost_partition_is_forgotten_and_the_others_go_on() -> None:
    async def work(job: Job) -> datetime | None:
        return {"lost": _late()}.get(job.message.conversation_key)

    desk = Desk(work)
    async with desk.running():
        desk.queue.put(_job(0, "lost", partition=1))
        desk.queue.put(_job(1, "lost", partition=1))
        desk.queue.drop(1)
        desk.queue.put(_job(0, "kept", partition=0))
        await desk.until(1)

    assert desk.settled == ["kept0"]
    assert desk.queue.has_room


async def test_a_message_that_comes_back_waits_for_the_call_under_way() -> None:
    release, done = asyncio.Event(), []

    async def work(job: Job) -> datetime | None:
        done.append(job.offset)
        await release.wait()
        return None

    desk = Desk(work)
    async with desk.running():
        desk.queue.put(_job(0))
        await asyncio.sleep(0.01)
        desk.queue.drop(0)
        desk.queue.put(_job(7))
        await asyncio.sleep(0.01)
        before = list(done)
        release.set()
        await desk.until(1)

    assert (before, done) == ([0], [0, 7])
    assert desk.settled == ["k7"]


async def test_a_lost_ownership_is_not_a_settlement() -> None:
    tried = asyncio.Event()

    async def work(_job: Job) -> datetime | None:
        tried.set()
        raise OwnershipLost("deliveries/0")

    desk = Desk(work)
    async with desk.running():
        desk.queue.put(_job(0))
        await tried.wait()
        await asyncio.sleep(0.01)

    assert desk.settled == []


async def test_an_open_circuit_starts_nothing_and_a_probe_goes_alone() -> None:
    started: list[str] = []
    release = asyncio.Event()

    async def work(job: Job) -> datetime | None:
        started.append(job.message.id)
        await release.wait()
        return None

    desk = Desk(work)
    desk.circuit.open_until = datetime.now(UTC) + timedelta(milliseconds=30)
    async with desk.running():
        for number in range(5):
            desk.queue.put(_job(number, key=f"k{number}"))
        await asyncio.sleep(0.01)
        before = list(started)
        await asyncio.sleep(0.05)
        probing = list(started)
        release.set()

    assert (before, len(probing)) == ([], 1)


async def test_it_is_full_and_has_room_again() -> None:
    release = asyncio.Event()

    async def work(_job: Job) -> datetime | None:
        await release.wait()
        return None

    desk = Desk(work, depth=4)
    states = []
    async with desk.running():
        for number in range(4):
            states.append((desk.queue.full, desk.queue.has_room))
            desk.queue.put(_job(number))
        states.append((desk.queue.full, desk.queue.has_room))
        release.set()
        await desk.until(4)

    assert states == [(False, True)] * 3 + [(False, False), (True, False)]
    assert desk.queue.has_room


async def test_what_nobody_expected_ends_the_queue() -> None:
    async def work(_job: Job) -> datetime | None:
        raise ZeroDivisionError

    desk = Desk(work)
    desk.queue.put(_job(0))
    with pytest.raises(ZeroDivisionError):
        await desk.queue.run(asyncio.Event())
