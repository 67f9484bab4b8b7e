"""One request of a call: Twilio's parameters, and what we carry from step to step in our URLs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from shared.channels import HttpRequest
from shared.channels.phone.seal import seal, unseal
from shared.channels.phone.settings import PhoneSettings
from shared.channels.phone.signature import form_of
from shared.errors import PayloadInvalid

_CALL = re.compile(r"CA[0-9a-fA-F]{32}")
_WORD = re.compile(r"[\w.-]{1,80}")
_LIKE_A_NUMBER = re.compile(r"[+0-9][0-9 ()/.\u2010-\u2015-]{5,30}")
_ADDRESS = re.compile(r"\+[1-9]\d{6,14}|(sip|client):[^\s<>\"]{1,250}")
_WITHHELD = frozenset({"+266696687", "+86282452253", "+7378742833", "+2562533", "+8656696"})
"""Keypad spellings of ANONYMOUS, UNAVAILABLE, RESTRICTED, BLOCKED and UNKNOWN."""


OTHER_LEGS = frozenset({"leg", "agent", "callback"})
"""Steps whose From and To may be an agent's."""


@dataclass(frozen=True, slots=True)
class Bag:
    """What a step hands to the next one in its URL, which Twilio signs with everything else.

    `step` counts the steps of a call, `round` the tries in the menu or the rounds of waiting;
    `customer` travels sealed; `message` is the outbound message that made this call or leg.
    """

    step: int = 0
    round: int = 0
    language: str = ""
    choice: str = ""
    message: str = ""
    customer: str = ""

    @property
    def mark(self) -> str:
        """What tells this step from every other of the same call."""
        return f"{self.message}.{self.step}" if self.message else str(self.step)

    def link(self, account: PhoneSettings, path: str) -> str:
        """The public address of a step. Its fragment is for Twilio, which keeps it to itself.

        (Twilio, "Webhooks: connection overrides": `rc` retries, `rp` after which failures.)
        """
        sealed = seal(self.customer, account.auth_tokens[0]) if self.customer else ""
        fields = {
            "n": self.step or "",
            "r": self.round or "",
            "lang": self.language,
            "menu": self.choice,
            "m": self.message,
            "c": sealed,
        }
        query = urlencode({name: value for name, value in fields.items() if value})
        base = f"{account.public_url.rstrip('/')}/webhooks/phone/{account.name}/{path}"
        retry = f"#rc={account.retries}&rp=ct,rt,5xx" if account.retries else ""
        return (f"{base}?{query}" if query else base) + retry


@dataclass(frozen=True, slots=True)
class Turn:
    """One request about one call; `path` is the step, `form` what Twilio sent."""

    path: str
    call: str
    bag: Bag
    form: Mapping[str, str]

    def get(self, name: str) -> str:
        """A parameter of Twilio's, empty when it is absent."""
        return self.form.get(name, "")

    def whole(self, name: str) -> int | None:
        """A parameter that is a count or a number of seconds."""
        value = self.get(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None

    @property
    def customer(self) -> str:
        """Who the customer is: his number or SIP address; the call itself when it is withheld."""
        if self.bag.customer:
            return self.bag.customer
        given = self.get("To" if self.get("Direction").startswith("outbound") else "From")
        theirs = self.path not in OTHER_LEGS and reachable(given)
        return given if theirs else self.parent

    @property
    def parent(self) -> str:
        """The call as the customer's side knows it: legs are children of it."""
        return self.get("ParentCallSid") or self.call

    def next(
        self, *, round_: int = 0, language: str | None = None, choice: str | None = None
    ) -> Bag:
        """What the step after this one is given; language and choice stay unless they change."""
        return replace(
            self.bag,
            step=self.bag.step + 1,
            round=round_,
            language=language or self.bag.language,
            choice=choice or self.bag.choice,
            customer=self.customer,
        )


def reachable(address: str) -> bool:
    """Can this address be called?"""
    return bool(_ADDRESS.fullmatch(address)) and address not in _WITHHELD


def canonical(address: str) -> str:
    """The one spelling of an address: a number as E.164, whatever stands between its digits."""
    text = address.strip()
    if not _LIKE_A_NUMBER.fullmatch(text):
        return text
    digits = "".join(filter(str.isdigit, text))
    return f"+{digits.removeprefix('00')}" if text.startswith(("+", "00")) else digits


def is_call(text: str) -> bool:
    """Is this a call id of Twilio's?"""
    return bool(_CALL.fullmatch(text))


def read(request: HttpRequest, account: PhoneSettings) -> Turn:
    """Raises PayloadInvalid when it is not a voice request of this account."""
    try:
        form = dict(reversed(form_of(request)))  # of a repeated parameter the first counts
        parts = urlsplit(request.url)
        ours = dict(parse_qsl(parts.query, errors="strict", max_num_fields=500))
    except ValueError:
        raise PayloadInvalid("the body is not a form in UTF-8") from None
    call = form.get("CallSid", "")
    if not is_call(call):
        raise PayloadInvalid("CallSid is missing or malformed")
    if form.get("AccountSid", account.account_sid) != account.account_sid:
        raise PayloadInvalid("AccountSid is another account's")
    return Turn(_path(parts.path, account), call, _bag(ours, form, account), form)


def _path(path: str, account: PhoneSettings) -> str:
    return path.partition(f"/webhooks/phone/{account.name}")[2].strip("/")


def _bag(ours: Mapping[str, str], form: Mapping[str, str], account: PhoneSettings) -> Bag:
    wanted = ours.get("lang") or account.language_by_country.get(form.get("FromCountry", ""))
    return Bag(
        step=_count(ours.get("n", "")),
        round=_count(ours.get("r", "")),
        language=account.spoken(wanted),
        choice=_word(ours.get("menu", "")),
        message=_word(ours.get("m", "")),
        customer=unseal(ours.get("c", ""), account.auth_tokens) or "",
    )


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text) else ""
