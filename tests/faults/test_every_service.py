"""Every service as its own process on a real Kafka: killed, stopped, and left without Kafka."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from patchbay.demo import configuration, layout
from patchbay.demo.providers import email
from patchbay.demo.scenario import Customer
from patchbay.stack import KafkaCluster
from tests.e2e.discretion import leaks, open_labels, private_words
from tests.e2e.mischief import TROUBLE, WORDS, make_trouble, message
from tests.e2e.record import broken_promises, capacities, read_history
from tests.e2e.stage import Stage, create_topics, staged
from tests.servers import redis

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400), pytest.mark.redis]

ENGINES = ("router-engine", "router-engine-2")
ON_THE_LOG = {"router-engine", "router-engine-2", "router-view", "router-api"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    fault_cluster: KafkaCluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """With two engines: one of them waits for the other to fail."""
    log = f"kafka://{fault_cluster.servers}"
    folder = tmp_path_factory.mktemp("every-service")
    await create_topics(log)
    async with (
        redis() as server,
        staged(folder, log, server.url, layout.separate, "router-engine") as staged_,
    ):
        await staged_.ready()
        yield staged_


@pytest_asyncio.fixture(loop_scope="module")
async def kafka(fault_cluster: KafkaCluster) -> AsyncIterator[KafkaCluster]:
    """To kill and to pause; it is well again before the next test."""
    yield fault_cluster
    await fault_cluster.heal()


async def _all_answered(stage: Stage) -> None:
    summary = await stage.reconciled()
    assert summary.kept, summary.line()
    assert summary.answered == summary.received


async def test_kill_9_of_every_service_in_turn_loses_and_doubles_nothing(stage: Stage) -> None:
    async with stage.customers():
        await stage.flowing()
        for name in stage.names:
            stage.services.kill(name)
            await stage.asked(4)
        await stage.ready()
        await stage.flowing()
    await _all_answered(stage)


async def test_another_engine_takes_over_and_nobody_is_held_twice(stage: Stage) -> None:
    before = await read_history(stage.log)
    async with stage.customers():
        for name in ENGINES:
            await stage.flowing()
            stage.services.kill(name, rest=True)
            await stage.flowing()
            stage.services.start(name)
            await stage.ready(name)
    await _all_answered(stage)
    history = await read_history(stage.log)
    takeovers = history.owners[len(before.owners) :]
    assert {owned.instance for owned in takeovers} - {o.instance for o in before.owners}
    assert broken_promises(history, capacities(stage.folder / "patchbay.yaml")) == []


async def test_without_kafka_providers_are_told_to_come_again_and_calls_are_kept(
    stage: Stage, kafka: KafkaCluster
) -> None:
    """Meta and mail servers deliver again, Twilio does not: what it says waits on our disk."""
    async with stage.customers():
        await stage.flowing()
        kafka.brokers[0].kill()
        written, mailed, called = await asyncio.gather(_write(stage), _mail(stage), _call(stage))
        assert (written, mailed) == (503, 451)
        assert stage.world.ledger.questions[called].answered_at is None
        await kafka.heal()
        await stage.flowing()
    await _all_answered(stage)
    assert stage.world.ledger.questions[called].answered_at is not None
    assert '"event": "spooled"' in stage.outputs()["ingest-phone"]


async def test_a_kafka_that_hangs_is_waited_for(stage: Stage, kafka: KafkaCluster) -> None:
    async with stage.customers():
        await stage.flowing()
        kafka.brokers[0].pause()
        await stage.world.clock.sleep(10)
        kafka.brokers[0].resume()
        await stage.flowing()
    await _all_answered(stage)


async def test_services_stopped_under_load_come_back_when_kafka_does(
    stage: Stage, kafka: KafkaCluster
) -> None:
    """SIGTERM to all at once; then they are started while Kafka is away."""
    async with stage.customers():
        await stage.flowing()
        statuses = await stage.services.drain(*stage.names)
        assert statuses == dict.fromkeys(stage.names, 0)
        kafka.brokers[0].kill()
        stage.services.start(*stage.names)
        restarts = stage.services.restarts
        for name in stage.names:
            await stage.says(name, "/live", (200, "ok\n"))
        for name in ON_THE_LOG:
            status, _ = await stage.answer(name, "/ready")
            assert (name, status) == (name, 503)
        await kafka.heal()
        await stage.ready()
        assert stage.services.restarts == restarts
        await stage.flowing()
    await _all_answered(stage)


async def test_nobody_ever_held_too_much_or_what_was_with_another(stage: Stage) -> None:
    history = await read_history(stage.log)
    assert len(history.decisions) > 100
    assert broken_promises(history, capacities(stage.folder / "patchbay.yaml")) == []


async def test_nothing_private_was_written(stage: Stage) -> None:
    async with stage.customers():
        await stage.asked(12)
    assert await make_trouble(stage) == TROUBLE
    words = private_words(stage) | WORDS
    assert len(words) > 40
    assert leaks(stage.outputs(), words) == []


async def test_metrics_have_labels_from_closed_sets_only(stage: Stage) -> None:
    for name in stage.names:
        status, exposition = await stage.answer(name, "/metrics")
        assert (name, status) == (name, 200)
        assert open_labels(exposition) == set()


async def _write(stage: Stage) -> int:
    reply = await stage.world.post.once(message(stage, "4915700000001", "Hello?"))
    return 0 if reply is None else reply.status


async def _mail(stage: Stage) -> int:
    sender, port = "c1@home.example", stage.plan.smtp_port
    content = email.first_mail(
        sender, "C", configuration.MAILBOX, "Hello", "Hello?", "<away@home.example>",
        stage.world.clock.now(),
    )  # fmt: skip
    return await email.hand_over("127.0.0.1", port, sender, configuration.MAILBOX, content)


async def _call(stage: Stage) -> str:
    """Somebody leaves a message on the answering machine; his question's token."""
    token = "qaway"
    await stage.world.callers.call(Customer(77_777, "phone", "en"), "voicemail", token)
    question = stage.world.ledger.questions[token]
    await stage.until(lambda: question.accepted_at is not None, "voicemail taken")
    return token
