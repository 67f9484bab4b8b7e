"""What `patchbay.yaml` may say. Every key is described here; unknown ones are errors."""

import re
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    SerializeAsAny,
    ValidationError,
)
from pydantic_core import InitErrorDetails

from shared.channels.account import AccountSettings, Secret, Secrets
from shared.channels.registry import CHANNELS
from shared.config.automatic import Automatic, complete
from shared.passwords import is_hash
from shared.rules import Name, Rules
from shared.strict import Strict


def _account(value: Any) -> Any:
    """Each channel brings its own settings: choose the class by `channel`."""
    if not isinstance(value, dict):
        return value
    channel = value.get("channel")
    if not isinstance(channel, str) or channel not in CHANNELS:
        wrong = InitErrorDetails(type="missing", loc=("channel",), input=value)
        if channel is not None:
            known = {"expected": " or ".join(f"'{name}'" for name in sorted(CHANNELS))}
            wrong = InitErrorDetails(
                type="literal_error", loc=("channel",), input=channel, ctx=known
            )
        raise ValidationError.from_exception_data("account", [wrong])
    return CHANNELS[channel].settings.model_validate(value)


def _time_of_day(value: Any) -> Any:
    if isinstance(value, time) or (isinstance(value, str) and _TIME.fullmatch(value)):
        return value
    raise ValueError('write the time as "21:00"')


def _hash(value: SecretStr) -> SecretStr:
    if not is_hash(value.get_secret_value()):
        raise ValueError("this is not a hash printed by `patchbay hash-password`")
    return value


_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Account = Annotated[SerializeAsAny[AccountSettings], BeforeValidator(_account)]


class TemplateText(Strict):
    """One language of a template. Texts are Jinja2, filled in by an alert or an agent."""

    text: str
    """What the customer reads."""
    subject: str | None = None
    """The subject of an e-mail."""
    voice: str | None = None
    """What is read to whoever answers a call; else `text` is."""
    whatsapp: str | None = None
    """The name of the approved template at WhatsApp, sent where the reply window is closed."""
    messenger: str | None = None
    """The name of the approved utility template at Messenger."""
    parameters: dict[str, str] = {}
    """The approved template's parameters in their order, each a Jinja2 expression by its name."""


class Template(Strict):
    """A text in every language needed."""

    default_language: str = "en"
    """Used where the customer's language is missing."""
    languages: dict[str, TemplateText]
    """By language: `de`, or `pt-BR` where the region matters."""


class QuietHours(Strict):
    """When no alert is sent, in the customer's own time zone."""

    start: TimeOfDay = time(21)
    """From this time on,"""
    end: TimeOfDay = time(8)
    """and until this one, on the next day if it is earlier than `start`."""


class AlertRule(Strict):
    """When a fact from a shop or carrier becomes a message."""

    when: Literal["shipment_delayed", "shipment_exception", "order_cancelled", "back_in_stock"]
    """The fact."""
    template: Name
    """The message: a name in `templates`."""
    channels: tuple[Name, ...]
    """Accounts, or channels for all their accounts, in the order of trying. The channel that the
    customer prefers comes first."""
    purpose: Literal["service", "marketing"] = "service"
    """Marketing needs a recorded consent, and ends with its withdrawal."""
    delay_hours: Annotated[float, Field(ge=0)] = 24
    """How much later than promised, or than last announced, is a delay."""
    most_per_shipment: Annotated[int, Field(ge=1)] = 3
    """Messages about one shipment."""
    gap_hours: Annotated[float, Field(ge=0)] = 0
    """The time between two alerts to one customer."""
    fallback_minutes: Annotated[float, Field(gt=0)] = 60
    """How long to wait for a delivery receipt before the next channel is tried."""
    quiet_hours: QuietHours | None = QuietHours()
    """When to wait; `null` for never."""
    opt_in: tuple[str, ...] = ("whatsapp",)
    """Channels whose rules ask for a recorded consent before an approved template, whatever its
    purpose."""


class CommerceSource(Strict):
    """A shop or carrier that sends facts by signed webhook to `/webhooks/commerce/<name>`."""

    source: Literal["aftership", "shopify", "signed"]
    """Who sends; `signed` is our own format (docs/commerce.md)."""
    secret: Secrets
    """What signs its webhooks."""
    shop: str = ""
    """Shopify: the only shop taken, as `the-shop.myshopify.com`."""
    name: str = ""
    workspace: str = ""


class Person(Strict):
    """How an agent signs in at our own API."""

    password_hash: Annotated[Secret, AfterValidator(_hash)]
    """What `patchbay hash-password` printed."""


class OpenIdConnect(Strict):
    """Whose tokens are believed besides our own (OpenID Connect)."""

    issuer: str
    """The `iss` of its tokens."""
    audience: str
    """The `aud` of tokens meant for us."""
    keys: str
    """Its JWKS: an `https://` address, or a file."""
    agent_claim: str = "preferred_username"
    """The claim that holds the agent's name, as in `agents`."""
    role_claim: str = "patchbay_role"
    """May be missing: then the role in `agents` counts."""
    workspace_claim: str = "patchbay_workspace"
    """May be missing where there is one workspace only."""


class Workspace(Strict):
    """One customer of this installation: nothing in it sees, slows or starves another."""

    title: str = ""
    """What people call it; `shop` in the templates of alerts."""
    time_zone: str = "UTC"
    """The shop's, for customers whose own is not known."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = ("en",)
    """What the shop speaks, the usual one first."""
    identity_key: Secret
    """Makes conversation keys opaque. Changing it begins every conversation anew."""
    channels: dict[Name, Account] = {}
    """The accounts customers write to. Names are part of the webhook addresses."""
    commerce: dict[Name, CommerceSource] = {}
    """Shops and carriers that send facts."""
    rules: Rules = Rules()
    """Who gets what, and when."""
    people: dict[Name, Person] = {}
    """Agents who sign in with a password."""
    automatic: Annotated[
        dict[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], Automatic], AfterValidator(complete)
    ] = {}
    """What customers are told by itself while they wait, by language."""
    templates: dict[Name, Template] = {}
    """Texts for alerts and for replies beyond the reply window."""
    alerts: dict[Name, AlertRule] = {}
    """What customers are told before they ask."""


class Api(Strict):
    """How agents sign in."""

    token_secret: Secrets
    """Signs the tokens of agents who sign in here."""
    token_minutes: Annotated[int, Field(ge=1, le=1440)] = 480
    """How long a token is good."""
    oidc: OpenIdConnect | None = None
    """Whose tokens are believed besides."""


class Config(Strict):
    """The whole file."""

    version: Literal[1] = 1
    """The format of this file."""
    api: Api
    """How agents sign in."""
    workspaces: dict[Name, Workspace]
    """The shops served here."""

    def accounts(self) -> dict[tuple[str, str], AccountSettings]:
        """Every channel account by (channel, account name); names are unique per channel."""
        return {
            (account.channel, account.name): account
            for workspace in self.workspaces.values()
            for account in workspace.channels.values()
        }

    def identity_key(self, workspace: str) -> bytes:
        """The secret that makes this workspace's conversation keys opaque."""
        secret: SecretStr = self.workspaces[workspace].identity_key
        return secret.get_secret_value().encode()
