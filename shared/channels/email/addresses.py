"""E-mail addresses: reading them from headers, comparing them, and our own `+` extensions."""

import re
from collections.abc import Iterable
from email.utils import getaddresses
from inspect import signature
from typing import Annotated, Any

from pydantic import AfterValidator

_ADDRESS = re.compile(
    r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\\,;:\"\x00-\x1f\x7f]{1,255}"
)


# Newer Pythons give up on a whole header for one unquoted comma in a name; such names are common.
_TOLERANT: dict[str, Any] = (
    {"strict": False} if "strict" in signature(getaddresses).parameters else {}
)


def plain(address: str) -> str:
    """The form addresses are compared in: no brackets, lower case, the domain in ASCII (IDNA).

    Empty when it is not an address we could answer to (RFC 5321, Mailbox, without quoted parts).
    """
    bare = address.strip().removeprefix("<").removesuffix(">").strip()
    if not _ADDRESS.fullmatch(bare):
        return ""
    local, _, domain = bare.rpartition("@")
    return f"{local.lower()}@{_ascii(domain)}"


def _ascii(domain: str) -> str:
    try:
        return domain.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return domain.lower()


def _must_be_plain(value: str) -> str:
    address = plain(value)
    if not address or "+" in address.partition("@")[0]:
        raise ValueError("write a plain address, such as support@shop.example")
    return address


Mailbox = Annotated[str, AfterValidator(_must_be_plain)]
"""An address of ours, without a `+` extension."""


def split_extension(address: str) -> tuple[str, str]:
    """`support+x@a.b` is (`support@a.b`, `x`): the mailbox and what was added to it."""
    local, _, domain = address.rpartition("@")
    base, _, extension = local.partition("+")
    return f"{base}@{domain}", extension


def extended(mailbox: str, extension: str) -> str | None:
    """The mailbox with an extension; None where it would exceed 64 octets (RFC 5321, 4.5.3.1.1)."""
    local, _, domain = mailbox.rpartition("@")
    longer = f"{local}+{extension}"
    return f"{longer}@{domain}" if len(longer.encode()) <= 64 else None


def parse_addresses(values: Iterable[str]) -> list[tuple[str, str]]:
    """Names and plain addresses of address headers; what is no address is left out."""
    pairs = getaddresses([value for value in values if value], **_TOLERANT)
    return [(name, plain(address)) for name, address in pairs if plain(address)]
