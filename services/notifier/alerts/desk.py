"""Decides about alerts: what is told, where, when, and what happens if that does not work.

A decision is true when it stands in `commerce` as the first of its alert and step; it is acted on
when it has come back from there. So two processes that decide at once send one message, and a
restart goes on where the log ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.notifier.alerts.facts import Alert, Story
from services.notifier.alerts.frequency import Frequency, Told
from services.notifier.alerts.pen import Pen, StoryName
from services.notifier.alerts.planner import Planner
from services.notifier.alerts.progress import Advance, End, Release, Rest, next_move
from services.notifier.alerts.quiet import next_allowed, next_quiet, zones_of
from services.notifier.alerts.rules import Fact, current, facts, may_tell_more, overdue_at
from services.notifier.alerts.shelf import Shelf
from services.notifier.gate import Knows
from shared.channels.registry import CHANNELS
from shared.clock import Clock
from shared.config.models import AlertRule, Config, Workspace
from shared.errors import CacheUnavailable
from shared.events.alerts import AlertPlanned, Settlement
from shared.events.commands import NoteAlert
from shared.events.commerce import Contact
from shared.events.outbound import OutboundMessage

log = structlog.get_logger()

_AGAIN = timedelta(seconds=1)
_REMEMBERED = timedelta(days=7)
"""How long a customer's answer is still about an alert, and alerts count for their frequency."""


