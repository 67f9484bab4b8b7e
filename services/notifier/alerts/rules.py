"""When a fact is worth a message: the rules of `patchbay.yaml` over what is known. Pure.

The same fact makes the same alert id, so it is told once. A delay is measured against what the
customer was told last: the promise, or the date in the last alert that reached a provider.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from services.notifier.alerts.facts import Alert, Shipment, Story
from shared.config.models import AlertRule
from shared.events.commerce import Contact, ShipmentState
from shared.ids import derived_id

_EXCEPTIONS: frozenset[ShipmentState] = frozenset(
    {"exception_address", "exception_hold", "damaged", "lost", "returning", "returned"}
)
_UNDER_WAY: frozenset[ShipmentState] = frozenset(
    {"label_created", "accepted", "in_transit", "customs", "out_for_delivery", "delayed"}
)
_OVERDUE_UNTIL = timedelta(days=3)
"""A parcel that has been overdue for longer is old news, not an alert."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something worth telling. `alert` names it for ever; `announced` is the date that is told."""

    alert: str
    rule: str
    subject: str
    contact: Contact
    announced: date | None = None
    days_late: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    fact: str
    announced: date | None = None
    days_late: int = 0


Zones = Callable[[Contact], tuple[str, ...]]


def facts(
    story: Story,
    name: str,
    rule: AlertRule,
    zones: Zones,
    now: datetime,
    without: str | None = None,
) -> Iterator[Fact]:
    """Every fact that is worth telling now; as if the alert `without` had not been told yet."""
    if rule.when == "back_in_stock":
        yield from _stock(story, name)
    elif story.contact is None:
        return
    elif rule.when == "order_cancelled":
        if story.order is not None and story.order.state == "cancelled":
            yield _fact(story, name, f"order/{story.order.order}", _Found("cancelled"))
    else:
        for shipment_id, shipment in story.shipments.items():
            subject = f"shipment/{shipment_id}"
            if rule.when == "shipment_exception":
                found = _exception(shipment)
            else:
                earlier = _told(story, name, subject, without)
                found = _delay(shipment, rule, earlier, zones(story.contact), now)
            if found is not None:
                yield _fact(story, name, subject, found)


def current(
    story: Story, alert: Alert, rule: AlertRule, zones: Zones, now: datetime
) -> Fact | None:
    """The alert's fact, if it would be told again from what is known now."""
    made, name = alert.plan.alert, alert.plan.rule
    found = facts(story, name, rule, zones, now, without=made)
    return next((fact for fact in found if fact.alert == made), None)


def may_tell_more(story: Story, name: str, rule: AlertRule, subject: str) -> bool:
    """May there be one more message about this, or has the customer had enough of it?"""
    counted = sum(
        alert.taken or alert.settled is None
        for alert in story.alerts.values()
        if alert.plan.rule == name and alert.plan.subject == subject
    )
    return counted < rule.most_per_shipment


def overdue_at(shipment: Shipment, rule: AlertRule, zones: tuple[str, ...]) -> datetime | None:
    """When a parcel that has not come is late: its day is over in every zone it may be going to,
    and so many hours more have passed."""
    day = max((d for d in (shipment.promised, shipment.expected) if d is not None), default=None)
    if shipment.promised is None or day is None or shipment.latest.state not in _UNDER_WAY:
        return None
    ends = [
        datetime.combine(day + timedelta(days=1), time_of_day(), ZoneInfo(zone)) for zone in zones
    ]
    return max(ends) + timedelta(hours=rule.delay_hours)


def _delay(
    shipment: Shipment, rule: AlertRule, told: list[Alert], zones: tuple[str, ...], now: datetime
) -> _Found | None:
    if shipment.finished or shipment.latest.state in _EXCEPTIONS:
        return None
    dates = [alert.plan.announced for alert in told if alert.plan.announced is not None]
    base = max(dates) if dates else shipment.promised or shipment.first_expected
    expected = shipment.expected
    if expected is not None and base is not None and expected > base:
        late = expected - base
        if late >= timedelta(hours=rule.delay_hours):
            return _Found(f"expected:{expected.isoformat()}", expected, late.days)
    if shipment.latest.state == "delayed" and not told:
        announced = expected if expected is not None and expected != base else None
        return _Found("delayed", announced)
    moment = overdue_at(shipment, rule, zones)
    if moment is not None and moment <= now < moment + _OVERDUE_UNTIL and not told:
        return _Found(f"overdue:{shipment.promised}")
    return None


def _exception(shipment: Shipment) -> _Found | None:
    state = shipment.latest.state
    return _Found(f"state:{state}") if state in _EXCEPTIONS else None


def _stock(story: Story, name: str) -> Iterator[Fact]:
    for product, stock in story.stocks.items():
        if stock.rose_at is None:
            continue
        for contact in stock.latest.waiting:
            found = _Found(f"rose:{stock.rose_at.isoformat()}:{contact.id}")
            yield _fact(story, name, f"product/{product}", found, contact)


def _told(story: Story, name: str, subject: str, without: str | None) -> list[Alert]:
    """What a provider has taken about this, whatever became of it then."""
    return [
        alert
        for made, alert in story.alerts.items()
        if made != without
        and alert.taken
        and (alert.plan.rule, alert.plan.subject) == (name, subject)
    ]


def _fact(
    story: Story, name: str, subject: str, found: _Found, contact: Contact | None = None
) -> Fact:
    return Fact(
        alert_id(story, name, subject, found.fact),
        name,
        subject,
        contact or story.contact or Contact(id=""),
        found.announced,
        found.days_late,
    )


def alert_id(story: Story, name: str, subject: str, fact: str) -> str:
    """The fact's name. One that was withdrawn before anybody heard of it may come true again."""
    generation = 0
    while True:
        made = derived_id("alr", story.workspace, name, subject, fact, str(generation))
        known = story.alerts.get(made)
        withdrawn = (
            known is not None
            and known.settled is not None
            and known.settled.how == "withdrawn"
            and known.outcome is None
        )
        if not withdrawn:
            return made
        generation += 1
