"""From a fact and a way that is allowed to the message that goes out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.notifier.addresses import thread_of
from services.notifier.alerts.facts import Shipment, Story
from services.notifier.alerts.ladder import Place, Rung
from services.notifier.alerts.rules import Fact
from services.notifier.alerts.texts import Words
from shared.config.models import AlertRule, Config
from shared.events.alerts import AlertPlanned
from shared.events.outbound import Alert, MailThread, OutboundMessage, Template
from shared.ids import conversation_key, derived_id

Value = str | int | date | None


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that goes into a plan. `rest` are the accounts to be tried after this one."""

    key: str
    fact: Fact
    rule: AlertRule
    rung: Rung
    rest: tuple[str, ...]
    step: int
    words: Words
    due: datetime


def values_of(story: Story, fact: Fact, shop: str) -> dict[str, Value]:
    """What a template may use; what is not known is empty."""
    shipment, stock = _shipment(story, fact), story.stocks.get(_id(fact))
    latest = shipment.latest if shipment is not None else None
    name = fact.contact.name or ""
    return {
        "name": name,
        "first_name": name.split(" ")[0],
        "shop": shop,
        "order": order_number(story, fact) or "",
        "shipment": latest.shipment if latest else "",
        "carrier": (latest.carrier if latest else None) or "",
        "tracking_url": (latest.tracking_url if latest else None) or "",
        "state": latest.state if latest else "",
        "promised": (shipment.promised if shipment else None) or "",
        "expected": fact.announced or (shipment.expected if shipment else None) or "",
        "days_late": fact.days_late,
        "product": (stock.latest.title or stock.latest.product) if stock else "",
        "available": stock.latest.available if stock else 0,
    }


def order_number(story: Story, fact: Fact) -> str | None:
    """The order as the customer knows it."""
    if story.order is not None:
        return story.order.number or story.order.order
    shipment = _shipment(story, fact)
    return shipment.latest.order if shipment is not None else None


def plan(config: Config, story: Story, draft: Draft, now: datetime) -> AlertPlanned:
    """The plan with its whole message, as it will go out unless the facts change."""
    fact, place = draft.fact, draft.rung.place
    message = OutboundMessage(
        id=derived_id("msg", fact.alert, str(draft.step), place.account),
        workspace=story.workspace,
        channel=place.channel,
        account=place.account,
        conversation_key=_conversation(config, story.workspace, fact.alert, place),
        kind="alert",
        to=place.address,
        language=draft.words.language,
        text=draft.words.voice if place.channel == "phone" else draft.words.text,
        template=_template(draft),
        mail=_mail(place, draft.words, config.workspaces[story.workspace].title),
        alert=_about(story, draft),
        written_at=now,
    )
    return AlertPlanned(
        workspace=story.workspace,
        alert=fact.alert,
        rule=fact.rule,
        subject=fact.subject,
        contact=fact.contact.id,
        step=draft.step,
        due=draft.due,
        announced=fact.announced,
        message=message,
        planned_at=now,
    )


def _about(story: Story, draft: Draft) -> Alert:
    fact, shipment = draft.fact, _shipment(story, draft.fact)
    return Alert(
        id=fact.alert,
        rule=fact.rule,
        order=order_number(story, fact),
        shipment=shipment.latest.shipment if shipment is not None else None,
        customer=draft.key,
        ladder=draft.rest,
        context=_context(fact, shipment),
        purpose=draft.rule.purpose,
    )


def _conversation(config: Config, workspace: str, alert: str, place: Place) -> str:
    """Where the customer's answer will arrive. A mail begins a thread of its own; the answer names
    it by the token in our address."""
    thread = thread_of(place.channel, place.address)
    if place.channel == "email":
        thread = (alert, *thread)
    return conversation_key(config.identity_key(workspace), workspace, place.account, *thread)


def _template(draft: Draft) -> Template | None:
    if not draft.rung.template:
        return None
    words = draft.words
    name = words.approved[draft.rung.place.channel]
    return Template(name=name, language=words.language, parameters=dict(words.parameters))


def _mail(place: Place, words: Words, shop: str) -> MailThread | None:
    if place.channel != "email":
        return None
    return MailThread(subject=words.subject or shop or words.text[:60])


def _context(fact: Fact, shipment: Shipment | None) -> dict[str, str]:
    """What the agent sees beside the customer's answer."""
    known: Mapping[str, Value] = {
        "shipment": shipment.latest.shipment if shipment else None,
        "shipment_state": shipment.latest.state if shipment else None,
        "carrier": shipment.latest.carrier if shipment else None,
        "promised": shipment.promised if shipment else None,
        "expected": fact.announced,
    }
    return {name: str(value) for name, value in known.items() if value}


def _shipment(story: Story, fact: Fact) -> Shipment | None:
    return story.shipments.get(_id(fact)) if fact.subject.startswith("shipment/") else None


def _id(fact: Fact) -> str:
    return fact.subject.partition("/")[2]
