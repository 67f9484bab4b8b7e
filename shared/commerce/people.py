"""The customer of an order or a parcel, with his addresses as our channels write them."""

import re
from collections.abc import Mapping, Sequence

import phonenumbers
from babel.core import get_global

from shared.commerce.zones import zone_of
from shared.events.commerce import Consent, Contact
from shared.ids import derived_id

_EMAIL = re.compile(r"[^\s@<>\"(),;:]{1,64}@[^\s@<>\"(),;:]{1,250}\.[^\s@<>\"(),;:.]{2,63}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def email_of(text: str | None) -> str | None:
    """The address with its domain in lower case, or None when it is none."""
    value = (text or "").strip()
    if not _EMAIL.fullmatch(value):
        return None
    local, _, domain = value.rpartition("@")
    return f"{local}@{domain.lower()}"


def phone_of(text: str | None, country: str | None) -> str | None:
    """The number in E.164; one written nationally is read in that country."""
    try:
        number = phonenumbers.parse((text or "")[:64], country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def whatsapp_of(number: str | None) -> str | None:
    """The WhatsApp id a number would have: its digits, unless it is a fixed line."""
    if number is None:
        return None
    kind = phonenumbers.number_type(phonenumbers.parse(number))
    return None if kind == phonenumbers.PhoneNumberType.FIXED_LINE else number[1:]


def language_of(text: str | None) -> str | None:
    """A language tag (BCP 47) with hyphens, or None."""
    value = (text or "").strip()
    return value.replace("_", "-") if _LANGUAGE.fullmatch(value) else None


def country_of(text: str | None) -> str | None:
    """The two-letter code of a two- or three-letter one (ISO 3166-1)."""
    code = (text or "").strip().upper()
    if len(code) == 3:
        aliases: Mapping[str, Sequence[str]] = get_global("territory_aliases")
        code = next(iter(aliases.get(code, ())), "")
    known = len(code) == 2 and code.isascii() and code.isalpha() and code != "ZZ"
    return code if known else None


def contact_id(workspace: str, addresses: Mapping[str, str], otherwise: str | None) -> str:
    """The same id in every source that knows the same e-mail address, or else the same number."""
    whatsapp = addresses.get("whatsapp")
    number = addresses.get("phone") or (f"+{whatsapp}" if whatsapp else "")
    known_by = addresses.get("email", "").lower() or number or otherwise or ""
    return derived_id("ctc", workspace, known_by)


def contact(
    workspace: str,
    shop_id: str | None,
    *,
    email: str | None = None,
    phone: str | None = None,
    name: str | None = None,
    language: str | None = None,
    country: str | None = None,
    province: str | None = None,
    consents: tuple[Consent, ...] = (),
) -> Contact | None:
    """A contact of raw fields; None when there is no way to reach him.

    A number serves `phone` and, where it may be a mobile one, `whatsapp`.
    """
    region = country_of(country)
    address, number = email_of(email), phone_of(phone, region)
    addresses = {"email": address, "phone": number, "whatsapp": whatsapp_of(number)}
    reachable = {channel: value for channel, value in addresses.items() if value}
    if not reachable:
        return None
    return Contact(
        id=contact_id(workspace, reachable, shop_id),
        name=(name or "").strip() or None,
        language=language_of(language),
        time_zone=zone_of(region, (province or "").upper(), number),
        country=region,
        addresses=reachable,
        consents=consents,
    )
