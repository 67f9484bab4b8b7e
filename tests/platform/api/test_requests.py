"""What every operation does with a request that is not right, or comes twice."""

import asyncio
from typing import Any

import pytest

from patchbay.stack import RedisServer
from shared.events import routing as was
from shared.topics import OUTBOUND
from tests.router.contract import document
from tests.router.desk import SHARDS, SHOP, Office, office
from tests.router.owner import NOW_MS
from tests.router.scenes import accepted, hold, offer

PAGES = ("/docs", "/docs/docs.css", "/docs/docs.js")
REPLIES = "/v1/conversations/cnv_1/replies"
KEY = {"Idempotency-Key": "one"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {"Content-Type": "application/json"}, 400, "malformed"),
        (b"\xff\xfe", {"Content-Type": "application/json"}, 400, "malformed"),
        (b"[" * 60_000, {"Content-Type": "application/json"}, 400, "malformed"),
        (b"[]", {"Content-Type": "application/json"}, 422, "invalid"),
        (b"text=hello", {"Content-Type": "application/x-www-form-urlencoded"}, 415, None),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media"),
        (b"x", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415, None),
        (b'"' + b"x" * 65_536, {"Content-Type": "application/json"}, 413, "too_large"),
        (
            b'{"text":"a\\ud800"}',
            {"Content-Type": "application/json"},
            400,
            "malformed",
        ),
    ],
    ids=[
        "not json",
        "not utf-8",
        "too deep",
        "no object",
        "a form",
        "no type",
        "compressed",
        "too large",
        "half a character",
    ],
)
async def test_a_body_that_cannot_be_read(
    empty_redis: str, body: bytes, headers: dict[str, str], status: int, code: str | None
) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        got = await here.desk.call("POST", REPLIES, "ana", data=body, headers={**KEY, **headers})
    assert got.status == status
    assert got.body["code"] == (code or "unsupported_media")
    assert got.headers["X-Request-Id"] == got.body["instance"]


async def test_a_body_that_does_not_arrive_is_given_up(empty_redis: str) -> None:
    async with office(empty_redis, body_seconds=0.2) as here:
        token = await here.desk.token("ana")
        host, port = here.desk.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST {REPLIES} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            "Idempotency-Key: one\r\nContent-Type: application/json\r\n"
            "Content-Length: 100\r\n\r\n{".encode()
        )
        async with asyncio.timeout(10):
            line = await reader.readline()
        writer.close()
    assert b"408" in line


