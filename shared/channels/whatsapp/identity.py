"""Who a WhatsApp user is: a number, a business-scoped user id (BSUID), or both.

The thread is the number whenever it is known, else the BSUID. Preferring the number keeps one
customer's conversation whole: an alert written to the number in the shop's order, a message from
before BSUIDs and one that carries both land on the same thread. It cannot split an episode either:
Meta leaves the number out only after 30 days without a message.
"""

import re
from dataclasses import dataclass

_BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_NUMBER = re.compile(r"\+?[\d\s().\-/]{5,40}")

# Numbers that WhatsApp knows with and without a digit inserted for mobiles: Brazil's ninth digit,
# Mexico's 1, Argentina's 9. A wa_id may have either form, whatever the customer wrote.
_INSERTED = (
    re.compile(r"(55[1-9]\d)9([6-9]\d{7})"),
    re.compile(r"(52)1(\d{10})"),
    re.compile(r"(54)9(\d{10})"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """At least one of both."""

    number: str | None
    bsuid: str | None

    @property
    def address(self) -> str:
        """What we answer to."""
        return self.number or self.bsuid or ""


def is_bsuid(address: str) -> bool:
    """Whether an address is a business-scoped user id such as `US.1234567890123`."""
    return _BSUID.fullmatch(address) is not None


def digits_of(address: str) -> str | None:
    """The digits of a phone number however it is written; None for anything else."""
    if not _NUMBER.fullmatch(address.strip()):
        return None
    digits = re.sub(r"\D", "", address)
    return digits.removeprefix("00") if 5 <= len(digits) <= 17 else None


def thread_of(address: str) -> tuple[str, ...]:
    """The thread of whoever has this address: one spelling for each number."""
    number = digits_of(address)
    if number is None:
        return (address,)
    for pattern in _INSERTED:
        if match := pattern.fullmatch(number):
            return ("".join(match.groups()),)
    return (number,)


def identity_of(sender: str | None, user_id: str | None) -> Identity | None:
    """Who wrote: `sender` may hold either, or be absent."""
    if sender is not None and is_bsuid(sender):
        return Identity(None, user_id or sender)
    return Identity(sender, user_id) if sender or user_id else None
