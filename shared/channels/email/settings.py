"""What `patchbay.yaml` says about one e-mail account."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.channels.account import AccountSettings, Secret, Secrets
from shared.channels.email.addresses import Mailbox
from shared.strict import Strict

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Submission(Strict):
    """The server that takes our mail (RFC 6409); it signs with DKIM and delivers.

    `connections` is how many are kept open, `timeout_seconds` bounds every step of the dialogue.
    `hostname` is what we call ourselves in EHLO.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    hostname: str = "localhost"
    username: str | None = None
    password: Secret | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    connections: Annotated[int, Field(ge=1, le=20)] = 2

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> "Submission":
        if self.password is not None and self.tls == "none" and self.host not in _LOOPBACK:
            raise ValueError("a password needs tls: starttls or implicit")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password come together")
        return self


class MailLimits(Strict):
    """What a mail may have before we read it; more goes to `dead-letters` unread.

    The standard library's header parsing is quadratic, its MIME parsing recursive (CPython issue
    136063): sizes are checked first. `header_bytes` is all headers of one part together,
    `field_bytes` one address or Content header.
    """

    header_bytes: int = 65_536
    field_bytes: int = 8_192
    addresses: int = 200
    parts: int = 64
    depth: int = 8
    lines: int = 600_000
    text_bytes: int = 262_144


class EmailSettings(AccountSettings):
    """One set of mailboxes that answer with one voice.

    `addresses` are the mailboxes we serve; the first is the one we write from. `bounce_address` is
    the mailbox that takes bounces (default `bounce@` the domain) and must reach us too. `domain`
    names us in Message-IDs (default: of the first address). `thread_secret` signs the reply tokens
    (two during a rotation), `webhook_keys` are Mailgun's HTTP webhook signing keys.
    `authserv_id` is the name under which our own border server writes Authentication-Results (RFC
    8601); empty: none is believed. `html` adds an HTML version to what we send.
    """

    channel: Literal["email"] = "email"
    addresses: Annotated[tuple[Mailbox, ...], Field(min_length=1, max_length=50)]
    from_name: Annotated[str, Field(max_length=100)] = ""
    domain: str = ""
    bounce_address: Mailbox | None = None
    submission: Submission = Submission()
    thread_secret: Annotated[Secrets, Field(min_length=1)]
    webhook_keys: Secrets = ()
    webhook_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300
    authserv_id: str = ""
    html: bool = True
    limits: MailLimits = MailLimits()

    @property
    def address(self) -> str:
        """The mailbox we write from."""
        return self.addresses[0]

    @property
    def served(self) -> frozenset[str]:
        """Our mailboxes. The one for bounces may be shared: its addresses say whose they are."""
        return frozenset(self.addresses)

    @property
    def id_domain(self) -> str:
        """The right-hand side of our Message-IDs."""
        return (self.domain or self.address.rpartition("@")[2]).lower()

    @property
    def bounces(self) -> str:
        """The mailbox bounces go to."""
        return self.bounce_address or f"bounce@{self.address.rpartition('@')[2]}"

    @property
    def mailboxes(self) -> frozenset[str]:
        """Every mailbox the listener must take mail for."""
        return frozenset((*self.addresses, self.bounces))

    def secrets(self) -> tuple[bytes, ...]:
        """The live thread secrets, newest first."""
        return tuple(secret.get_secret_value().encode() for secret in self.thread_secret)
