"""What `patchbay.yaml` may say. Every key is described here; unknown ones are errors."""

from datetime import time
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, SerializeAsAny

from shared.channels.account import AccountSettings, Secret, Secrets
from shared.channels.registry import CHANNELS
from shared.rules import Name, Rules
from shared.strict import Strict


def _account(value: Any) -> Any:
    """Each channel brings its own settings: choose the class by `channel`."""
    if not isinstance(value, dict):
        return value
    channel = value.get("channel")
    if channel not in CHANNELS:
        known = ", ".join(sorted(CHANNELS))
        raise ValueError(f"channel {channel!r} is not one of: {known}")
    return CHANNELS[channel].settings.model_validate(value)


Account = Annotated[SerializeAsAny[AccountSettings], BeforeValidator(_account)]


class TemplateText(Strict):
    """One language of a template: Jinja2 texts, and the name of the provider's approved template.

    `whatsapp` and `messenger` name approved templates; `parameters` are Jinja2 expressions in their
    order, by parameter name.
    """

    text: str
    subject: str | None = None
    voice: str | None = None
    whatsapp: str | None = None
    messenger: str | None = None
    parameters: dict[str, str] = {}


class Template(Strict):
    """A text in every language needed; `default_language` when the customer's is missing."""

    default_language: str = "en"
    languages: dict[str, TemplateText]


class QuietHours(Strict):
    """No alert is sent between `start` and `end`, in the customer's own time zone."""

    start: time = time(21)
    end: time = time(8)


class AlertRule(Strict):
    """When a fact becomes a message. `channels` is the order of trying after the preferred one.

    `delay_hours` is how much later than promised (or than last announced) counts as a delay.
    `most_per_shipment` bounds messages about one shipment, `gap_hours` the time between two alerts
    to one customer. `fallback_minutes` is how long to wait for a delivery receipt before the next
    channel is tried. `opt_in` names channels whose rules ask for the customer's recorded consent
    before an approved template, whatever its purpose.
    """

    when: Literal["shipment_delayed", "shipment_exception", "order_cancelled", "back_in_stock"]
    template: Name
    channels: tuple[Name, ...]
    purpose: Literal["service", "marketing"] = "service"
    delay_hours: Annotated[float, Field(ge=0)] = 24
    most_per_shipment: Annotated[int, Field(ge=1)] = 3
    gap_hours: Annotated[float, Field(ge=0)] = 0
    fallback_minutes: Annotated[float, Field(gt=0)] = 60
    quiet_hours: QuietHours | None = QuietHours()
    opt_in: tuple[str, ...] = ("whatsapp",)


class CommerceSource(Strict):
    """A shop or carrier that sends us facts by signed webhook (`/webhooks/commerce/<name>`)."""

    source: Literal["aftership", "shopify", "signed"]
    secret: Secrets
    shop: str = ""
    name: str = ""
    workspace: str = ""


class Person(Strict):
    """How an agent signs in at our own API: the scrypt hash printed by `patchbay hash-password`."""

    password_hash: Secret


class OpenIdConnect(Strict):
    """Who may issue tokens in production. `keys` is a JWKS file, or the issuer's address of one.

    `agent_claim` holds an agent's name as in `agents`; `workspace_claim` may be missing where there
    is one workspace only, `role_claim` where the role is the one in `agents`.
    """

    issuer: str
    audience: str
    keys: str
    agent_claim: str = "email"
    role_claim: str = "patchbay_role"
    workspace_claim: str = "patchbay_workspace"


class Workspace(Strict):
    """One customer of this installation: nothing in it sees, slows or starves another.

    `identity_key` makes conversation keys opaque; changing it starts every conversation anew.
    `time_zone` is the shop's; `greeting`s and voice menus belong to their channel accounts.
    """

    title: str = ""
    time_zone: str = "UTC"
    languages: tuple[str, ...] = ("en",)
    identity_key: Secret
    channels: dict[Name, Account] = {}
    commerce: dict[Name, CommerceSource] = {}
    rules: Rules = Rules()
    people: dict[Name, Person] = {}
    templates: dict[Name, Template] = {}
    alerts: dict[Name, AlertRule] = {}


class Api(Strict):
    """How the queue API signs its tokens, and whose else it believes."""

    token_secret: Secrets
    token_minutes: Annotated[int, Field(ge=1, le=1440)] = 480
    oidc: OpenIdConnect | None = None


class Config(Strict):
    """The whole file."""

    version: Literal[1] = 1
    api: Api
    workspaces: dict[Name, Workspace]

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
