"""Mails are read in another process, and a mail that kills its reader costs nobody else."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.ingest.mail_child import answer
from services.ingest.mail_frames import WorkerLimits
from services.ingest.mail_worker import MailWorkers, mail_workers
from shared.channels import Incoming, Item, Unprocessed
from shared.channels.email.dead import MOST_BYTES
from shared.channels.email.delivery import by_smtp
from shared.errors import PayloadInvalid
from tests.channels.cases import Case, cases
from tests.unit.shared.channels.email.accounts import CUSTOMER, HEAD, NOW, account

GOOD = HEAD + b"\r\nHello"
ACCOUNT = account()


async def read(workers: MailWorkers, content: bytes, now: Any = NOW) -> list[Item]:
    """What the workers make of a mail."""
    request = by_smtp(CUSTOMER, ["support@shop.example"], content)
    return list(await workers.parse(ACCOUNT, request, now))


def nested(depth: int, inside: bytes) -> bytes:
    """Multiparts in multiparts, none of them closed."""
    begin = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(depth)
    )
    return HEAD + begin + b"Content-Type: text/plain\r\n\r\n" + inside


@pytest.fixture
async def workers() -> AsyncIterator[MailWorkers]:
    """Two workers with the usual limits."""
    async with mail_workers(2) as opened:
        yield opened


def _mails() -> list[Case]:
    everything = [parameter.values[0] for parameter in cases("inbound", having="expected")]
    return [case for case in everything if case.channel_name == "email"]


async def test_workers_read_what_the_adapter_reads(workers: MailWorkers) -> None:
    mails = _mails()
    assert len(mails) > 100
    for case in mails:
        expected = list(case.channel.parse(case.request, case.account, case.now))
        assert list(await workers.parse(case.account, case.request, case.now)) == expected


async def test_many_at_once(workers: MailWorkers) -> None:
    mails = [HEAD.replace(b"<one@", b"<n%d@" % n) + b"\r\nHi" for n in range(20)]
    found = await asyncio.gather(*(read(workers, mail) for mail in mails))
    ids = [item.action.provider_id for [item] in found if isinstance(item, Incoming)]
    assert ids == [f"<n{n}@customer.example>" for n in range(20)]


async def test_nested_three_thousand_deep(workers: MailWorkers) -> None:
    [item] = await read(workers, nested(3_000, b"Hi"))
    assert isinstance(item, Unprocessed)
    assert item.reason == "payload_invalid"
    [good] = await read(workers, GOOD)
    assert isinstance(good, Incoming)


async def test_a_form_without_a_mail_is_refused(workers: MailWorkers) -> None:
    request = by_smtp(CUSTOMER, ["support@shop.example"], GOOD)
    form = dataclasses.replace(request, method="POST", url="https://patchbay.example/")
    with pytest.raises(PayloadInvalid, match="not a form"):
        await workers.parse(ACCOUNT, form, NOW)


COSTLY = {
    "processor time": (
        WorkerLimits(cpu_seconds=0.1),
        nested(60, b"x\r\n" * 150_000),
        "memory or processor time",
    ),
    "memory": (
        WorkerLimits(memory_bytes=54 * 1024 * 1024),
        HEAD + b"\r\n" + b"a\n" * 290_000,
        "memory or processor time",
    ),
    "patience": (WorkerLimits(wall_seconds=0.001), GOOD, "too long"),
}


@pytest.mark.parametrize(("limits", "content", "why"), COSTLY.values(), ids=COSTLY)
async def test_a_mail_that_costs_too_much(limits: WorkerLimits, content: bytes, why: str) -> None:
    async with mail_workers(1, limits) as workers:
        [item] = await read(workers, content)
    assert isinstance(item, Unprocessed)
    assert why in item.detail
    assert item.raw == content


async def test_the_next_mail_gets_a_new_worker() -> None:
    async with mail_workers(1, WorkerLimits(cpu_seconds=0.1)) as workers:
        await read(workers, nested(60, b"x\r\n" * 150_000))
        [item] = await read(workers, GOOD)
    assert isinstance(item, Incoming)


async def test_a_worker_killed_for_another_reason_costs_no_mail() -> None:
    async with mail_workers(1) as workers:
        await read(workers, GOOD)
        process = workers._workers[0]._process
        assert process is not None
        process.kill()
        [item] = await read(workers, GOOD)
    assert isinstance(item, Incoming)


async def test_what_is_lost_and_too_large_to_keep_is_not_taken() -> None:
    async with mail_workers(1, WorkerLimits(wall_seconds=0.001)) as workers:
        with pytest.raises(PayloadInvalid, match="too large to be kept"):
            await read(workers, GOOD + b"x" * MOST_BYTES)


async def test_a_bug_buries_the_mail_and_says_where(workers: MailWorkers) -> None:
    [item] = await read(workers, GOOD, now="not a time")
    assert isinstance(item, Unprocessed)
    assert (item.reason, item.raw) == ("bug", GOOD)
    assert item.detail.startswith("ValidationError in ")


async def test_a_cancelled_reading_leaves_the_workers_usable() -> None:
    async with mail_workers(1) as workers:
        slow = asyncio.ensure_future(read(workers, nested(60, b"x\r\n" * 150_000)))
        await asyncio.sleep(0.05)
        slow.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await slow
        [item] = await read(workers, GOOD)
    assert isinstance(item, Incoming)


def test_a_frame_that_is_no_frame_ends_the_worker() -> None:
    with pytest.raises(Exception, match=r"pickle|invalid"):
        answer(b"\x00 not a pickle")


async def test_a_worker_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is made from nothing: a secret in ours does not reach it."""
    seen: list[dict[str, str]] = []
    start = asyncio.create_subprocess_exec

    async def watched(*command: Any, env: dict[str, str], **rest: Any) -> Any:
        seen.append(env)
        return await start(*command, env=env, **rest)

    monkeypatch.setenv("PATCHBAY_SECRET", "secret")
    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    async with mail_workers(1) as workers:
        await read(workers, GOOD)
    assert [set(env) for env in seen] == [{"PYTHONPATH"}]
