"""Messages reach their provider once, whatever the provider does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from shared.config.models import Config
from shared.events.base import Event
from shared.events.outbound import Attempted, Outcome
from shared.log import Entry
from shared.sqlite import SqliteLog
from shared.topics import OUTBOUND
from tests.platform.ingesting import FailingLog
from tests.platform.notifying import (
    SHARDS,
    Behave,
    Board,
    FakeProvider,
    MortalLog,
    configuration,
    dripping,
    fake_provider,
    flooding,
    hanging,
    hanging_for,
    memory_log,
    message,
    nonsense,
    only_for,
    receipt,
    run_until_it_fails,
    run_until_killed,
    running_notifier,
    saying,
    scripted_channels,
    status,
    taking_then_breaking,
)


@dataclass
class World:
    """Everything around a notifier."""

    log: SqliteLog
    board: Board
    provider: FakeProvider
    config: Config
    redis_url: str


@pytest_asyncio.fixture
async def world(empty_redis: str) -> AsyncIterator[World]:
    with scripted_channels():
        async with memory_log() as log, fake_provider() as provider:
            yield World(log, Board(log), provider, configuration(provider.url), empty_redis)


async def test_a_message_is_sent_and_settled(world: World) -> None:
    sent = message("hello")
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(sent)
        end = await world.board.end(sent)

    assert end.kind == "accepted"
    assert end.provider_id == f"p-{sent.id}:0-1"
    assert world.provider.texts() == ["hello"]
    (attempt,) = await world.board.attempts(sent)
    assert (attempt.attempt, attempt.part, attempt.parts) == (1, 0, 1)


async def test_parts_go_in_order_each_with_its_outcome(world: World) -> None:
    sent = message("one|two|three")
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(sent)
        await world.board.end(sent)

    assert world.provider.texts() == ["one", "two", "three"]
    outcomes = await world.board.outcomes(sent)
    assert [(o.part, o.kind, o.final) for o in outcomes] == [
        (0, "accepted", False),
        (1, "accepted", False),
        (2, "accepted", True),
    ]


async def test_a_conversation_keeps_its_order_through_retries(world: World) -> None:
    messages = [message(str(number)) for number in range(5)]
    world.provider.script.extend([status(503), status(503)])
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(*messages)
        await world.board.end(messages[-1])

    assert world.provider.texts() == ["0", "0", "0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("behave", "kinds"),
    [
        (status(503), ["retry", "accepted"]),
        (status(429, retry_after="0"), ["throttled", "accepted"]),
        (status(404), ["misconfigured"]),
        (status(302, location="http://127.0.0.1:1/elsewhere"), ["misconfigured"]),
        (saying(kind="window_closed"), ["window_closed"]),
        (saying(kind="opted_out"), ["opted_out"]),
        (saying(kind="unreachable"), ["unreachable"]),
        (saying(kind="rejected_content"), ["rejected_content"]),
        (nonsense(), ["unknown", "accepted"]),
        (hanging(), ["unknown", "accepted"]),
        (dripping(), ["unknown", "accepted"]),
        (flooding(), ["unknown", "accepted"]),
    ],
    ids=[
        "500s are tried again",
        "throttling is waited out",
        "a wrong address is final",
        "a redirect is not followed",
        "window closed is final",
        "opted out is final",
        "unreachable is final",
        "rejected is final",
        "malformed JSON is in doubt",
        "a hang is in doubt",
        "a drip is in doubt",
        "a flood is in doubt",
    ],
)
async def test_what_a_provider_does_decides_what_we_do(
    world: World, behave: Behave, kinds: list[str]
) -> None:
    sent = message("hello")
    world.provider.script.append(behave)
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(sent)
        await world.board.end(sent)

    outcomes = await world.board.outcomes(sent)
    assert [outcome.kind for outcome in outcomes] == kinds
    assert [outcome.final for outcome in outcomes] == [False] * (len(kinds) - 1) + [True]
    assert len(world.provider.seen) == len(kinds)


async def test_a_refused_connection_is_tried_again(world: World) -> None:
    sent = message("hello")
    nobody = configuration("http://127.0.0.1:1")
    async with running_notifier(world.log, world.redis_url, nobody):
        await world.board.send(sent)
        await world.board.until(lambda: world.board.outcomes(sent))
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.end(sent)

    outcomes = await world.board.outcomes(sent)
    assert {outcome.kind for outcome in outcomes[:-1]} == {"retry"}
    assert outcomes[-1].kind == "accepted"
    assert outcomes[-1].attempt == len(outcomes)
    assert len(world.provider.seen) == 1


async def test_a_receipt_settles_a_doubt_and_nothing_is_sent_again(world: World) -> None:
    sent = message("hello")
    world.provider.script.append(taking_then_breaking(world.provider))
    settings = {"notifier_doubt_seconds": 3600}
    async with running_notifier(world.log, world.redis_url, world.config, **settings):
        await world.board.send(sent)
        await world.board.until(lambda: world.board.outcomes(sent))
        await world.board.report(receipt(sent, "sent", provider_id="p-late"))
        end = await world.board.end(sent)

    assert (end.kind, end.provider_id) == ("accepted", "p-late")
    assert world.provider.taken.total() == 1


async def test_a_failed_receipt_settles_a_doubt_too(world: World) -> None:
    sent = message("hello")
    world.provider.script.append(hanging())
    settings = {"notifier_doubt_seconds": 3600}
    async with running_notifier(world.log, world.redis_url, world.config, **settings):
        await world.board.send(sent)
        await world.board.until(lambda: world.board.outcomes(sent))
        await world.board.report(receipt(sent, "failed", kind="unreachable"))
        end = await world.board.end(sent)

    assert end.kind == "unreachable"
    assert len(world.provider.seen) == 1


async def test_without_any_receipt_it_is_sent_once_more_and_then_surfaced(world: World) -> None:
    sent = message("hello")
    world.provider.always = taking_then_breaking(world.provider)
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(sent)
        end = await world.board.end(sent)

    assert end.kind == "unknown"
    assert world.provider.taken.total() == 2


async def test_what_was_given_up_as_unknown_is_corrected_by_a_late_receipt(world: World) -> None:
    sent = message("hello")
    world.provider.script.append(taking_then_breaking(world.provider))
    settings = {"notifier_resends": 0}
    async with running_notifier(world.log, world.redis_url, world.config, **settings):
        await world.board.send(sent)
        await world.board.end(sent)
        await world.board.report(receipt(sent))

        async def corrected() -> bool:
            return [o.kind for o in await world.board.outcomes(sent)][-1] == "accepted"

        await world.board.until(corrected)

    assert world.provider.taken.total() == 1


async def test_where_repeating_is_harmless_a_doubt_is_sent_again_at_once(world: World) -> None:
    sent = message("hello", account="steady")
    world.provider.script.append(taking_then_breaking(world.provider))
    settings = {"notifier_doubt_seconds": 3600}
    async with running_notifier(world.log, world.redis_url, world.config, **settings):
        await world.board.send(sent)
        end = await world.board.end(sent)

    assert end.kind == "accepted"
    assert [(body["id"], body["part"]) for body in world.provider.seen] == [(sent.id, 0)] * 2


async def test_an_account_that_hangs_holds_up_nobody_else(world: World) -> None:
    stuck = [message(str(n), customer=f"c{n}") for n in range(40)]
    free = [message(str(n), customer=f"c{n}", account="two") for n in range(40)]
    world.provider.always, released = hanging_for("one", world.provider)
    patient = {"notifier_total_seconds": 3600, "notifier_read_seconds": 3600}
    async with running_notifier(
        world.log, world.redis_url, world.config, notifier_depth=8, notifier_width=4, **patient
    ):
        await world.board.send(*stuck)
        await world.board.send(*free)
        for each in free:
            await world.board.end(each)
        under_way = [body["account"] for body in world.provider.seen].count("one")
        assert [await world.board.outcomes(each) for each in stuck] == [[]] * len(stuck)
        released.set()
        for each in stuck:
            await world.board.end(each)

    assert under_way == 4
    assert set(world.provider.taken.values()) == {1}


async def test_what_a_full_queue_left_in_the_log_comes_later_in_order(world: World) -> None:
    messages = [message(str(n)) for n in range(60)]
    world.provider.script.extend([status(503)] * 3)
    async with running_notifier(world.log, world.redis_url, world.config, notifier_depth=4):
        await world.board.send(*messages)
        await world.board.end(messages[-1])

    assert world.provider.texts() == ["0"] * 3 + [str(n) for n in range(60)]
    assert set(world.provider.taken.values()) == {1}


async def test_refused_credentials_stop_their_account_only(world: World) -> None:
    first, second = message("a", customer="c1"), message("b", customer="c2")
    other = message("c", account="two")
    world.provider.always = only_for("one", status(401), world.provider)
    async with running_notifier(world.log, world.redis_url, world.config, notifier_width=1):
        await world.board.send(first)
        (refused,) = await world.board.until(lambda: world.board.outcomes(first))
        await world.board.send(second, other)
        await world.board.end(other)

    assert (refused.kind, refused.final) == ("misconfigured", False)
    assert refused.retry_at is not None
    assert await world.board.attempts(second) == []


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


async def test_a_message_of_an_account_nobody_has_is_refused(world: World) -> None:
    stranger = message("hello", account="nobody")
    foreign = message("hello", workspace="other")
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(stranger, foreign)
        ends = [await world.board.end(each) for each in (stranger, foreign)]

    assert [(end.kind, end.code) for end in ends] == [("misconfigured", "no_account")] * 2
    assert world.provider.seen == []


async def test_the_reply_window_is_kept_locally(world: World) -> None:
    late = message("hello", window_expires_at=datetime.now(UTC) - timedelta(minutes=1))
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(late)
        end = await world.board.end(late)

    assert (end.kind, end.attempt) == ("window_closed", 0)
    assert end.reason
    assert world.provider.seen == []


async def test_nothing_goes_before_its_time(world: World) -> None:
    now = datetime.now(UTC)
    later = message("later", not_before=now + timedelta(seconds=0.6))
    sooner = message("sooner")  # to the same customer, written later
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(later, sooner)
        await world.board.end(later)

    assert world.provider.texts() == ["sooner", "later"]


async def test_what_cannot_be_sent_in_time_says_so(world: World) -> None:
    late = message("hello", send_before=datetime.now(UTC) + timedelta(seconds=0.5))
    world.provider.always = status(503)
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(late)
        end = await world.board.end(late)

    assert end.kind == "retry"
    assert "in time" in str(end.reason)


async def test_who_the_provider_says_has_opted_out_is_remembered(world: World) -> None:
    sent = message("hello")
    world.provider.script.append(saying(kind="opted_out"))
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(sent)
        (wish,) = await world.board.until(lambda: world.board.events("preferences"))

    assert (wish.wanted, wish.source, wish.purpose) == (False, "provider", "all")
