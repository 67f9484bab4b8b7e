"""A shop that warns of late parcels: WhatsApp first, then a channel without windows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.channels.account import AccountSettings, ResolvedSecret
from shared.channels.whatsapp.settings import WhatsAppSettings
from shared.config.models import AlertRule, Api, Config, Template, TemplateText, Workspace
from shared.events.alerts import AlertPlanned, AlertSettled
from shared.events.commerce import Consent, Contact, ShipmentChanged
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.events.outbound import OutboundMessage, Receipt
from shared.ids import conversation_key, new_id
from shared.topics import COMMERCE, INBOUND
from tests.platform.notifying import Board, receipt

KEY = "acme/order/77"
PROMISED = date(2026, 5, 12)
NUMBER = "4915112345678"
CONTACT = Contact(
    id="cst-1",
    name="Ada Byron",
    language="de-AT",
    time_zone="UTC",
    preferred_channel="whatsapp",
    addresses={"whatsapp": NUMBER, "steady": "ada"},
    consents=(Consent(channel="whatsapp", granted=True),),
)
TEXTS = Template(
    default_language="en",
    languages={
        "en": TemplateText(text="Parcel {{ shipment }} comes {{ expected }}.", whatsapp="late"),
        "de": TemplateText(
            text="Paket {{ shipment }} kommt am {{ expected }}, {{ first_name }}.",
            whatsapp="late",
            parameters={"shipment": "shipment", "day": "expected"},
        ),
    },
)


def rule(**changes: Any) -> AlertRule:
    """A delay rule without quiet hours."""
    values: dict[str, Any] = {
        "when": "shipment_delayed",
        "template": "late-parcel",
        "channels": ("wa", "steady"),
        "quiet_hours": None,
    }
    return AlertRule(**{**values, **changes})


def shop(base_url: str, **changes: Any) -> Config:
    """A workspace with WhatsApp, the `steady` channel and one delay rule."""
    whatsapp = WhatsAppSettings(
        channel="whatsapp",
        name="wa",
        workspace="acme",
        base_url=f"{base_url}/graph",
        phone_number_id="900100200300",
        app_secret=(ResolvedSecret("a"),),
        access_token=ResolvedSecret("b"),
        verify_token=ResolvedSecret("c"),
    )
    steady = AccountSettings(channel="steady", name="steady", workspace="acme", base_url=base_url)
    workspace = Workspace.model_construct(
        **{
            **Workspace(identity_key=ResolvedSecret("i" * 32), title="Acme").__dict__,
            "channels": {"wa": whatsapp, "steady": steady},
            "templates": {"late-parcel": TEXTS},
            "alerts": {"late-parcel": rule(**changes)},
        }
    )
    api = Api(token_secret=(ResolvedSecret("t" * 32),))
    return Config.model_construct(version=1, api=api, workspaces={"acme": workspace})


def parcel(expected: date | None, state: str = "in_transit", **changes: Any) -> ShipmentChanged:
    """A fact about parcel 1Z77 of order 77."""
    values: dict[str, Any] = {
        "id": new_id("evt"),
        "workspace": "acme",
        "source": "carrier",
        "shipment": "1Z77",
        "order": "77",
        "state": state,
        "promised": PROMISED,
        "expected": expected,
        "contact": CONTACT,
        "occurred_at": datetime.now(UTC),
    }
    return ShipmentChanged(**{**values, **changes})


LATE = PROMISED + timedelta(days=3)


def said(text: str, **changes: Any) -> CustomerEvent:
    """The customer writes on WhatsApp."""
    now = datetime.now(UTC)
    key = conversation_key(b"i" * 32, "acme", "wa", NUMBER)
    action = Action(
        kind="message",
        sender=Sender(address=NUMBER),
        occurred_at=now,
        provider_id=new_id("wamid"),
        text=text,
    )
    values: dict[str, Any] = {
        "id": f"wa:{action.provider_id}",
        "workspace": "acme",
        "channel": "whatsapp",
        "account": "wa",
        "conversation_key": key,
        "received_at": now,
        "action": action,
    }
    return CustomerEvent(**{**values, **changes})


class Shop(Board):
    """The log, as the shop and the carrier see it."""

    async def tell(self, *facts: ShipmentChanged, key: str = KEY) -> None:
        """Append facts to `commerce`."""
        for fact in facts:
            await self.write(COMMERCE, fact, key)

    async def hear(self, event: CustomerEvent) -> None:
        """The customer did something."""
        await self.write(INBOUND, event, event.conversation_key)

    async def plans(self, count: int = 1) -> list[AlertPlanned]:
        """Wait until so many steps are planned."""

        async def enough() -> list[AlertPlanned]:
            found = [e for e in await self.events("commerce") if isinstance(e, AlertPlanned)]
            return found if len(found) >= count else []

        found: list[AlertPlanned] = await self.until(enough)
        return found

    async def ends(self, count: int = 1) -> list[AlertSettled]:
        """Wait until so many alerts have ended."""

        async def enough() -> list[AlertSettled]:
            found = [e for e in await self.events("commerce") if isinstance(e, AlertSettled)]
            return found if len(found) >= count else []

        found: list[AlertSettled] = await self.until(enough)
        return found

    async def sent(self, count: int = 1) -> list[OutboundMessage]:
        """Wait until so many messages are in `outbound`."""

        async def enough() -> list[OutboundMessage]:
            found = await self.events("outbound")
            return found if len(found) >= count else []

        found: list[OutboundMessage] = await self.until(enough)
        return found

    async def delivered(self, sent: OutboundMessage, state: str = "delivered") -> Receipt:
        """Wait until the provider has it, then report what became of it."""
        await self.end(sent)
        report = receipt(sent, state)
        await self.report(report)
        return report
