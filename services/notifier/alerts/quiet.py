"""Quiet hours in the customer's own time zone. Pure.

Where the zone cannot be told for certain, every zone it may be counts: an alert goes out only when
it is no night in any of them (47 CFR 64.1200(c)(1) speaks of the called party's local time).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel.core import get_global
from phonenumbers import timezone as number_zones

from shared.config.models import QuietHours
from shared.events.commerce import Contact

_HORIZON = timedelta(days=3)
_NUMBERED = ("phone", "whatsapp", "sms")


def zones_of(contact: Contact, fallback: str) -> tuple[str, ...]:
    """The time zones a customer may live in: the one he gave, else those of his number, else those
    of his country, else `fallback`, the shop's."""
    if contact.time_zone and _known(contact.time_zone):
        return (contact.time_zone,)
    numbers = [contact.addresses[name] for name in _NUMBERED if name in contact.addresses]
    territories: Mapping[str, Sequence[str]] = get_global("territory_zones")
    for found in (
        {zone for number in numbers for zone in _zones_of_number(number)},
        territories.get((contact.country or "").upper(), ()),
    ):
        known = tuple(sorted(zone for zone in found if _known(zone)))
        if known:
            return known
    return (fallback,)


def next_allowed(
    now: datetime, zones: Iterable[str], quiet: QuietHours | None, fallback: str
) -> datetime:
    """The first moment from `now` on that is quiet in none of the zones.

    Zones so far apart that there is no such moment within three days give way to `fallback`.
    """
    if quiet is None or quiet.start == quiet.end:
        return now
    found = _search(now, tuple(zones), quiet) or _search(now, (fallback,), quiet)
    return found or now + _HORIZON


def _search(now: datetime, zones: Sequence[str], quiet: QuietHours) -> datetime | None:
    moment = now
    while moment - now < _HORIZON:
        ends = [_end(moment, zone, quiet) for zone in zones if _is_quiet(moment, zone, quiet)]
        if not ends:
            return moment
        moment = max(ends)
    return None


def next_quiet(now: datetime, zones: Iterable[str], quiet: QuietHours | None) -> datetime | None:
    """When the next quiet time begins in any of the zones; None when there is none."""
    if quiet is None or quiet.start == quiet.end:
        return None
    starts = []
    for zone in zones:
        local = now.astimezone(ZoneInfo(zone))
        start = _at(local, quiet.start)
        starts.append((start if start > local else start + timedelta(days=1)).astimezone(UTC))
    return min(starts)


def _is_quiet(moment: datetime, zone: str, quiet: QuietHours) -> bool:
    wall = moment.astimezone(ZoneInfo(zone)).time()
    if quiet.start < quiet.end:
        return quiet.start <= wall < quiet.end
    return wall >= quiet.start or wall < quiet.end


def _end(moment: datetime, zone: str, quiet: QuietHours) -> datetime:
    """When the quiet time that `moment` is in ends; always later than `moment`."""
    local = moment.astimezone(ZoneInfo(zone))
    end = _at(local, quiet.end)
    if local.time() >= quiet.end:
        end += timedelta(days=1)
    found = end.astimezone(UTC)
    return found if found > moment else moment + timedelta(minutes=1)


def _at(day: datetime, wall: time) -> datetime:
    return day.replace(
        hour=wall.hour,
        minute=wall.minute,
        second=wall.second,
        microsecond=wall.microsecond,
        fold=0,
    )


def _zones_of_number(number: str) -> Sequence[str]:
    written = number if number.startswith("+") else f"+{number}"
    try:
        return number_zones.time_zones_for_number(phonenumbers.parse(written))
    except phonenumbers.NumberParseException:
        return ()


@lru_cache(maxsize=1024)
def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return False
    return zone != "Etc/Unknown"
