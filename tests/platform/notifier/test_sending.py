"""Messages reach their provider once, whatever the provider does."""

from datetime import timedelta

import pytest

from tests.platform.notifier.conftest import World
from tests.platform.notifying import (
    configuration,
    message,
    receipt,
    running_notifier,
)
from tests.platform.providing import (
    Behave,
    dripping,
    flooding,
    hanging,
    nonsense,
    saying,
    status,
    taking_then_breaking,
)


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


@pytest.mark.parametrize(
    ("knows", "kind", "sent"),
    [
        (["accepted"], "accepted", 1),
        (["retry"], "accepted", 2),
        (["unreachable"], "unreachable", 1),
    ],
    ids=["it has it", "it never had it", "it gave up on it"],
)
async def test_a_doubt_is_looked_up_where_that_is_possible(
    world: World, knows: list[str], kind: str, sent: int
) -> None:
    doubtful = message("hello", account="asking")
    world.provider.script.append(hanging())
    world.provider.knows = knows
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(doubtful)
        end = await world.board.end(doubtful)

    assert (end.kind, world.provider.asked) == (kind, 1)
    assert len(world.provider.seen) == sent


async def test_a_doubt_that_nobody_can_settle_is_asked_about_and_surfaced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.deliver._BETWEEN_LOOK_UPS", timedelta(seconds=0.01))
    doubtful = message("hello", account="asking")
    world.provider.script.append(taking_then_breaking(world.provider))
    async with running_notifier(world.log, world.redis_url, world.config):
        await world.board.send(doubtful)
        end = await world.board.end(doubtful)

    assert (end.kind, world.provider.asked) == ("unknown", 3)
    assert world.provider.taken.total() == 1
