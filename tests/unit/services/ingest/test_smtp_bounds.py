"""The mail listeners against clients that want to hurt them."""

import asyncio
from dataclasses import replace

import pytest

from tests.unit.services.ingest.mail_talk import LIMITS, MAIL, Taken, dialogue, listening
from tests.unit.shared.channels.email.accounts import CUSTOMER


async def test_lmtp_answers_for_every_recipient_of_a_mail_too_large() -> None:
    async with listening(Taken(), lmtp=True) as port, dialogue(port) as talk:
        await talk.begin("support@shop.example", "sales@shop.example", hello="LHLO")
        answers = [await talk.mail(MAIL + b"x" * 70 + b"\r\n" * 80_000), await talk.hear()]
        assert [answer[:3] for answer in answers] == ["552", "552"]
        assert (await talk.say("NOOP")).startswith("250")


async def test_the_size_is_told_and_held() -> None:
    taken = Taken()
    async with listening(taken) as port, dialogue(port) as talk:
        assert "250-SIZE 100000" in (await talk.say("EHLO x")).split("\n")
        declared = f"MAIL FROM:<{CUSTOMER}> SIZE=100001"
        assert (await talk.say(declared)).startswith("552")
        await talk.begin("support@shop.example")
        assert (await talk.mail(b"x" * 70 + b"\r\n" + b"y\r\n" * 40_000)).startswith("552")
        await talk.begin("support@shop.example")
        assert (await talk.mail()).startswith("250")
    assert len(taken.requests) == 1


async def test_a_mail_without_an_end_is_cut_off() -> None:
    async with listening(Taken()) as port, dialogue(port) as talk:
        await talk.begin("support@shop.example")
        await talk.say("DATA")
        await talk.send(b"x" * 250_000)
        assert (await talk.hear()).startswith("552 5.3.4")
        assert await talk.hear() == ""


async def test_too_much_mail_at_once_is_asked_to_return() -> None:
    limits = replace(LIMITS, memory_bytes=30_000)
    async with listening(Taken(), limits) as port, dialogue(port) as one, dialogue(port) as two:
        await one.begin("support@shop.example")
        await one.say("DATA")
        await one.send(b"x\r\n" * 9_000)
        await two.begin("support@shop.example")
        await two.say("DATA")
        await two.send(b"x\r\n" * 9_000)
        assert (await two.hear()).startswith("452 4.3.1")
        assert (await one.say(b".\r\n")).startswith("250")


async def test_long_lines_of_real_senders_are_taken_endless_ones_not() -> None:
    limits = replace(LIMITS, line_bytes=5_000)
    async with listening(Taken(), limits) as port, dialogue(port) as talk:
        await talk.begin("support@shop.example")
        assert (await talk.mail(b"x" * 4_000 + b"\r\n")).startswith("250")
        await talk.begin("support@shop.example")
        assert (await talk.mail(b"x" * 6_000 + b"\r\n")).startswith("500")


async def test_a_command_line_has_a_limit() -> None:
    async with listening(Taken()) as port, dialogue(port) as talk:
        assert (await talk.say("EHLO " + "x" * 600)).startswith("500")
        assert (await talk.say("EHLO x")).startswith("250")


async def test_too_many_recipients() -> None:
    limits = replace(LIMITS, recipients=3)
    async with listening(Taken(), limits) as port, dialogue(port) as talk:
        replies = await talk.begin(*["support@shop.example"] * 4)
    assert [reply[:9] for reply in replies] == ["250 2.1.5"] * 3 + ["452 4.5.3"]


@pytest.mark.parametrize(
    "command", ["MAIL FROM:<a@b.example>", "RCPT TO:<support@shop.example>", "DATA"]
)
async def test_bad_sequences(command: str) -> None:
    async with listening(Taken()) as port, dialogue(port) as talk:
        assert (await talk.say(command)).startswith("503")
        await talk.say("EHLO x")
        await talk.say("MAIL FROM:<a@b.example>")
        assert (await talk.say("MAIL FROM:<a@b.example>")).startswith("503")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "MAIL",
        "MAIL FROM:<",
        "MAIL FROM:<a@b> X=Y",
        "RCPT TO:@",
        "AUTH PLAIN AAAA",
        "VRFY a",
        "\xff",
    ],
)
async def test_nonsense_is_answered_and_forgotten(command: str) -> None:
    async with listening(Taken()) as port, dialogue(port) as talk:
        await talk.say("EHLO x")
        assert (await talk.say(command))[0] in "25"
        await talk.begin("support@shop.example")
        assert (await talk.mail()).startswith("250")


async def test_pipelined_commands_are_answered_in_order() -> None:
    taken = Taken()
    async with listening(taken) as port, dialogue(port) as talk:
        await talk.send(
            b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<nobody@shop.example>\r\n"
            b"RCPT TO:<support@shop.example>\r\nDATA\r\n" + MAIL + b".\r\nQUIT\r\n"
        )
        codes = [(await talk.hear())[:3] for _ in range(7)]
    assert codes == ["250", "250", "550", "250", "354", "250", "221"]
    assert len(taken.requests) == 1


async def test_a_flood_of_commands_ends_the_connection() -> None:
    async with listening(Taken()) as port, dialogue(port) as talk:
        await talk.send(b"NOOP\r\n" * 30)
        replies = [await talk.hear() for _ in range(21)]
        assert replies[-1].startswith("421")
        assert await talk.hear() == ""


async def test_a_dot_on_its_own_ends_a_mail_only_between_crlf() -> None:
    """SMTP smuggling: `\\n.\\n` inside a mail must not begin another one."""
    taken = Taken()
    smuggled = b"\n.\nMAIL FROM:<evil@b.example>\r\nRCPT TO:<sales@shop.example>\r\nDATA\r\n"
    async with listening(taken) as port, dialogue(port) as talk:
        await talk.begin("support@shop.example")
        assert (await talk.mail(MAIL + smuggled + b"evil\r\n")).startswith("250")
    [(_, request)] = taken.requests
    assert smuggled.strip(b"\r\n") in request.body


async def test_a_connection_too_many() -> None:
    limits = replace(LIMITS, connections=1)
    async with listening(Taken(), limits) as port:
        async with dialogue(port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert (await reader.read()).startswith(b"421 4.7.0")
            writer.close()
        await asyncio.sleep(0.05)
        async with dialogue(port) as talk:
            assert (await talk.say("NOOP")).startswith("250")


async def test_a_silent_client_is_sent_away() -> None:
    limits = replace(LIMITS, command_seconds=0.2)
    async with listening(Taken(), limits) as port, dialogue(port) as talk:
        assert (await talk.hear()).startswith("421 4.4.2")


async def test_a_client_that_stops_in_the_middle_of_a_mail() -> None:
    taken = Taken()
    limits = replace(LIMITS, data_seconds=0.2)
    async with listening(taken, limits) as port, dialogue(port) as talk:
        await talk.begin("support@shop.example")
        await talk.say("DATA")
        await talk.send(b"From: a\r\n")
        assert (await talk.hear()).startswith("421 4.4.2")
    assert taken.requests == []


async def test_a_client_that_hangs_up_in_the_middle_of_a_mail() -> None:
    taken = Taken()
    async with listening(taken) as port:
        async with dialogue(port) as talk:
            await talk.begin("support@shop.example")
            await talk.say("DATA")
            await talk.send(MAIL)
        async with dialogue(port) as talk:
            await talk.begin("support@shop.example")
            assert (await talk.mail()).startswith("250")
    assert len(taken.requests) == 1
