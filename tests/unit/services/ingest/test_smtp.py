"""The mail listeners, spoken to over real sockets: what is taken, and when it is answered."""

import asyncio

import pytest

from shared.channels import HttpReply
from shared.channels.email import Email
from shared.clock import SystemClock
from shared.errors import LogUnavailable, PayloadInvalid, RecordTooLarge
from tests.unit.services.ingest.mail_talk import MAIL, SUPPORT, Taken, client, dialogue, listening
from tests.unit.shared.channels.email.accounts import CUSTOMER


async def test_a_mail_arrives_with_its_envelope() -> None:
    taken = Taken()
    async with listening(taken) as port, client(port) as smtp:
        reply = await smtp.sendmail(CUSTOMER, ["support@shop.example"], MAIL)
    assert reply == ({}, "2.0.0 Taken")
    [(name, request)] = taken.requests
    assert (name, request.method, request.url, request.body) == ("main", "SMTP", "smtp:", MAIL)
    assert request.headers == {
        "envelope-from": CUSTOMER,
        "envelope-to": "support@shop.example",
        "peer": "127.0.0.1",
    }
    [item] = Email().parse(request, SUPPORT, SystemClock().now())
    assert getattr(item, "recipient", None) == "support@shop.example"


async def test_the_null_sender_is_empty() -> None:
    taken = Taken()
    async with listening(taken) as port, dialogue(port) as talk:
        await talk.say("EHLO x")
        assert (await talk.say("MAIL FROM:<>")).startswith("250")
        await talk.say("RCPT TO:<bounce+token@shop.example>")
        assert await talk.mail() == "250 2.0.0 Taken"
    assert taken.requests[0][1].headers["envelope-from"] == ""


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("support@shop.example", "250 2.1.5"),
        ("Support+t_x.y@SHOP.example", "250 2.1.5"),
        ("bounce+abc@shop.example", "250 2.1.5"),
        ("postmaster@shop.example", "250 2.1.5"),
        ("nobody@shop.example", "550 5.1.1"),
        ("support@elsewhere.example", "550 5.1.1"),
        ("support%elsewhere.example@shop.example", "550 5.1.1"),
    ],
)
async def test_only_our_mailboxes(address: str, said: str) -> None:
    async with listening(Taken()) as port, dialogue(port) as talk:
        [reply] = await talk.begin(address)
    assert reply.startswith(said)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (LogUnavailable("away"), "451 4.3.0"),
        (RecordTooLarge("too large"), "552 5.3.4"),
        (PayloadInvalid("no mail"), "554 5.6.0"),
        (RuntimeError("a bug"), "451 4.3.0"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_250_only_when_it_was_taken(failure: Exception, said: str) -> None:
    taken = Taken(fail={"main": failure})
    async with listening(taken) as port, dialogue(port) as talk:
        await talk.begin("support@shop.example")
        assert (await talk.mail()).startswith(said)
        taken.fail.clear()
        await talk.begin("support@shop.example")
        assert (await talk.mail()).startswith("250")


async def test_250_comes_after_the_log() -> None:
    gate = asyncio.Event()
    taken = Taken(wait=gate.wait)
    async with listening(taken) as port, client(port) as smtp:
        sending = asyncio.ensure_future(smtp.sendmail(CUSTOMER, ["support@shop.example"], MAIL))
        await asyncio.sleep(0.1)
        assert not sending.done()
        gate.set()
        await sending
    assert len(taken.requests) == 1


@pytest.mark.parametrize(("status", "said"), [(204, "250"), (400, "554 5.6.0"), (503, "451 4.3.0")])
async def test_a_reply_s_status_counts(status: int, said: str) -> None:
    async with listening(Taken(reply=HttpReply(status))) as port, dialogue(port) as talk:
        await talk.begin("support@shop.example")
        assert (await talk.mail()).startswith(said)


async def test_two_accounts_each_get_their_mail() -> None:
    taken = Taken()
    both = ["support@shop.example", "sales@shop.example", "support+x@shop.example"]
    async with listening(taken) as port, client(port) as smtp:
        await smtp.sendmail(CUSTOMER, both, MAIL)
    found = {name: request.headers["envelope-to"] for name, request in taken.requests}
    assert found == {
        "main": "support@shop.example support+x@shop.example",
        "sales": "sales@shop.example",
    }


async def test_one_account_not_taken_means_try_again() -> None:
    taken = Taken(fail={"sales": LogUnavailable("away")})
    async with listening(taken) as port, dialogue(port) as talk:
        await talk.begin("support@shop.example", "sales@shop.example")
        assert (await talk.mail()).startswith("451")


async def test_lmtp_answers_for_every_recipient() -> None:
    taken = Taken(fail={"sales": LogUnavailable("away")})
    async with listening(taken, lmtp=True) as port, dialogue(port) as talk:
        replies = await talk.begin(
            *("support@shop.example", "nobody@shop.example", "sales@shop.example"), hello="LHLO"
        )
        assert [reply[:3] for reply in replies] == ["250", "550", "250"]
        answers = [await talk.mail(), await talk.hear()]
        assert [answer[:9] for answer in answers] == ["250 2.0.0", "451 4.3.0"]
        assert (await talk.say("NOOP")).startswith("250")


async def test_lmtp_is_not_smtp() -> None:
    async with listening(Taken(), lmtp=True) as port, dialogue(port) as talk:
        assert (await talk.say("EHLO x")).startswith("500")


async def test_nobody_signs_in_here() -> None:
    async with listening(Taken()) as port, dialogue(port) as talk:
        offered = await talk.say("EHLO x")
    assert "AUTH" not in offered
    assert "SMTPUTF8" in offered


async def test_international_addresses() -> None:
    taken = Taken()
    async with listening(taken) as port, client(port) as smtp:
        await smtp.ehlo()
        await smtp.mail("änne@bücher.example", options=["SMTPUTF8"], encoding="utf-8")
        await smtp.rcpt("support@shop.example")
        await smtp.data(MAIL)
    assert taken.requests[0][1].headers["envelope-from"] == "änne@bücher.example"


async def test_stopping_finishes_what_is_on_its_way() -> None:
    gate = asyncio.Event()
    taken = Taken(wait=gate.wait)
    listener = listening(taken)
    port = await listener.__aenter__()
    async with dialogue(port) as idle, client(port) as smtp:
        sending = asyncio.ensure_future(smtp.sendmail(CUSTOMER, ["support@shop.example"], MAIL))
        await asyncio.sleep(0.1)
        stopping = asyncio.ensure_future(listener.__aexit__(None, None, None))
        assert (await idle.hear()).startswith("421 4.3.2")
        gate.set()
        assert (await sending)[1] == "2.0.0 Taken"
        await stopping
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await asyncio.open_connection("127.0.0.1", port)
