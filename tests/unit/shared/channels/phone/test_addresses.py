"""One customer, one thread, however his number is written."""

import pytest

from shared.channels import Addresses
from shared.channels.phone import Phone
from shared.channels.phone.turn import reachable

PHONE = Phone()


@pytest.mark.parametrize(
    ("written", "thread"),
    [
        ("+4915112345678", "+4915112345678"),
        ("+49 151 / 123-456.78", "+4915112345678"),
        ("+49 (151) 12345678", "+4915112345678"),
        ("0049 151 12345678", "+4915112345678"),
        (" +4915112345678 ", "+4915112345678"),
        ("sip:ada@office.example", "sip:ada@office.example"),
        ("CA" + "1" * 32, "CA" + "1" * 32),
        ("anonymous", "anonymous"),
    ],
)
def test_every_spelling_names_one_thread(written: str, thread: str) -> None:
    assert isinstance(PHONE, Addresses)
    assert PHONE.thread(written) == (thread,)


@pytest.mark.parametrize(
    ("address", "can"),
    [
        ("+4915112345678", True),
        ("client:ada", True),
        ("sip:ada@office.example;transport=tls", True),
        ("015112345678", False),
        ("+266696687", False),
        ("+86282452253", False),
        ("+7378742833", False),
        ("Restricted", False),
        ("sip:ada@office.example <x>", False),
        ("+49151123456789012", False),
        ("", False),
    ],
)
def test_only_what_rings_somewhere_is_called(address: str, can: bool) -> None:
    assert reachable(address) is can
