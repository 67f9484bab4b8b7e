"""The same customer has the same name, however his address is written."""

import pytest

from services.notifier.addresses import contact_id, thread_of


@pytest.mark.parametrize(
    ("channel", "one", "other"),
    [
        ("whatsapp", "+49 151 12345678", "4915112345678"),
        ("email", "Ada@Example.com", "ada@example.com"),
        ("phone", "+4915112345678", " +4915112345678"),
    ],
)
def test_two_spellings_of_one_address(channel: str, one: str, other: str) -> None:
    assert contact_id("acme", channel, one) == contact_id("acme", channel, other)


def test_customers_of_two_shops_or_channels_are_two() -> None:
    names = {contact_id(*each, "x") for each in (("a", "apple"), ("b", "apple"), ("a", "phone"))}

    assert len(names) == 3


def test_opaque_ids_keep_their_case() -> None:
    assert thread_of("apple", "urn:mbid:AbC") != thread_of("apple", "urn:mbid:abc")
    assert contact_id("a", "apple", "urn:mbid:AbC") != contact_id("a", "apple", "urn:mbid:abc")
