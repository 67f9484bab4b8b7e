"""In which time zone a customer lives: by his address first, by his number second.

Quiet hours are his own. Where an address or a number leaves the choice between zones with different
clocks, nothing is said, and the workspace's zone counts.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from babel.core import get_global
from phonenumbers import timezone

_SEASONS = tuple(datetime(2026, month, 15, tzinfo=UTC) for month in (1, 4, 7, 10))

_EASTERN = "CT DE DC FL GA IN KY ME MD MA MI NH NJ NY NC OH PA RI SC VT VA WV"
_CENTRAL = "AL AR IL IA KS LA MN MS MO NE ND OK SD TN TX WI"
_MOUNTAIN = "CO ID MT NM UT WY"
_PACIFIC = "CA NV OR WA"

PROVINCES: Mapping[str, Mapping[str, str]] = {
    "US": {
        **dict.fromkeys(_EASTERN.split(), "America/New_York"),
        **dict.fromkeys(_CENTRAL.split(), "America/Chicago"),
        **dict.fromkeys(_MOUNTAIN.split(), "America/Denver"),
        **dict.fromkeys(_PACIFIC.split(), "America/Los_Angeles"),
        "AZ": "America/Phoenix",
        "AK": "America/Anchorage",
        "HI": "Pacific/Honolulu",
    },
    "CA": {
        "AB": "America/Edmonton",
        "BC": "America/Vancouver",
        "MB": "America/Winnipeg",
        "NB": "America/Moncton",
        "NL": "America/St_Johns",
        "NS": "America/Halifax",
        "NT": "America/Edmonton",
        "NU": "America/Iqaluit",
        "ON": "America/Toronto",
        "PE": "America/Halifax",
        "QC": "America/Toronto",
        "SK": "America/Regina",
        "YT": "America/Whitehorse",
    },
    "AU": {
        "ACT": "Australia/Sydney",
        "NSW": "Australia/Sydney",
        "NT": "Australia/Darwin",
        "QLD": "Australia/Brisbane",
        "SA": "Australia/Adelaide",
        "TAS": "Australia/Hobart",
        "VIC": "Australia/Melbourne",
        "WA": "Australia/Perth",
    },
}
"""The zone most people of a province live in (ISO 3166-2 codes without the country)."""


def zone_of(country: str | None, province: str | None, phone: str | None) -> str | None:
    """The IANA zone of a customer, or None when it cannot be told."""
    by_province = PROVINCES.get(country or "", {}).get(province or "")
    return by_province or _of_country(country or "") or _of_phone(phone or "")


@lru_cache(maxsize=512)
def _of_country(country: str) -> str | None:
    zones: Mapping[str, Sequence[str]] = get_global("territory_zones")
    return _one_clock(zones.get(country, ()))


def _of_phone(phone: str) -> str | None:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None
    return _one_clock(timezone.time_zones_for_number(number))


def _one_clock(zones: Sequence[str]) -> str | None:
    """The first zone, when all of them show the same time the whole year."""
    try:
        clocks = {
            tuple(moment.astimezone(ZoneInfo(zone)).utcoffset() for moment in _SEASONS)
            for zone in zones
        }
    except (ZoneInfoNotFoundError, ValueError):
        return None
    return zones[0] if len(clocks) == 1 else None
