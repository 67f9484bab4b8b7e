"""A shard and its owner on real Kafka: decisions a second, recovery, and timers."""

import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from statistics import median

from services.router.engine.decide import decide
from services.router.engine.state import State
from services.router.engine.turn import Context
from shared.clock import SystemClock
from shared.events.commands import NoteAlert
from shared.opening import open_log
from shared.rules import Rules
from tests.bench.backlog import Backlog, medians
from tests.bench.figures import Report, Row, Size
from tests.bench.place import place, rules_for
from tests.bench.recovery import Shard

_FEW = 1_000
_TRIED = 2_000


async def run(size: Size) -> list[Report]:
    """What the owner of a shard can do."""
    return [await _through_kafka(size), await _recovery(size), _timers(size)]


async def _through_kafka(size: Size) -> Report:
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(place(size.shards, size.agents))
        log = await stack.enter_async_context(open_log(found.log_url, SystemClock(), size.shards))
        sink = await stack.enter_async_context(log.sink())
        await log.create_topics({"bench": 1})
        backlog = Backlog(found, log, sink, size)
        rules = Rules.model_validate(rules_for(found.agents))
        repetitions = [await backlog.repetition(rules, n) for n in range(size.repetitions)]
    notes = (
        f"{size.customers:,} customers write, then {size.agents} agents accept and close it all",
        "one shard in one process; inputs lie in the log, decisions are acknowledged in the record",
        "limit: the same inputs read and the same decisions appended, with nothing in between",
    )
    return Report("decisions through Kafka, one shard", medians(repetitions), notes)


async def _recovery(size: Size) -> Report:
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(place(1))
        log = await stack.enter_async_context(open_log(found.log_url, SystemClock(), 1))
        sink = await stack.enter_async_context(log.sink())
        rows = await Shard(log, sink, size).rows()
    notes = (
        "recovery: the snapshot read from Kafka and restored, what came after it applied, owned",
        "longest stall: how late a tick of 2 ms came; other programs on the machine add to it",
        "longest cpu: what the event loop did in one piece between two ticks, in CPU time",
    )
    return Report("a shard with much waiting", rows, notes)


def _timers(size: Size) -> Report:
    """So many customers were told of a late parcel; each of that is forgotten at its time."""
    state, rows = State(), []
    for count in (min(_FEW, size.timers), size.timers):
        _arm(state, count - len(state.timers))
        rows.append(_with_timers(state))
    rows = [{**row, "of_few": row["command_us"] / rows[0]["command_us"]} for row in rows]
    return Report("timers", rows, ("a command that arms one more, the median of many",))


def _arm(state: State, count: int) -> None:
    for _ in range(count):
        _tell(state)


def _tell(state: State) -> None:
    number = len(state.timers)
    command = NoteAlert(
        workspace="w",
        conversation_key=f"k{number}",
        alert=f"alr{number}",
        rule="late",
        until=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number * 7919 % 604_800),
    )
    decide(state, command, Context(1, f"c{number}"))


def _with_timers(state: State) -> Row:
    armed, seconds = len(state.timers), []
    for _ in range(_TRIED):
        begin = time.perf_counter()
        _tell(state)
        seconds.append(time.perf_counter() - begin)
    return {"armed": armed, "command_us": median(seconds) * 1e6}
