"""Handing mails in: to a real server, and to servers that fail in every way."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from patchbay.demo.providers.email import Letter, MailServer
from services.ingest.smtp_session import MailListening
from services.notifier.client import AnswerLost, NotSent
from services.notifier.mailer import Mailer, open_mailer
from shared.channels import MailReply, MailRequest
from shared.channels.account import ResolvedSecret
from shared.channels.email.settings import EmailSettings
from shared.clock import ManualClock
from tests.unit.services.ingest.mail_talk import Taken, listening
from tests.unit.shared.channels.email.accounts import CUSTOMER, NOW, account
from tests.unit.shared.channels.email.certificates import make_certificate

MAIL = MailRequest(
    "bounce@shop.example", (CUSTOMER,), b"From: a@b.example\r\n\r\nHello\r\n.dot\r\n"
)


def submitting(port: int, **submission: Any) -> EmailSettings:
    """An account that submits to a port of this machine."""
    given = {"port": port, "tls": "none", "timeout_seconds": 1, **submission}
    return account(submission=given)


@pytest.fixture
async def mailer() -> AsyncIterator[Mailer]:
    """A mailer on a clock that stands still."""
    async with open_mailer(ManualClock(NOW)) as opened:
        yield opened


@asynccontextmanager
async def customers(**options: Any) -> AsyncIterator[tuple[MailServer, list[Letter], int]]:
    """The customers' mail server, what it has delivered, and its port."""
    letters: list[Letter] = []

    async def deliver(letter: Letter) -> None:
        letters.append(letter)

    server = MailServer(deliver, **options)
    async with server.listening("127.0.0.1", 0) as port:
        yield server, letters, port


