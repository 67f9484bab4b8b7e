from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.channels import Limits
from shared.channels.fit import Unsendable, check_attachments, link_of, split_text
from shared.events.inbound import Attachment
from shared.events.outbound import OutboundMessage

ANY_TEXT = st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from(" .\n"), max_size=300)


@given(text=ANY_TEXT, limit=st.integers(1, 60))
def test_splitting_loses_nothing_but_space_between_parts(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(text=ANY_TEXT, limit=st.integers(1, 60))
def test_every_part_fits_and_says_something(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert all(len(part) <= limit for part in parts)
    assert all(parts) or parts == [""]


@given(text=ANY_TEXT)
def test_a_text_that_fits_stays_whole(text: str) -> None:
    assert split_text(text, 300) == [text.strip()]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("First line\nsecond line", ["First line", "second line"]),
        ("One thing. Another thing", ["One thing.", "Another thing"]),
        ("seven words in one line of it", ["seven words in", "one line of it"]),
        ("donaudampfschifffahrt", ["donaudampfschif", "ffahrt"]),
    ],
)
def test_cuts_where_a_reader_would(text: str, parts: list[str]) -> None:
    assert split_text(text, 15) == parts


def test_a_file_of_another_kind_is_refused_by_name() -> None:
    message = OutboundMessage(
        id="msg_1",
        workspace="shop",
        channel="whatsapp",
        account="main",
        conversation_key="k",
        to="1",
        attachments=(Attachment(kind="image"), Attachment(kind="contact")),
        written_at=datetime(2026, 10, 1, tzinfo=UTC),
    )
    with pytest.raises(Unsendable, match="contact") as refused:
        check_attachments(message, Limits(text=10, attachments=frozenset({"image"})))
    assert refused.value.outcome.kind == "rejected_content"


@pytest.mark.parametrize("reference", [None, "", "obj/1", "ftp://files.example/a", "javascript:1"])
def test_only_a_web_address_can_be_fetched(reference: str | None) -> None:
    with pytest.raises(Unsendable):
        link_of(Attachment(kind="image", provider_ref=reference))
