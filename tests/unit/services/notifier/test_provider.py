"""What a call meant: by HTTP or by mail, answered or not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from services.notifier.client import AnswerLost, CallLimits, NotSent, open_client
from services.notifier.provider import Provider
from shared.channels import HttpReply, HttpRequest, MailReply, MailRequest, Outcome
from shared.channels.account import AccountSettings
from shared.clock import SystemClock
from tests.platform.providing import FakeProvider, fake_provider, status
from tests.platform.scripted import Scripted

MAIL = MailRequest("us@example.com", ("you@example.com",), b"")


class _Mails(Scripted):
    def confirm(self, reply: HttpReply | MailReply) -> Outcome:
        assert isinstance(reply, MailReply)
        return Outcome("accepted" if reply.code == 250 else "misconfigured", code=str(reply.code))


class _Server:
    """A mail server that does as it is told."""

    def __init__(self, does: Any) -> None:
        self._does = does

    async def send(self, _account: Any, _request: MailRequest) -> MailReply:
        return self._does()  # type: ignore[no-any-return]


def _raise(error: Exception) -> MailReply:
    raise error


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[FakeProvider]:
    async with fake_provider() as running:
        yield running


async def _mailed(does: Any) -> tuple[str, bool]:
    async with open_client(CallLimits()) as client:
        calls = Provider(client, _Server(does), SystemClock())
        account = AccountSettings(channel="scripted", name="a")
        answer = await calls.send(_Mails(), account, MAIL, message="m")
        return answer.outcome.kind, answer.refused


@pytest.mark.parametrize(
    ("does", "kind", "refused"),
    [
        (lambda: MailReply(250), "accepted", False),
        (lambda: MailReply(535), "misconfigured", True),
        (lambda: MailReply(550), "misconfigured", False),
        (lambda: _raise(NotSent("retry", "no route")), "retry", False),
        (lambda: _raise(NotSent("misconfigured", "TLS")), "misconfigured", False),
        (lambda: _raise(AnswerLost("broke off")), "unknown", False),
    ],
    ids=["taken", "not let in", "refused", "never began", "never will", "broke off"],
)
async def test_a_mail(does: Any, kind: str, refused: bool) -> None:
    assert await _mailed(does) == (kind, refused)


@pytest.mark.parametrize(
    ("code", "kind", "refused"),
    [(200, "unknown", False), (401, "misconfigured", True), (404, "misconfigured", False)],
)
async def test_a_call(provider: FakeProvider, code: int, kind: str, refused: bool) -> None:
    provider.script.append(status(code))
    request = HttpRequest("POST", f"{provider.url}/one/send", {}, b'{"id": "m"}')
    async with open_client(CallLimits()) as client:
        calls = Provider(client, _Server(lambda: MailReply(250)), SystemClock())
        answer = await calls.send(Scripted(), AccountSettings(channel="scripted"), request)

    assert (answer.outcome.kind, answer.refused) == (kind, refused)


async def test_the_log_of_a_call_holds_no_secret_and_no_text(
    provider: FakeProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = {"authorization": "Bearer s3cret"}
    url = f"{provider.url}/one/send?access_token=s3cret"
    request = HttpRequest("POST", url, headers, b'{"id": "m", "part": 0, "text": "private"}')
    async with open_client(CallLimits()) as client:
        calls = Provider(client, _Server(lambda: MailReply(250)), SystemClock())
        await calls.send(Scripted(), AccountSettings(channel="scripted"), request, message="m")

    said = "".join(capsys.readouterr())
    assert "provider_called" in said
    assert "s3cret" not in said
    assert "private" not in said
