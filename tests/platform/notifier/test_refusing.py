"""What is not sent, or not yet; and an account in trouble is alone with it."""

from datetime import UTC, datetime, timedelta

from tests.platform.notifier.conftest import World
from tests.platform.notifying import (
    message,
    running_notifier,
)
from tests.platform.providing import hanging_for, only_for, saying, status


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
