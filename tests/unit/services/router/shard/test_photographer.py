"""Snapshots on a log that is slow, or away."""

import asyncio

import pytest

from services.router.engine.decide import decide
from services.router.engine.restore import restore, resume
from services.router.engine.snapshot import snapshot
from services.router.engine.state import State
from services.router.engine.turn import Context
from services.router.shard.decisions import Line
from services.router.shard.photographer import Photographer
from services.router.shard.snapshots import restored, stored_snapshots
from shared.clock import SystemClock
from shared.events.commands import SetPresence
from tests.router.logs import FaultySink
from tests.router.shards import Site
from tests.unit.services.router.engine.days import Day
from tests.unit.services.router.engine.shop import AGENTS

LINE = Line(0, epoch=1, seq=9)


def photographer(sink: FaultySink) -> Photographer:
    return Photographer(sink, SystemClock(), 0, 0, 1, 300.0, lambda: None)


async def found(place: Site) -> list[State]:
    """The states of all snapshots that are complete."""
    states = []
    async for stored in stored_snapshots(place.log, 0):
        state = await restored(place.log, stored)
        assert state is not None
        resume(state)
        states.append(state)
    return states


async def test_a_slow_log_is_waited_for_and_nothing_is_piled_up(
    memory_place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state is gone through no faster than it is written, and shows the moment it was begun."""
    monkeypatch.setattr("services.router.shard.snapshots.PART_CHARACTERS", 100)
    monkeypatch.setattr("services.router.shard.photographer._LINES_AT_ONCE", 1)
    sink, state = FaultySink(memory_place.sink), restore(snapshot(Day(3).live(80).history.live))
    expected = snapshot(state)
    taker = photographer(sink)
    sink.held.clear()
    taker.look(state, LINE, 5, 5)
    for _ in range(200):
        taker.look(state, LINE, 5, 5)
        await asyncio.sleep(0)
    stuck, written = taker.busy, await found(memory_place)
    sink.held.set()
    for agent in AGENTS:
        gone = SetPresence(workspace="acme", actor=agent, agent=agent, state="offline")
        decide(state, gone, Context(state.latest, f"gone.{agent}"))
    while taker.seconds_to_next(10) is None:
        taker.look(state, LINE, 5, 5)
        await asyncio.sleep(0.001)

    (state_then,) = await found(memory_place)
    assert not stuck
    assert not written
    assert snapshot(state_then) == expected
    assert snapshot(state) != expected


async def test_nothing_is_written_before_it_is_true(memory_place: Site) -> None:
    """What it shows has not been acknowledged: so it may be another owner's turn already."""
    sink, state = FaultySink(memory_place.sink), Day(3).live(20).history.live
    taker = photographer(sink)
    for _ in range(50):
        taker.look(state, LINE, 5, 4)
        await asyncio.sleep(0)

    assert not taker.busy
    assert await found(memory_place) == []


async def test_a_snapshot_that_fails_leaves_the_one_before_it(
    memory_place: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next one takes the place of the failed one."""
    monkeypatch.setattr("services.router.shard.snapshots.PART_CHARACTERS", 100)
    sink, state = FaultySink(memory_place.sink), Day(3).live(40).history.live
    taker = photographer(sink)
    slots = []
    for seq, lost in ((9, 0), (10, 1), (11, 0)):
        sink.lose = lost
        await taker.last(state, Line(0, epoch=1, seq=seq), 5)
        newest, *_ = [stored async for stored in stored_snapshots(memory_place.log, 0)]
        slots.append((newest.head.seq, newest.slot))

    assert slots == [(9, 0), (9, 0), (11, 1)]
    assert snapshot((await found(memory_place))[0]) == snapshot(state)
