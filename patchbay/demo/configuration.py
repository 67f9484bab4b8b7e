"""The demo's `patchbay.yaml`, with every provider's address pointing at the loopback providers."""

import base64
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from shared.passwords import Cost, hashed

PHONE_NUMBER_ID = "900100200300"
YOUR_NUMBER_ID = "900100200399"
PAGE_ID = "1000200030"
BUSINESS_ID = "a884eddf-0000-4000-8000-00000000demo"
MSP_ID = "demo-msp"
ACCOUNT_SID = "AC" + "d" * 32
PHONE_NUMBER = "+15550100001"
MAILBOX = "support@shop.example"
AGENTS = {
    "ana": ("german", "english"),
    "ben": ("english",),
    "cem": ("german", "english"),
    "dora": ("german",),
    "eva": ("english", "german"),
    "finn": ("english",),
}
YOU = "you"
"""The agent nobody plays, and the only one who serves what comes to `YOUR_ACCOUNT`."""

YOUR_ACCOUNT = "whatsapp-you"
WORKSPACE = "demo"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the listeners and the loopback providers are, as the other side reaches them."""

    ingest: str = "http://127.0.0.1:8080"
    providers: str = "http://127.0.0.1:8090"
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025


def _word() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is secret between the demo's Patchbay and its providers; new for every run."""

    token: str = field(default_factory=_word)
    identity: str = field(default_factory=_word)
    meta_app: str = field(default_factory=_word)
    meta_access: str = field(default_factory=_word)
    meta_verify: str = field(default_factory=_word)
    apple: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())
    twilio: str = field(default_factory=_word)
    mail_thread: str = field(default_factory=_word)
    shop: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(24)).decode())
    password: str = field(default_factory=_word)

    def environment(self) -> dict[str, str]:
        """The variables that the demo's configuration names."""
        variables = {
            f"DEMO_{name.upper()}": getattr(self, name)
            for name in self.__slots__
            if name != "password"
        }
        return variables | {"DEMO_PASSWORD_HASH": hashed(self.password, Cost(log_n=12, p=1))}


def write_configuration(folder: Path, places: Places) -> Path:
    """Write `patchbay.yaml` into the folder; its secrets are named, not written."""
    jinja = Environment(  # noqa: S701 - YAML, and every value is ours
        loader=PackageLoader("patchbay.demo", "files"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    text = jinja.get_template("patchbay.yaml.j2").render(
        places=places,
        phone_number_id=PHONE_NUMBER_ID,
        your_number_id=YOUR_NUMBER_ID,
        page_id=PAGE_ID,
        business_id=BUSINESS_ID,
        msp_id=MSP_ID,
        account_sid=ACCOUNT_SID,
        phone_number=PHONE_NUMBER,
        mailbox=MAILBOX,
        agents=AGENTS,
        you=YOU,
        your_account=YOUR_ACCOUNT,
        workspace=WORKSPACE,
    )
    file = folder / "patchbay.yaml"
    file.write_text(text)
    return file
