"""What is known about one order: the fold of its records in `commerce`. Pure.

A record key is one order with its parcels (or one parcel, or one product, where there is no order).
Facts may come late and out of order: of each parcel, order and product the latest counts, by the
time at its source.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from shared.events.alerts import AlertPlanned, AlertReported, AlertSettled
from shared.events.commerce import (
    Contact,
    OrderChanged,
    ShipmentChanged,
    ShipmentState,
    StockChanged,
)
from shared.events.outbound import OutcomeKind

Record = ShipmentChanged | OrderChanged | StockChanged | AlertPlanned | AlertReported | AlertSettled

_RANK: dict[ShipmentState, int] = {"lost": 1, "cancelled": 1, "delivered": 2, "returned": 3}
"""The ends of a parcel's way: a higher one replaces a lower one whatever their times, and nothing
but a higher one replaces it. Every other state is 0."""


@dataclass(slots=True)
class Shipment:
    """One parcel as of its latest fact. `first_expected` is what the carrier announced first."""

    latest: ShipmentChanged
    promised: date | None = None
    expected: date | None = None
    first_expected: date | None = None

    @property
    def finished(self) -> bool:
        """It has arrived, or never will."""
        return _RANK.get(self.latest.state, 0) > 0


@dataclass(slots=True)
class Stock:
    """A product's stock. `rose_at` is when it last came back from nothing."""

    latest: StockChanged
    rose_at: datetime | None = None


@dataclass(slots=True)
class Alert:
    """One alert: its present step, what became of that, and how it ended.

    `reported_at` is when the present step's outcome was read, in Unix milliseconds. `reached` is
    true when any step got to the customer for certain; `taken` when a provider took any.
    """

    plan: AlertPlanned
    messages: set[str] = field(default_factory=set)
    outcome: OutcomeKind | None = None
    failed: bool = False
    reported_at: int = 0
    reached: bool = False
    taken: bool = False
    tried: tuple[str, ...] = ()
    settled: AlertSettled | None = None


@dataclass(slots=True)
class Story:
    """Everything under one record key."""

    workspace: str
    touched: int
    order: OrderChanged | None = None
    contact: Contact | None = None
    contact_at: datetime | None = None
    shipments: dict[str, Shipment] = field(default_factory=dict)
    stocks: dict[str, Stock] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    ended: dict[str, AlertSettled] = field(default_factory=dict)

    def open_alerts(self) -> Iterator[Alert]:
        """Alerts that have not ended."""
        return (alert for alert in self.alerts.values() if alert.settled is None)

    def apply(self, record: Record, timestamp: int) -> None:
        """Fold the next record; `timestamp` is its append time in Unix milliseconds."""
        self.touched = max(self.touched, timestamp)
        match record:
            case ShipmentChanged():
                self._shipment(record)
            case OrderChanged():
                self._order(record)
            case StockChanged():
                self._stock(record)
            case AlertPlanned():
                self._planned(record)
            case AlertReported():
                self._reported(record, timestamp)
            case AlertSettled():
                self._settled(record)

    def _shipment(self, fact: ShipmentChanged) -> None:
        known = self.shipments.get(fact.shipment)
        self._meet(fact.contact, fact.occurred_at)
        if known is None:
            self.shipments[fact.shipment] = Shipment(
                fact, fact.promised, fact.expected, fact.expected
            )
            return
        ahead = _RANK.get(fact.state, 0) - _RANK.get(known.latest.state, 0)
        newer = fact.occurred_at >= known.latest.occurred_at
        if newer and not known.finished:
            known.promised = fact.promised or known.promised
            known.expected = fact.expected or known.expected
            known.first_expected = known.first_expected or fact.expected
        if ahead > 0 or (ahead == 0 and newer):
            known.latest = fact

    def _order(self, fact: OrderChanged) -> None:
        self._meet(fact.contact, fact.occurred_at)
        if self.order is None or fact.occurred_at >= self.order.occurred_at:
            cancelled = self.order is not None and self.order.state == "cancelled"
            if not cancelled or fact.state in ("cancelled", "refunded"):
                self.order = fact

    def _stock(self, fact: StockChanged) -> None:
        known = self.stocks.get(fact.product)
        if known is None:
            self.stocks[fact.product] = Stock(fact)
        elif fact.occurred_at >= known.latest.occurred_at:
            if known.latest.available <= 0 < fact.available:
                known.rose_at = fact.occurred_at
            elif fact.available <= 0:
                known.rose_at = None
            known.latest = fact

    def _meet(self, contact: Contact | None, at: datetime) -> None:
        if contact is not None and (self.contact_at is None or at >= self.contact_at):
            self.contact, self.contact_at = contact, at

    def _planned(self, plan: AlertPlanned) -> None:
        if plan.alert in self.ended:
            return
        known = self.alerts.get(plan.alert)
        if known is None:
            known = self.alerts[plan.alert] = Alert(plan)
        elif plan.step <= known.plan.step or known.settled is not None:
            return  # somebody else planned this step first
        known.plan, known.outcome, known.failed = plan, None, False
        known.messages.add(plan.message.id)
        known.tried = (*known.tried, plan.message.account)

    def _reported(self, report: AlertReported, timestamp: int) -> None:
        alert = self.alerts.get(report.alert)
        if alert is None or report.message_id not in alert.messages:
            return
        alert.taken = alert.taken or report.outcome == "accepted"
        alert.reached = alert.reached or report.status in ("delivered", "read", "played")
        if report.message_id != alert.plan.message.id:
            return
        alert.failed = alert.failed or report.status == "failed"
        if alert.outcome is None or alert.outcome == "unknown":
            alert.outcome = report.outcome
            alert.reported_at = timestamp

    def _settled(self, end: AlertSettled) -> None:
        alert = self.alerts.get(end.alert)
        if alert is None:
            self.ended.setdefault(end.alert, end)  # it ended before anything was planned
        elif alert.settled is None:
            alert.settled = end