class Desk:
    """Works on the stories of the partitions it is given. `patience` is how long a message may wait
    for its provider before the next channel is tried."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        pen: Pen,
        contacts: Knows,
        frequency: Frequency,
        patience: timedelta,
    ) -> None:
        self._config = config
        self._clock = clock
        self._pen = pen
        self._contacts = contacts
        self._frequency = frequency
        self._patience = patience
        self._planner = Planner(config, contacts)
        self._released: set[str] = set()

    def arrange(self, shelf: Shelf) -> None:
        """After a rebuild: look soon at what is under way or new, later at what may become late."""
        now = self._clock.now()
        recent = (now - timedelta(days=1)).timestamp() * 1000
        for key, story in shelf.stories.items():
            if story.touched > recent or any(story.open_alerts()):
                shelf.wake(key, now)
            else:
                self._wake_when_overdue(shelf, key, story, now)

    async def look(self, number: int, shelf: Shelf, key: str) -> None:
        """Do what is to be done about one story now. Raises LogUnavailable."""
        story, now = shelf.stories.get(key), self._clock.now()
        workspace = self._config.workspaces.get(story.workspace) if story is not None else None
        if story is None or workspace is None or not shelf.is_complete(key):
            return
        place = _At(StoryName(number, key, story.workspace), shelf, story, workspace)
        try:
            for alert in list(story.open_alerts()):
                await self._go_on(place, alert, now)
            for fact, rule in self._news(place, now):
                await self._step(place, fact, rule, 0, (), now)
        except CacheUnavailable as error:
            log.info("alerts_wait", reason=str(error))
            shelf.wake(key, now + _AGAIN)
        self._wake_when_overdue(shelf, key, story, now)

    def _news(self, place: "_At", now: datetime) -> Iterator[tuple[Fact, AlertRule]]:
        """Facts that nobody has decided about yet."""
        story = place.story
        for name, rule in place.workspace.alerts.items():
            for fact in facts(story, name, rule, place.zones, now):
                decided = fact.alert in story.alerts or fact.alert in story.ended
                if not decided and may_tell_more(story, name, rule, fact.subject):
                    yield fact, rule

    async def _go_on(self, place: "_At", alert: Alert, now: datetime) -> None:
        rule = place.workspace.alerts.get(alert.plan.rule)
        fact = current(place.story, alert, rule, place.zones, now) if rule is not None else None
        message = alert.plan.message
        channel = CHANNELS.get(message.channel)
        move = next_move(
            alert,
            true=fact is not None,
            released=message.id in self._released,
            receipts=channel is not None and channel.limits.receipts,
            fallback=timedelta(minutes=rule.fallback_minutes if rule is not None else 0),
            now=now,
        )
        if alert.outcome is not None:
            self._released.discard(message.id)
        match move:
            case Rest(until):
                if until is not None:
                    place.shelf.wake(place.key, until)
            case End(how, reason):
                place.expect(await self._pen.settled(place.name, alert.plan, how, reason))
            case Release() if fact is not None and rule is not None:
                await self._release(place, alert, fact, rule, now)
            case Advance() if fact is not None and rule is not None:
                await self._advance(place, alert, fact, rule, now)

    async def _advance(
        self, place: "_At", alert: Alert, fact: Fact, rule: AlertRule, now: datetime
    ) -> None:
        message = alert.plan.message
        known = await self._contacts.known(
            message.workspace, message.channel, message.account, message.to
        )
        if (
            known is not None
            and known.seen_at is not None
            and known.seen_at > alert.plan.planned_at
        ):
            place.expect(await self._pen.settled(place.name, alert.plan, "answered"))
        else:
            await self._step(place, fact, rule, alert.plan.step + 1, alert.tried, now)

    async def _step(
        self,
        place: "_At",
        fact: Fact,
        rule: AlertRule,
        step: int,
        tried: tuple[str, ...],
        now: datetime,
    ) -> None:
        """Plan a step; where no channel is left, the alert ends."""
        found = await self._planner.plan(place.key, place.story, fact, rule, step, tried, now)
        if isinstance(found, AlertPlanned):
            place.expect(await self._pen.planned(place.name, found))
        else:
            how: Settlement = "undeliverable" if tried else "not_allowed"
            place.expect(await self._pen.settled(place.name, fact, how, found))

    async def _release(
        self, place: "_At", alert: Alert, fact: Fact, rule: AlertRule, now: datetime
    ) -> None:
        """Hand the message over, unless it is night by now or the customer has had enough."""
        zones, fallback = place.zones(fact.contact), place.workspace.time_zone
        allowed = next_allowed(now, zones, rule.quiet_hours, fallback)
        if allowed > now:
            place.shelf.wake(place.key, allowed)
            return
        told = Told(place.story.workspace, fact.contact.id, fact.alert, now)
        await self._frequency.refresh(place.name.number, _told(place.shelf, now))
        wait = await self._frequency.claim(told, rule.gap_hours)
        if wait > 0:
            place.shelf.wake(place.key, now + timedelta(seconds=wait))
            return
        ends = [now + self._patience, next_quiet(now, zones, rule.quiet_hours)]
        message = alert.plan.message.model_copy(
            update={"written_at": now, "send_before": min(end for end in ends if end is not None)}
        )
        await self._pen.sent(message, _note(alert, message, now + _REMEMBERED))
        self._released.add(message.id)

    def _wake_when_overdue(self, shelf: Shelf, key: str, story: Story, now: datetime) -> None:
        workspace = self._config.workspaces.get(story.workspace)
        if workspace is None or story.contact is None:
            return
        zones = zones_of(story.contact, workspace.time_zone)
        for rule in workspace.alerts.values():
            if rule.when != "shipment_delayed":
                continue
            for shipment in story.shipments.values():
                moment = overdue_at(shipment, rule, zones)
                if moment is not None and moment > now:
                    shelf.wake(key, moment)


@dataclass(frozen=True, slots=True)
class _At:
    """The story that is looked at, and where it stands."""

    name: StoryName
    shelf: Shelf
    story: Story
    workspace: Workspace

    @property
    def key(self) -> str:
        return self.name.key

    def zones(self, contact: Contact) -> tuple[str, ...]:
        return zones_of(contact, self.workspace.time_zone)

    def expect(self, offset: int) -> None:
        self.shelf.expect(self.key, offset)


def _told(shelf: Shelf, now: datetime) -> Iterator[Told]:
    """What went out lately, as far as this partition knows."""
    for story in shelf.stories.values():
        for alert in story.alerts.values():
            plan = alert.plan
            if alert.taken and now - plan.planned_at < _REMEMBERED:
                yield Told(story.workspace, plan.contact, plan.alert, plan.planned_at)


def _note(alert: Alert, message: OutboundMessage, until: datetime) -> NoteAlert:
    about = message.alert
    return NoteAlert(
        workspace=message.workspace,
        conversation_key=message.conversation_key,
        alert=alert.plan.alert,
        rule=alert.plan.rule,
        order=about.order if about is not None else None,
        context=dict(about.context) if about is not None else {},
        until=until,
    )
