"""A crash, a restart, a second owner, a dead log: no message is lost, none is sent twice."""

import asyncio

import pytest

from shared.events.base import Event
from shared.events.outbound import Attempted, Outcome
from shared.log import Entry
from shared.topics import OUTBOUND
from tests.platform.dying import MortalLog, run_until_it_fails, run_until_killed
from tests.platform.ingesting import FailingLog
from tests.platform.notifier.conftest import World
from tests.platform.notifying import (
    SHARDS,
    message,
    receipt,
    running_notifier,
)
from tests.platform.providing import hanging_for


async def test_the_same_message_twice_in_the_log_is_sent_once(world: World) -> None:
    sent, marker = message("hello"), message("marker")
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(sent, sent)
        await world.board.end(sent)
        await world.board.send(sent, marker)
        await world.board.end(marker)

    assert world.provider.texts() == ["hello", "marker"]


async def test_after_a_restart_nothing_accepted_is_sent_again(world: World) -> None:
    messages = [message(str(n), customer=f"c{n}") for n in range(20)]
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(*messages)
        for each in messages:
            await world.board.end(each)
    marker = message("marker")
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(*messages, marker)
        await world.board.end(marker)

    assert set(world.provider.taken.values()) == {1}
    assert len(world.provider.seen) == len(messages) + 1


async def test_two_pods_share_the_work_and_send_nothing_twice(world: World) -> None:
    messages = [message(str(n), customer=f"c{n}") for n in range(60)]
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(*messages[:30])
        async with running_notifier(world.log, world.redis_url, world.config):
            await world.board.send(*messages[30:])
            for each in messages:
                await world.board.end(each)

    assert set(world.provider.taken.values()) == {1}
    assert len(world.provider.taken) == len(messages)


async def test_two_that_both_believe_they_own_everything_send_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [message(str(n), customer=f"c{n % 10}") for n in range(60)]
    settings = {"notifier_doubt_seconds": 3600}
    async with running_notifier(world.log, world.redis_url, world.config, **settings):
        await world.board.send(first := message("first"))
        await world.board.end(first)  # it has begun, with its own group's name
        monkeypatch.setattr("services.notifier.intake.GROUP", "zombie")
        async with running_notifier(world.log, world.redis_url, world.config, **settings):
            await world.board.send(*messages)
            for each in messages:
                await world.board.end(each)

    attempts = [e for e in await world.board.events("deliveries") if isinstance(e, Attempted)]
    assert len(attempts) > len(messages) + 1  # both tried
    assert set(world.provider.taken.values()) == {1}
    assert len(world.provider.taken) == len(messages) + 1


@pytest.mark.parametrize("account", ["one", "steady"])
@pytest.mark.parametrize(
    ("when", "kind", "seen"),
    [
        ("before", Attempted, 1),
        ("after", Attempted, 1),
        ("before", Outcome, 2),
        ("after", Outcome, 1),
    ],
    ids=["before the attempt", "after the attempt", "after the call", "after the outcome"],
)
async def test_a_crash_between_any_two_steps_costs_no_message(
    world: World, account: str, when: str, kind: type[Event], seen: int
) -> None:
    sent = message("hello", account=account)
    await world.board.send(sent)

    await run_until_killed(MortalLog(world.log, when, kind), world.redis_url, world.config)
    async with running_notifier(world.log, world.redis_url, world.config):
        end = await world.board.end(sent)

    assert end.kind == "accepted"
    assert len(world.provider.seen) == seen
    assert {body["id"] for body in world.provider.seen} == {sent.id}


async def test_a_receipt_after_a_crash_spares_the_second_send(world: World) -> None:
    sent = message("hello")
    await world.board.send(sent)

    await run_until_killed(MortalLog(world.log, "before", Outcome), world.redis_url, world.config)
    await world.board.report(receipt(sent))
    async with running_notifier(world.log, world.redis_url, world.config):
        end = await world.board.end(sent)

    assert end.kind == "accepted"
    assert world.provider.taken.total() == 1


async def test_a_call_under_way_is_finished_before_we_go(world: World) -> None:
    sent, marker = message("hello"), message("marker")
    world.provider.always, released = hanging_for("one", world.provider)
    slow = {"notifier_total_seconds": 60, "notifier_read_seconds": 60}
    async with running_notifier(world.log, world.redis_url, world.config, **slow):
        await world.board.send(sent)
        await world.board.until(lambda: _seen(world))
        asyncio.get_running_loop().call_later(0.3, released.set)  # after SIGTERM

    assert [outcome.kind for outcome in await world.board.outcomes(sent)] == ["accepted"]
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(marker)
        await world.board.end(marker)
    assert world.provider.texts() == ["hello", "marker"]


async def _seen(world: World) -> bool:
    return bool(world.provider.seen)


async def test_while_the_log_is_away_nothing_is_sent_twice_or_lost(world: World) -> None:
    first, second = message("first"), message("second", customer="c2")
    world.provider.always, released = hanging_for("one", world.provider)
    log = FailingLog(world.log)
    slow = {"notifier_total_seconds": 60, "notifier_read_seconds": 60}
    async with running_notifier(log, world.redis_url, world.config, **slow):
        await world.board.send(first)
        await world.board.until(lambda: _seen(world))
        log.go_away(True)
        released.set()
        await world.board.send(second)
        await asyncio.sleep(0.5)
        seen = len(world.provider.seen)
        log.go_away(False)
        await world.board.end(first)
        await world.board.end(second)

    assert seen == 1  # no attempt could be written, so nobody was called
    assert set(world.provider.taken.values()) == {1}


async def test_a_message_that_kills_the_process_is_buried_and_told(world: World) -> None:
    poison, other = message("poison"), message("fine", customer="c2")
    await world.board.send(poison)
    for _ in range(3):
        await run_until_it_fails(world.log, world.redis_url, world.config)
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(other)
        await world.board.end(other)
        end = await world.board.end(poison)

    (letter,) = await world.board.events("dead-letters")
    assert (letter.reason, end.kind, end.code) == ("bug", "rejected_content", "bug")


async def test_what_cannot_be_read_is_buried_and_the_rest_goes_on(world: World) -> None:
    sent = message("hello")
    partition = OUTBOUND.partition("acme", sent.conversation_key, SHARDS)
    async with world.log.sink() as sink:
        await sink.append(partition, Entry(b"k", b"not an envelope"))
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(sent)
        await world.board.end(sent)

    (letter,) = await world.board.events("dead-letters")
    assert letter.reason == "undecodable"
