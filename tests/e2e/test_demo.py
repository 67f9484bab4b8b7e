"""`patchbay demo` as a person runs it, on both stacks."""

import re
from pathlib import Path

import pytest

from patchbay.demo.scenario import CHANNELS, late_parcels
from shared.events.routing import Decision, Opened, Queued
from shared.topics import INBOUND
from tests.e2e.commands import Said, run
from tests.e2e.record import everything, read_history

_PATIENCE = 240.0
_SEED = 2
"""The first parcel of this seed's town is late after two seconds, and its customer writes back."""

_LINE = re.compile(
    r"reconciled: received=(?P<received>\d+) answered=(?P<answered>\d+) waiting=(?P<waiting>\d+)"
    r" dead_lettered=(?P<dead>\d+) alerts=(?P<alerts>\d+)"
    r" lost=(?P<lost>\d+) duplicated=(?P<duplicated>\d+) wrong_channel=(?P<wrong>\d+)"
)


async def _demo(folder: Path, stack: str, seconds: int) -> Said:
    command = ["patchbay", "demo", "--folder", str(folder), "--stack", stack]
    command += ["--seconds", str(seconds), "--seed", str(_SEED), "--rate", "4"]
    return await run(command, {}, _PATIENCE)


def _counted(said: Said) -> dict[str, int]:
    found = _LINE.fullmatch(said.output.splitlines()[-1])
    assert found is not None, said.output
    return {name: int(value) for name, value in found.groupdict().items()}


def _check(said: Said) -> None:
    counted = _counted(said)
    assert (said.status, said.errors) == (0, "")
    assert (counted["lost"], counted["duplicated"], counted["wrong"]) == (0, 0, 0)
    assert counted["received"] >= 20
    assert counted["answered"] + counted["waiting"] == counted["received"]
    assert counted["alerts"] >= 1
    assert "first conversation answered after" in said.output


@pytest.mark.redis
@pytest.mark.timeout(300)
async def test_all_in_one_process(tmp_path: Path) -> None:
    _check(await _demo(tmp_path, "embedded", 8))
    log = f"sqlite:///{tmp_path / 'patchbay.db'}"
    channels = {event.channel for _, event in await everything(log, INBOUND)}
    assert channels == CHANNELS.keys()
    history = await read_history(log)
    assert f"#{next(late_parcels(_SEED, 4.0)).order}" in _orders_answered_about(history.decisions)


@pytest.mark.redis
@pytest.mark.kafka
@pytest.mark.usefixtures("kafka_servers")
@pytest.mark.timeout(300)
async def test_every_service_by_itself_on_kafka(tmp_path: Path) -> None:
    _check(await _demo(tmp_path, "kafka", 6))
    assert (tmp_path / "router-engine.log").exists()


def _orders_answered_about(decisions: list[Decision]) -> set[str]:
    """The orders of conversations that answer an alert: each has one, and all are in its queue."""
    events = [event for decision in decisions for event in decision.events]
    answers = [each for each in events if isinstance(each, Opened) and "alert" in each.attributes]
    queues = {each.conversation: each.queue for each in events if isinstance(each, Queued)}
    assert {queues[each.conversation] for each in answers} == {"orders"}
    return {each.attributes["order"] for each in answers}
