"""What a failed call means: certainly nothing happened, or nobody knows."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from services.notifier.client import AnswerLost, CallLimits, Client, NotSent, open_client
from shared.channels import HttpRequest
from tests.platform.providing import (
    FakeProvider,
    dripping,
    fake_provider,
    flooding,
    hanging,
    status,
    taking_then_breaking,
)

LIMITS = CallLimits(connect=0.5, read=0.3, total=0.6, body_bytes=10_000, connections=2)
BODY = b'{"id": "m", "part": 0, "text": "hi"}'


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    async with fake_provider() as running:
        yield running


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    async with open_client(LIMITS) as opened:
        yield opened


def _request(url: str) -> HttpRequest:
    return HttpRequest("POST", f"{url}/one/send", {"authorization": "Bearer t"}, BODY)


async def test_an_answer_is_an_answer_whatever_it_says(
    client: Client, provider: FakeProvider
) -> None:
    provider.script.append(status(503, retry_after="7"))

    reply = await client.call("c", "a", _request(provider.url))

    assert reply.status == 503
    assert reply.headers["retry-after"] == "7"


async def test_a_redirect_is_an_answer_and_nobody_goes_there(
    client: Client, provider: FakeProvider
) -> None:
    provider.script.append(status(307, location=f"{provider.url}/two/send"))

    reply = await client.call("c", "a", _request(provider.url))

    assert reply.status == 307
    assert [body["account"] for body in provider.seen] == ["one"]


@pytest.mark.parametrize(
    "behave", [hanging(), dripping(), flooding()], ids=["hangs", "drips", "floods"]
)
async def test_no_answer_or_too_much_of_it_leaves_a_doubt(
    client: Client, provider: FakeProvider, behave: object
) -> None:
    provider.script.append(behave)  # type: ignore[arg-type]

    with pytest.raises(AnswerLost) as caught:
        await client.call("c", "a", _request(provider.url))
    assert not caught.value.certain


async def test_a_connection_that_breaks_leaves_a_doubt(
    client: Client, provider: FakeProvider
) -> None:
    provider.script.append(taking_then_breaking(provider))

    with pytest.raises(AnswerLost):
        await client.call("c", "a", _request(provider.url))
    assert provider.taken.total() == 1


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1:1", "retry"),
        ("http://nobody.invalid", "retry"),
        ("ftp://127.0.0.1", "misconfigured"),
        ("nonsense", "misconfigured"),
    ],
)
async def test_what_never_left_is_certain(client: Client, url: str, kind: str) -> None:
    with pytest.raises(NotSent) as caught:
        await client.call("c", "a", _request(url))
    assert caught.value.certain
    assert caught.value.kind == kind


async def test_a_certificate_nobody_vouches_for_is_not_talked_to(
    client: Client, unused_certificate: ssl.SSLContext
) -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=unused_certificate)
    await site.start()
    port = runner.addresses[0][1]

    with pytest.raises(NotSent) as caught:
        await client.call("c", "a", _request(f"https://127.0.0.1:{port}"))
    await runner.cleanup()

    assert caught.value.kind == "misconfigured"


async def test_accounts_have_pools_of_their_own(provider: FakeProvider) -> None:
    provider.script.extend([hanging()] * 2)
    limits = CallLimits(connect=0.1, read=1.5, total=1.5, connections=2)
    async with open_client(limits) as client, asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(_lost(client, _request(provider.url)))
        while len(provider.seen) < 2:  # noqa: ASYNC110 - the provider tells nobody
            await asyncio.sleep(0.01)
        reply = await client.call("c", "free", _request(provider.url))
        with pytest.raises(NotSent):
            await client.call("c", "full", _request(provider.url))

    assert reply.status == 200


async def _lost(client: Client, request: HttpRequest) -> None:
    with pytest.raises(AnswerLost):
        await client.call("c", "full", request)


async def test_no_proxy_and_no_cookies(
    client: Client, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    provider.script.append(status(200, set_cookie="a=b"))

    await client.call("c", "a", _request(provider.url))
    reply = await client.call("c", "a", _request(provider.url))

    assert reply.status == 200
