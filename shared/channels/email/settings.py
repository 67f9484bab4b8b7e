"""What `patchbay.yaml` says about one e-mail account."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.channels.account import AccountSettings, Secret, Secrets
from shared.channels.email.addresses import Mailbox
from shared.strict import Strict

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Submission(Strict):
    """The server that takes our mail (RFC 6409); it signs with DKIM and delivers."""

    host: str = "127.0.0.1"
    """Its name."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Its port."""
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    """A password is never sent without."""
    hostname: str = "localhost"
    """What we call ourselves in EHLO."""
    username: str | None = None
    """Comes with a password."""
    password: Secret | None = None
    """Comes with a username."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    """Bounds every step of the dialogue."""
    connections: Annotated[int, Field(ge=1, le=20)] = 2
    """How many are kept open."""

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
    136063): sizes are checked first.
    """

    header_bytes: int = 65_536
    """All headers of one part together."""
    field_bytes: int = 8_192
    """One address or Content header."""
    addresses: int = 200
    """Addresses in one header."""
    parts: int = 64
    """MIME parts."""
    depth: int = 8
    """Parts inside parts inside parts."""
    lines: int = 600_000
    """Lines of the whole mail."""
    text_bytes: int = 262_144
    """The text that is kept; more is cut, and says so."""


class EmailSettings(AccountSettings):
    """One set of mailboxes that answer with one voice."""

    channel: Literal["email"] = "email"
    addresses: Annotated[tuple[Mailbox, ...], Field(min_length=1, max_length=50)]
    """The mailboxes; the first is the one we write from."""
    from_name: Annotated[str, Field(max_length=100)] = ""
    """The name beside that address."""
    domain: str = ""
    """Names us in Message-IDs; else the first address's domain."""
    bounce_address: Mailbox | None = None
    """The mailbox that takes bounces, and must reach us too; else `bounce@` the first domain."""
    submission: Submission = Submission()
    """How mail leaves."""
    thread_secret: Annotated[Secrets, Field(min_length=1)]
    """Signs the tokens by which an answer finds its conversation."""
    webhook_keys: Secrets = ()
    """Mailgun's HTTP webhook signing keys."""
    webhook_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300
    """How old a signed Mailgun request may be."""
    authserv_id: str = ""
    """The name under which our own border server writes Authentication-Results (RFC 8601); without
    it none is believed."""
    html: bool = True
    """Add an HTML version to what we send."""
    limits: MailLimits = MailLimits()
    """What a mail may have at most."""

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
