"""Which channels an alert may take, in the customer's order. Pure.

His preferred channel first, then the rule's. A channel that is not allowed is left out, with the
reason: that is what an operator asks first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.notifier.policy import Known, window_end
from shared.channels import Limits
from shared.config.models import AlertRule
from shared.events.commerce import Contact

Refusal = Literal[
    "no_address",
    "no_consent",
    "opted_out",
    "closed",
    "must_write_first",
    "window_closed",
    "no_template",
]

_MARGIN = timedelta(minutes=5)
"""A window that closes so soon is as good as closed."""


@dataclass(frozen=True, slots=True)
class Place:
    """A channel account of the shop's, and where on it the customer is."""

    account: str
    channel: str
    address: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class Rung:
    """A way that is allowed; `template` says that it must be the approved one."""

    place: Place
    template: bool


def places(
    rule: AlertRule, contact: Contact, accounts: Mapping[str, tuple[str, Limits]]
) -> Iterator[Place | tuple[str, Refusal]]:
    """Every account to be tried, in order. `accounts` maps a name to its channel and limits."""
    preferred = [name for name, (channel, _) in accounts.items() if _prefers(contact, channel)]
    listed = [name for entry in rule.channels for name in _named(entry, accounts)]
    preferred.sort(key=lambda name: listed.index(name) if name in listed else len(listed))
    for name in dict.fromkeys([*preferred[:1], *listed]):
        channel, limits = accounts[name]
        address = contact.addresses.get(channel)
        yield Place(name, channel, address, limits) if address else (name, "no_address")


def judge_place(
    place: Place,
    rule: AlertRule,
    contact: Contact,
    known: Known,
    due: datetime,
    templates: frozenset[str],
) -> Rung | Refusal:
    """May the alert take this way at `due`? `templates` are the channels that have an approved one
    in the customer's language."""
    if refusal := _unwanted(place, rule, contact, known):
        return refusal
    end = window_end(place.limits, known.wrote_at, human=False)
    if place.limits.window_hours is None or (end is not None and due + _MARGIN < end):
        return Rung(place, template=False)
    if not place.limits.templates:
        return "window_closed"
    if place.channel not in templates:
        return "no_template"
    needs = place.channel in rule.opt_in
    return "no_consent" if needs and not _agreed(contact, place, rule) else Rung(place, True)


def _unwanted(place: Place, rule: AlertRule, contact: Contact, known: Known) -> Refusal | None:
    said = _said(contact, place, rule)
    if False in said or (rule.purpose == "marketing" and True not in said):
        return "no_consent"
    if known.stopped or (rule.purpose == "marketing" and known.no_marketing):
        return "opted_out"
    if known.closed:
        return "closed"
    if not place.limits.cold_start and known.seen_at is None:
        return "must_write_first"
    return None


def _agreed(contact: Contact, place: Place, rule: AlertRule) -> bool:
    return True in _said(contact, place, rule)


def _said(contact: Contact, place: Place, rule: AlertRule) -> Sequence[bool]:
    """What the shop knows that he said about such messages on this channel."""
    return [
        consent.granted
        for consent in contact.consents
        if consent.channel == place.channel and consent.purpose == rule.purpose
    ]


def _prefers(contact: Contact, channel: str) -> bool:
    return contact.preferred_channel == channel and channel in contact.addresses


def _named(entry: str, accounts: Mapping[str, tuple[str, Limits]]) -> list[str]:
    """An entry names an account, or all accounts of a channel."""
    if entry in accounts:
        return [entry]
    return [name for name, (channel, _) in accounts.items() if channel == entry]
