import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.channels import Addresses
from shared.channels.whatsapp import WhatsApp
from shared.channels.whatsapp.identity import Identity, digits_of, identity_of, is_bsuid, thread_of


@pytest.mark.parametrize(
    "spelling",
    ["15550100002", "+15550100002", "+1 (555) 010-0002", "1.555.010.0002", "0015550100002"],
)
def test_every_spelling_of_a_number_is_one_thread(spelling: str) -> None:
    assert thread_of(spelling) == ("15550100002",)


def test_an_alert_lands_on_the_thread_the_customer_answers_on() -> None:
    channel = WhatsApp()
    assert isinstance(channel, Addresses)
    assert channel.thread("+49 151 1234-5678") == channel.thread("4915112345678")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5511987654321", "551187654321"),
        ("5215512345678", "525512345678"),
        ("5491123456789", "541123456789"),
    ],
)
def test_numbers_known_with_and_without_a_digit_are_one_thread(one: str, other: str) -> None:
    assert thread_of(one) == thread_of(other) == (other,)


@pytest.mark.parametrize("number", ["551134567890", "4915112345678", "521555", "5511934567890"])
def test_other_numbers_keep_every_digit(number: str) -> None:
    assert thread_of(number) == (number,)


@pytest.mark.parametrize("address", ["US.1234567890123", "DE.ENT.99a", "Y2FwaV9ncm91cDox", "12"])
def test_an_address_that_is_no_number_is_its_own_thread(address: str) -> None:
    assert thread_of(address) == (address,)
    assert digits_of(address) is None


@given(st.integers(10**6, 10**14).map(str))
def test_a_thread_is_the_thread_of_itself(number: str) -> None:
    assert thread_of(*thread_of(number)) == thread_of(number)


@pytest.mark.parametrize(
    ("sender", "user_id", "identity"),
    [
        ("15550100002", "US.1", Identity("15550100002", "US.1")),
        ("US.1", None, Identity(None, "US.1")),
        ("US.1", "US.2", Identity(None, "US.2")),
        (None, "US.1", Identity(None, "US.1")),
        ("15550100002", None, Identity("15550100002", None)),
        (None, None, None),
    ],
)
def test_who_wrote(sender: str | None, user_id: str | None, identity: Identity | None) -> None:
    assert identity_of(sender, user_id) == identity


@pytest.mark.parametrize("address", ["us.1", "USA.1", "US.", "US.1-2", "US.ENT.", "1.US"])
def test_what_only_looks_like_a_bsuid(address: str) -> None:
    assert not is_bsuid(address)