class Script:
    """A server that answers each line by the table, `CLOSE` by closing, `SILENCE` by nothing.

    Several answers in a list are for one line after the other; the last one stays. Lines of a
    mail's text are not answered, its end is looked up as `END`.
    """

    def __init__(self, **answers: str | list[str]) -> None:
        table = {"GREETING": "220 x", "EHLO": "250 x", "MAIL": "250 x", "RCPT": "250 x"}
        table |= {"DATA": "354 x", "END": "250 x", "RSET": "250 x", "QUIT": "221 x"}
        self._answers = {name: [answer] for name, answer in table.items()}
        for name, answer in answers.items():
            self._answers[name] = [answer] if isinstance(answer, str) else list(answer)
        self._tasks: list[asyncio.Task[None]] = []
        self.heard: list[str] = []

    @property
    def connections(self) -> int:
        """How many there have been."""
        return len(self._tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._say(writer, "GREETING"):
                await self._talk(reader, writer)
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        in_text = False
        while raw := await reader.readline():
            line = raw.decode().strip("\r\n")
            command = ("END" if line == "." else "TEXT") if in_text else line[:4].strip()
            self.heard.append(command)
            in_text = command in ("DATA", "TEXT")
            if command != "TEXT" and not self._say(writer, command):
                return

    def _say(self, writer: asyncio.StreamWriter, command: str) -> bool:
        answers = self._answers[command]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer not in ("CLOSE", "SILENCE"):
            writer.write(f"{answer}\r\n".encode())
        return answer != "CLOSE"

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
        """Serve until left; yields the port."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=tls)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_a_mail_arrives_as_it_is(mailer: Mailer) -> None:
    async with customers() as (_, letters, port):
        reply = await mailer.send(submitting(port), MAIL)
    assert reply == MailReply(250, "2.0.0 Delivered")
    [letter] = letters
    assert (letter.customer, letter.bounces_to) == (CUSTOMER, MAIL.sender)
    assert letter.content == MAIL.content


async def test_international_addresses(mailer: Mailer) -> None:
    async with customers() as (_, letters, port):
        request = MailRequest(MAIL.sender, ("änne@xn--bcher-kva.example",), MAIL.content)
        await mailer.send(submitting(port), request)
    assert letters[0].customer == "änne@xn--bcher-kva.example"


async def test_a_refused_recipient_is_an_answer_and_the_next_mail_goes(mailer: Mailer) -> None:
    async with customers(unknown={CUSTOMER}) as (_, letters, port):
        refused = await mailer.send(submitting(port), MAIL)
        taken = await mailer.send(submitting(port), MailRequest("a@b.c", ("x@y.z",), MAIL.content))
    assert (refused.code, taken.code) == (550, 250)
    assert [letter.customer for letter in letters] == ["x@y.z"]


async def test_a_server_that_takes_nothing_now(mailer: Mailer) -> None:
    async with customers() as (server, _, port):
        server.away = True
        assert (await mailer.send(submitting(port), MAIL)).code == 451
        server.away = False
        assert (await mailer.send(submitting(port), MAIL)).code == 250


ANSWERS = {
    "sender refused": ({"MAIL": "550 5.1.8 no"}, 550),
    "recipient refused": ({"RCPT": "452 4.5.3 later"}, 452),
    "text refused at its beginning": ({"DATA": "554 5.6.0 no"}, 554),
    "text refused at its end": ({"END": "552 5.3.4 large"}, 552),
    "asked to come later by the greeting": ({"GREETING": "421 4.3.2 busy"}, 421),
    "password refused": ({"EHLO": "250-x\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 no"}, 535),
    "sign-in not possible now": ({"EHLO": "250-x\r\n250 AUTH PLAIN", "AUTH": "454 4.7.0 no"}, 454),
}


@pytest.mark.parametrize(("answers", "code"), ANSWERS.values(), ids=ANSWERS)
async def test_what_the_server_says(mailer: Mailer, answers: dict[str, str], code: int) -> None:
    signing_in = {"username": "me", "password": ResolvedSecret("secret")}
    async with Script(**answers).listening() as port:
        given = submitting(port, **(signing_in if "AUTH" in answers else {}))
        assert (await mailer.send(given, MAIL)).code == code


CERTAIN = {
    "closes at once": ({"GREETING": "CLOSE"}, "retry"),
    "is silent": ({"GREETING": "SILENCE"}, "retry"),
    "will never let us in": ({"GREETING": "554 no mail from you"}, "misconfigured"),
    "closes at the sender": ({"MAIL": "CLOSE"}, "retry"),
    "is silent at the sender": ({"MAIL": "SILENCE"}, "retry"),
    "closes at the recipient": ({"RCPT": "CLOSE"}, "retry"),
}


@pytest.mark.parametrize(("answers", "kind"), CERTAIN.values(), ids=CERTAIN)
async def test_certainly_not_sent(mailer: Mailer, answers: dict[str, str], kind: str) -> None:
    async with Script(**answers).listening() as port:
        with pytest.raises(NotSent) as caught:
            await mailer.send(submitting(port), MAIL)
    assert (caught.value.kind, caught.value.certain) == (kind, True)


@pytest.mark.parametrize("answer", ["CLOSE", "SILENCE"])
async def test_lost_after_the_text_is_uncertain(mailer: Mailer, answer: str) -> None:
    script = Script(END=answer)
    async with script.listening() as port:
        with pytest.raises(AnswerLost) as caught:
            await mailer.send(submitting(port), MAIL)
    assert caught.value.certain is False
    assert script.heard.count("END") == 1


async def test_nobody_listens(mailer: Mailer) -> None:
    async with Script().listening() as port:
        pass
    with pytest.raises(NotSent, match="cannot be reached"):
        await mailer.send(submitting(port), MAIL)


async def test_a_server_without_the_encryption_we_demand(mailer: Mailer) -> None:
    async with Script().listening() as port:
        with pytest.raises(NotSent) as caught:
            await mailer.send(submitting(port, tls="starttls"), MAIL)
    assert caught.value.kind == "misconfigured"


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_a_server_nobody_vouches_for(mailer: Mailer, tmp_path: Path, tls: str) -> None:
    certificate = make_certificate(tmp_path)
    async with (
        Script().listening(certificate.server()) as implicit,
        listening(Taken(), MailListening(tls=certificate.server(), drain_seconds=1)) as starttls,
    ):
        port = {"implicit": implicit, "starttls": starttls}[tls]
        with pytest.raises(NotSent, match="certificate is not trusted"):
            await mailer.send(submitting(port, host="localhost", tls=tls), MAIL)


async def test_one_connection_carries_many_mails(mailer: Mailer) -> None:
    script = Script()
    async with script.listening() as port:
        for _ in range(5):
            await mailer.send(submitting(port), MAIL)
    assert (script.connections, script.heard.count("END")) == (1, 5)


async def test_a_kept_connection_the_server_closed_costs_nothing(mailer: Mailer) -> None:
    """The server hangs up at the second MAIL of a connection: the mail goes by a new one."""
    script = Script(MAIL=["250 x", "CLOSE", "250 x"])
    async with script.listening() as port:
        replies = [await mailer.send(submitting(port), MAIL) for _ in range(2)]
    assert [reply.code for reply in replies] == [250, 250]
    assert script.connections == 2
    assert script.heard.count("END") == 2


async def test_an_old_connection_is_not_used_again() -> None:
    clock, script = ManualClock(NOW), Script()
    async with script.listening() as port, open_mailer(clock) as mailer:
        await mailer.send(submitting(port), MAIL)
        clock.advance(60)
        await mailer.send(submitting(port), MAIL)
    assert script.connections == 2


async def test_a_server_saying_421_is_left(mailer: Mailer) -> None:
    script = Script(RCPT="421 4.7.0 too much")
    async with script.listening() as port:
        codes = [(await mailer.send(submitting(port), MAIL)).code for _ in range(2)]
    assert codes == [421, 421]
    assert script.connections == 2


async def test_never_more_connections_than_allowed(mailer: Mailer) -> None:
    script = Script()
    async with script.listening() as port:
        given = submitting(port, connections=2)
        replies = await asyncio.gather(*(mailer.send(given, MAIL) for _ in range(10)))
    assert {reply.code for reply in replies} == {250}
    assert script.connections <= 2
    assert script.heard.count("END") == 10


async def test_a_hung_account_leaves_the_others_alone(mailer: Mailer) -> None:
    slow, quick = Script(MAIL="SILENCE"), Script()
    async with slow.listening() as one, quick.listening() as two:
        hung = asyncio.ensure_future(mailer.send(submitting(one, connections=1), MAIL))
        other = submitting(two).model_copy(update={"name": "other"})
        assert (await mailer.send(other, MAIL)).code == 250
        assert not hung.done()
        with pytest.raises(NotSent):
            await hung


async def test_cancelled_in_the_middle_of_a_mail(mailer: Mailer) -> None:
    script = Script(END=["SILENCE", "250 x"])
    async with script.listening() as port:
        given = submitting(port, connections=1)
        sending = asyncio.ensure_future(mailer.send(given, MAIL))
        await _until(lambda: "END" in script.heard)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert (await mailer.send(given, MAIL)).code == 250
    assert script.connections == 2


async def _until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110 - what happens is in another program's hands
            await asyncio.sleep(0.005)