async def test_the_description_and_its_page_need_nobody_else(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        described = await here.desk.call("GET", "/openapi.json")
        pages = [await here.desk.call("GET", path) for path in PAGES]
    assert described.body == document()
    for page in pages:
        assert page.status == 200
        assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert b"http" not in page.body.lower()


async def test_an_address_or_method_that_is_none(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        nothing = await here.desk.call("GET", "/v1/nothing", "ana")
        method = await here.desk.call("DELETE", "/v1/queues", "ana")
        query = await here.desk.call("GET", "/v1/queues?colour=red", "ana")
    assert (nothing.status, nothing.body["code"]) == (404, "not_found")
    assert (method.status, method.headers["Allow"]) == (405, "GET")
    assert (query.status, query.body["errors"][0]["pointer"]) == (422, "/colour")


async def test_answers_are_private_and_what_they_say(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.call("GET", "/v1/queues", "ana")
    assert got.headers["Cache-Control"] == "no-store"
    assert got.headers["X-Content-Type-Options"] == "nosniff"


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(("given", "kept"), [(TRACE, TRACE), ("nonsense", None)])
async def test_a_trace_goes_with_the_command(
    empty_redis: str, given: str, kept: str | None
) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        got = await here.desk.call(
            "POST",
            "/v1/conversations/cnv_1/close",
            "ana",
            json={},
            headers={"traceparent": given},
        )
    assert (got.status, got.headers.get("traceparent")) == (200, kept)
    assert here.engine.traces == [kept]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://desk.example", "https://desk.example"), ("https://evil.example", None)],
)
async def test_only_listed_origins_may_call_from_a_page(
    empty_redis: str, origin: str, allowed: str | None
) -> None:
    async with office(empty_redis, origins=("https://desk.example",)) as here:
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        preflight = await here.desk.call("OPTIONS", "/v1/queues", headers=asked)
        got = await here.desk.call("GET", "/v1/queues", "ana", headers={"Origin": origin})
        async with here.desk.listen("ana", origin=origin) as stream:
            streamed = stream.response.headers.get("Access-Control-Allow-Origin")
    assert preflight.headers.get("Access-Control-Allow-Origin") == allowed
    assert got.headers.get("Access-Control-Allow-Origin") == allowed
    assert streamed == allowed


async def test_no_page_may_call_by_default(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        origin = {"Origin": "https://desk.example"}
        got = await here.desk.call("GET", "/v1/queues", "ana", headers=origin)
    assert "Access-Control-Allow-Origin" not in got.headers


async def outbound(here: Office) -> int:
    """How many messages were written."""
    partitions = [OUTBOUND.partition(SHOP, str(n), SHARDS) for n in range(20)]
    bounds = await here.log.bounds(list(set(partitions)))
    return sum(end for _, end in bounds.values())


async def test_a_message_needs_a_key(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        got = await here.desk.post(REPLIES, "ana", {"text": "Hello"})
    assert (got.status, got.body["code"]) == (400, "key_required")


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_is_a_short_text(empty_redis: str, key: str) -> None:
    async with office(empty_redis) as here:
        got = await here.desk.post(REPLIES, "ana", {"text": "Hello"}, key=key)
    assert (got.status, got.body["code"]) == (422, "invalid")


async def test_a_repeated_message_is_answered_again_and_sent_once(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        first = await here.desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
        second = await here.desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
        assert await outbound(here) == 1
    assert (first.status, second.status) == (202, 202)
    assert first.body == second.body
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


async def test_a_refusal_is_repeated_too(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await offer(here)
        here.engine.answer = lambda _command: [was.Refused("gone", "It has ended.")]
        first = await here.desk.post("/v1/offers/off_cnv_1/accept", "ana", key="one")
        second = await here.desk.post("/v1/offers/off_cnv_1/accept", "ana", key="one")
    assert (first.status, second.status) == (410, 410)
    assert len(here.engine.asked) == 1


async def test_a_key_belongs_to_one_request_of_one_agent(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        await here.desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
        other = await here.desk.post(REPLIES, "ana", {"text": "Goodbye"}, key="one")
        elsewhere = await here.desk.post("/v1/offers/off_1/accept", "ana", key="one")
        ben = await here.desk.post(REPLIES, "ben", {"text": "Hello"}, key="one")
    assert (other.status, other.body["code"]) == (422, "key_reused")
    assert (elsewhere.status, elsewhere.body["code"]) == (422, "key_reused")
    assert (ben.status, ben.body["code"]) == (403, "forbidden")


async def test_a_repetition_under_way_is_told_to_wait(empty_redis: str) -> None:
    async with office(empty_redis, answer_seconds=2) as here:
        await offer(here)
        here.engine.answer = lambda _command: None
        path = "/v1/offers/off_cnv_1/accept"
        first = asyncio.create_task(here.desk.post(path, "ana", key="one"))
        async with asyncio.timeout(10):
            while not here.engine.asked:  # noqa: ASYNC110 - the engine is polled
                await asyncio.sleep(0.01)
        second = await here.desk.post(path, "ana", key="one")
        unknown = await first
    assert (second.status, second.body["code"]) == (409, "in_flight")
    assert second.headers["Retry-After"] == "1"
    assert (unknown.status, unknown.body["code"]) == (503, "outcome_unknown")


async def test_who_never_answered_holds_the_key_for_no_longer_than_an_answer_takes(
    redis_server: RedisServer,
) -> None:
    """The process hangs over a Redis that hangs: its claim is written, and never taken back."""
    async with office(redis_server.url, answer_seconds=1, view_seconds=1) as here:
        await hold(here)
        await here.shown()
        await here.desk.token("ana")
        redis_server.pause()
        unknown = await here.desk.post(REPLIES, "ana", {"text": "Hello"}, key="one")
        redis_server.resume()
        assert unknown.status == 503
        claims = [key async for key in here.redis.scan_iter() if "answer" in key]
        assert [await here.redis.pttl(key) in range(1, 4001) for key in claims] == [True]


async def test_an_unknown_outcome_is_found_out_by_repeating(empty_redis: str) -> None:
    """The decision came after the wait: the repetition gets it, and asks nothing again."""
    async with office(empty_redis, answer_seconds=0.3) as here:
        await offer(here)
        here.engine.answer = lambda _command: None
        path = "/v1/offers/off_cnv_1/accept"
        unknown = await here.desk.post(path, "ana", key="one")
        await here.owner.decide(*accepted(), cause=here.engine.asked[0][0])
        await here.shown()
        known = await here.desk.post(path, "ana", key="one")
    assert (unknown.status, unknown.headers["Retry-After"]) == (503, "1")
    assert (known.status, known.body["conversation"]) == (200, "cnv_1")
    assert len(here.engine.asked) == 1


async def test_without_redis_a_repetition_is_harmless_all_the_same(
    redis_server: RedisServer,
) -> None:
    """It becomes the same command; what the first one led to is known to this process."""
    async with office(redis_server.url) as here:
        await offer(here)
        await here.desk.token("ana")
        here.engine.answer = lambda _command: accepted()
        redis_server.kill()
        first = await here.desk.post("/v1/offers/off_cnv_1/accept", "ana", key="one")
        second = await here.desk.post("/v1/offers/off_cnv_1/accept", "ana", key="one")
    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert len(here.engine.asked) == 1


async def test_writes_without_a_key_are_commands_of_their_own(empty_redis: str) -> None:
    async with office(empty_redis) as here:
        here.engine.answer = lambda c: [was.PresenceChanged(c.agent, c.state, NOW_MS)]
        for _ in range(2):
            await here.desk.call("PUT", "/v1/me/presence", "ana", json={"state": "away"})
    ids = {name for name, _ in here.engine.asked}
    assert len(ids) == 2


async def test_a_bug_is_told_without_its_details(
    empty_redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any) -> None:
        raise RuntimeError("the secret detail")

    monkeypatch.setattr("services.router.api.handlers.conversations.may_write", broken)
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        got = await here.desk.call("GET", "/v1/conversations/cnv_1", "ana")
    assert (got.status, got.body["code"]) == (500, "internal")
    assert "secret" not in str(got.body)
