"""What a channel carries, and what a body may say."""

from typing import Any

import pytest

from tests.router.desk import SHOP, office
from tests.router.owner import said
from tests.router.replying import REPLIES, begin, refused
from tests.router.scenes import hold


@pytest.mark.parametrize(
    ("channel", "account", "body", "code", "pointer"),
    [
        ("whatsapp", "wa", {"text": "x" * 4097}, "too_long", "/text"),
        ("whatsapp", "wa", {"text": "  "}, "invalid", "/text"),
        (
            "messenger",
            "fb",
            {"attachments": [{"kind": "sticker", "url": "https://files.example/a.webp"}]},
            "not_carried",
            "/attachments/0/kind",
        ),
        (
            "email",
            "mail",
            {"text": "See this", "attachments": [{"url": "https://files.example/a.pdf"}]},
            "not_carried",
            "/attachments/0/kind",
        ),
        (
            "messenger",
            "fb",
            {
                "template": {"name": "late", "values": {"order": "7"}},
                "attachments": [{"kind": "image", "url": "https://files.example/a.png"}],
            },
            "not_carried",
            "/attachments",
        ),
    ],
    ids=["too long", "empty", "kind of file", "no files at all", "template with a file"],
)
async def test_what_a_channel_cannot_carry_is_refused(
    empty_redis: str, channel: str, account: str, body: Any, code: str, pointer: str
) -> None:
    async with office(empty_redis) as here:
        await begin(here, channel, account, said(SHOP, "k1", 1))
        got = await refused(here, body=body)
    assert (got.status, got.body["code"]) == (422, code)
    assert got.body["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"text": "a", "template": {"name": "late"}}, ""),
        ({"text": ""}, "/text"),
        ({"text": "a", "colour": "red"}, "/colour"),
        ({"attachments": [{"url": "http://files.example/a.png"}]}, "/attachments/0/url"),
        ({"attachments": [{"url": "https://a.example/x"}] * 11}, "/attachments"),
        ({"text": 7}, "/text"),
    ],
    ids=["nothing", "both", "empty", "unknown field", "not https", "too many", "wrong type"],
)
async def test_a_body_that_is_not_right_names_its_place(
    empty_redis: str, body: Any, pointer: str
) -> None:
    async with office(empty_redis) as here:
        await hold(here)
        await here.shown()
        got = await here.desk.call(
            "POST", REPLIES, "ana", json=body, headers={"Idempotency-Key": "one"}
        )
    assert (got.status, got.body["code"]) == (422, "invalid")
    assert [fault["pointer"] for fault in got.body["errors"]] == [pointer]
