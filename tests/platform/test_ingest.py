"""What providers send reaches the log once, or is refused with a reason."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from patchbay.stack import RedisServer
from tests.platform.ingesting import Ingest, message, notification, running_ingest


@pytest_asyncio.fixture
async def ingest(empty_redis: str, tmp_path: Path) -> AsyncIterator[Ingest]:
    async with running_ingest(empty_redis, tmp_path) as service:
        yield service


async def test_a_message_is_in_the_log_when_it_is_acknowledged(ingest: Ingest) -> None:
    status = await ingest.whatsapp(notification(message("Where is it?", "wamid.1")))

    (record,) = await ingest.records("inbound")
    assert status == 200
    assert record["id"] == "wa:wamid.1"
    assert record["data"]["action"]["text"] == "Where is it?"
    assert "15550100002" not in record["subject"]


async def test_both_live_secrets_are_taken(ingest: Ingest) -> None:
    body = notification(message("hi", "wamid.1"))

    assert await ingest.whatsapp(body, secret="the-secret-before") == 200


async def test_a_large_item_that_cannot_be_read_is_kept_whole(ingest: Ingest) -> None:
    broken = {"id": 7, "text": "x" * 2_000_000}

    assert await ingest.whatsapp(notification(broken)) == 200
    (letter,) = await ingest.records("dead-letters")
    assert letter["data"]["raw_encoding"] == "zlib+base64"


@pytest.mark.parametrize("secret", ["wrong", "another-app-secret"])
async def test_a_wrong_signature_takes_nothing(ingest: Ingest, secret: str) -> None:
    status = await ingest.whatsapp(notification(message("hi", "wamid.1")), secret=secret)

    assert status == 401
    assert await ingest.records("inbound") == []


async def test_a_redelivered_message_counts_once(ingest: Ingest) -> None:
    body = notification(message("hi", "wamid.1"))

    statuses = [await ingest.whatsapp(body) for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert len(await ingest.records("inbound")) == 1


async def test_concurrent_copies_count_once(ingest: Ingest) -> None:
    body = notification(message("hi", "wamid.1"))

    await asyncio.gather(*(ingest.whatsapp(body) for _ in range(20)))

    assert len(await ingest.records("inbound")) == 1


async def test_duplicates_are_known_after_redis_lost_everything(ingest: Ingest) -> None:
    body = notification(message("hi", "wamid.1"))
    await ingest.whatsapp(body)

    await ingest.redis.flushall()

    assert await ingest.whatsapp(body) == 200
    assert len(await ingest.records("inbound")) == 1


async def test_duplicates_are_known_after_redis_was_away(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    async with running_ingest(redis_server.url, tmp_path) as ingest:
        body = notification(message("hi", "wamid.1"))
        redis_server.kill()
        while_away = await ingest.whatsapp(body)
        await redis_server.start()

        assert [while_away, await ingest.whatsapp(body)] == [200, 200]
        assert len(await ingest.records("inbound")) == 1


async def test_a_bad_item_does_not_cost_its_batch(ingest: Ingest) -> None:
    body = notification(message("one", "wamid.1"), {"id": 7}, message("two", "wamid.2"))

    assert await ingest.whatsapp(body) == 200
    assert [r["id"] for r in await ingest.records("inbound")] == ["wa:wamid.1", "wa:wamid.2"]
    (letter,) = await ingest.records("dead-letters")
    assert letter["data"]["origin"] == "webhook/whatsapp/wa"


async def test_an_item_for_another_number_of_the_app_goes_to_its_account(ingest: Ingest) -> None:
    body = notification(message("hi", "wamid.1"), number="900100200301")

    assert await ingest.whatsapp(body) == 200
    (record,) = await ingest.records("inbound")
    assert record["data"]["account"] == "wa-second"


@pytest.mark.parametrize("number", ["900100200999", "1"])
async def test_an_item_for_somebody_elses_number_is_buried(ingest: Ingest, number: str) -> None:
    body = notification(message("hi", "wamid.1"), number=number)

    assert await ingest.whatsapp(body) == 200
    assert await ingest.records("inbound") == []
    (letter,) = await ingest.records("dead-letters")
    assert letter["data"]["reason"] == "unknown_account"


DEEP = b'{"object":' + b"[" * 5000 + b"]" * 5000 + b"}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="not JSON"),
        pytest.param(b'{"object":"\xff"}', 400, id="not UTF-8"),
        pytest.param(DEEP, 400, id="too deep"),
        pytest.param(b'{"object":"page","entry":[]}', 400, id="another product"),
        pytest.param(b"x" * 5_000_000, 413, id="too large"),
    ],
)
async def test_a_body_we_cannot_read_is_refused(ingest: Ingest, body: bytes, status: int) -> None:
    assert await ingest.whatsapp(body) == status
    assert await ingest.records("inbound") == []


async def test_a_compressed_body_is_refused(ingest: Ingest) -> None:
    body = gzip.compress(b"{}")

    assert await ingest.whatsapp(body, **{"Content-Encoding": "gzip"}) == 415


async def test_an_unknown_account_is_named(ingest: Ingest) -> None:
    async with ingest.client.post(f"{ingest.url}/webhooks/whatsapp/nobody") as reply:
        problem = await reply.json(content_type="application/problem+json")

    assert reply.status == 404
    assert "'nobody'" in problem["detail"]


async def test_the_handshake_answers_the_challenge(ingest: Ingest) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "verify-me", "hub.challenge": "42"}

    async with ingest.client.get(f"{ingest.url}/webhooks/whatsapp/wa", params=query) as reply:
        assert (reply.status, await reply.text()) == (200, "42")


async def test_nothing_is_acknowledged_while_the_log_is_away(ingest: Ingest) -> None:
    body = notification(message("hi", "wamid.1"))
    ingest.log.go_away(True)
    refused = await ingest.whatsapp(body)
    ingest.log.go_away(False)

    assert [refused, await ingest.whatsapp(body)] == [503, 200]
    assert len(await ingest.records("inbound")) == 1


async def test_a_slow_body_is_cut(empty_redis: str, tmp_path: Path) -> None:
    async with running_ingest(empty_redis, tmp_path, body_seconds=0.1) as ingest:
        reader, writer = await asyncio.open_connection("127.0.0.1", ingest.ports["ingest-all"])
        writer.write(
            b"POST /webhooks/whatsapp/wa HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"
        )

        assert (await reader.readline()).split()[1] == b"408"
        writer.close()


async def test_slow_headers_are_cut(empty_redis: str, tmp_path: Path) -> None:
    async with running_ingest(empty_redis, tmp_path, header_seconds=0.2) as ingest:
        reader, writer = await asyncio.open_connection("127.0.0.1", ingest.ports["ingest-all"])
        writer.write(b"POST /webhooks/whatsapp/wa HTTP/1.1\r\nhost:")

        assert await reader.read() == b""
        writer.close()


async def test_connections_are_bounded(empty_redis: str, tmp_path: Path) -> None:
    async with running_ingest(empty_redis, tmp_path, connections=2) as ingest:
        port = ingest.ports["ingest-all"]
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        await asyncio.sleep(0.05)

        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        refused = await asyncio.gather(reader.read(), return_exceptions=True)
        assert refused[0] == b"" or isinstance(refused[0], ConnectionError)
        for _, other in [*held, (reader, writer)]:
            other.close()
