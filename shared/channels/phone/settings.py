"""What `patchbay.yaml` may say about a phone account: numbers, menu and every spoken text."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.channels.account import AccountSettings, Secret, Secrets
from shared.rules import Name
from shared.rules.hours import Hours
from shared.strict import Strict

Do = Literal["queue", "voicemail", "callback", "hangup", "menu"]
_PLACE = re.compile(r"\{[^}]*\}?|\}")
_PLACES = {
    "position": frozenset({"{position}"}),
    "expected": frozenset({"{minutes}", "{at_most}"}),
}


E164 = Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Digit = Annotated[str, Field(pattern=r"^[0-9*]$")]
Text = Annotated[str, Field(min_length=1, max_length=1500)]
"""Spoken text; the longest keeps every answer far below the provider's 64 KB (Twilio 11750)."""


class Speech(Strict):
    """What a caller hears in one language. The defaults are English; any other language must give
    every text of its own."""

    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")] = "en-US"
    """The provider's name of the language."""
    voice: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")] | None = None
    """The provider's name of a voice."""
    greeting: Text = "Thank you for calling."
    """First of all."""
    menu: Annotated[str, Field(max_length=1500)] = ""
    """Says which digits there are; needed where there are options."""
    not_understood: Text = "Sorry, I did not get that."
    """After a try without a choice."""
    queued: Text = "Please hold. The next free agent will help you."
    """When the waiting begins."""
    waiting: Text = "Thank you for waiting."
    """Between two rounds of music, where the place is not known."""
    next: Text = "You are next in line."
    """In the first place."""
    position: Text = "You are number {position} in line."
    """In any other place."""
    soon: Text = "The expected wait is less than two minutes."
    """The expected wait, if nine in ten wait less than two minutes."""
    expected: Text = (
        "Half of all callers in this place wait no longer than {minutes} minutes, nine in ten no "
        "longer than {at_most}."
    )
    """The expected wait, if it is not: half of all callers in this place wait no longer than
    `{minutes}` minutes, nine in ten no longer than `{at_most}`."""
    callback_offer: Text = "To be called back instead of waiting, press {digit}."
    """While waiting, if there is a `callback_digit`."""
    callback_confirmed: Text = "We will call you back on the number you are calling from. Goodbye."
    """When a callback was asked for."""
    connecting: Text = "You are being connected now."
    """When an agent has accepted."""
    missed: Text = "Sorry, that did not work. You keep your place in line."
    """When the agent's phone was not answered."""
    too_long: Text = "All our agents are still busy."
    """After `max_wait_seconds`."""
    closed: Text = "We are closed at the moment."
    """Outside the hours."""
    voicemail: Text = "Please leave a message after the tone. Press the hash key when you are done."
    """Before a message is recorded."""
    voicemail_thanks: Text = "Thank you for your message. We will get back to you."
    """After it."""
    goodbye: Text = "Goodbye."
    """Before we hang up."""
    alert_choice: Text = "To speak to us, press 1. To receive no more such calls, press 9."
    """After the text of an alert."""
    opted_out: Text = "You will receive no more such calls. Goodbye."
    """When 9 was pressed there."""
    agent_intro: Text = "This is a callback. Connecting you to the customer."
    """To the agent, before the customer is called."""
    callback_here: Text = "This is the callback you asked for. You are being connected now."
    """To the customer, where his phone rings before any agent's."""
    agent_missed: Text = "The customer could not be reached."
    """To the agent, when the customer did not answer."""

    @model_validator(mode="after")
    def _knows_its_placeholders(self) -> "Speech":
        places = _PLACES | {"callback_offer": frozenset({"{digit}"})}
        for name in type(self).model_fields:
            found = set(_PLACE.findall(getattr(self, name) or ""))
            if stray := found - places.get(name, frozenset()):
                raise ValueError(f"{name}: unknown placeholder {min(stray)}")
        return self


class Option(Strict):
    """One branch of the menu."""

    digit: Digit
    """The key that chooses it."""
    label: Name
    """The value of the routing attribute `menu`."""
    do: Do = "queue"
    """What happens then; `menu` asks again."""
    words: dict[Language, tuple[str, ...]] = {}
    """What may be said instead, by language."""
    language: Language | None = None
    """Goes on in another language."""


class PhoneSettings(AccountSettings):
    """A Twilio account (or subaccount) and the phone numbers that ring here."""

    channel: Literal["phone"] = "phone"
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")] = "https://api.twilio.com"
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$")]
    """Our own address as Twilio calls it, without `/webhooks/…`: its signature covers it."""
    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    """The account's id."""
    auth_tokens: Annotated[Secrets, Field(min_length=1)]
    """Signs webhooks; the newest also signs in our calls, unless there is an API key."""
    api_key_sid: Annotated[str, Field(pattern=r"^SK[0-9a-fA-F]{32}$")] | None = None
    """The API key that signs in our calls."""
    api_key_secret: Secret | None = None
    """Its secret."""
    numbers: Annotated[tuple[E164, ...], Field(min_length=1, max_length=100)]
    """Our numbers; the first is also what customers see, unless `caller_id` says otherwise."""
    caller_id: E164 | None = None
    """The number customers see when we call."""
    languages: Annotated[dict[Language, Speech], Field(min_length=1)] = {"en": Speech()}
    """What callers hear; the first is the default."""
    language_by_country: dict[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], Language] = {}
    """Another language by the caller's country."""
    menu: Annotated[tuple[Option, ...], Field(max_length=11)] = ()
    """What callers may choose."""
    tries: Annotated[int, Field(ge=1, le=5)] = 3
    """How often the menu is read out."""
    menu_seconds: Annotated[int, Field(ge=1, le=30)] = 5
    """How long to wait for a choice."""
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Speech recognised with less is not understood."""
    no_choice: Do = "queue"
    """What happens after `tries` without an understandable choice."""
    hours: Hours | None = None
    """When calls are taken; always, if missing."""
    closed: Do = "voicemail"
    """What happens outside the hours."""
    music: Annotated[str, Field(pattern=r"^https?://[^\s]{1,500}$")] | None = None
    """A sound file, played in a loop between announcements."""
    pause_seconds: Annotated[int, Field(ge=2, le=120)] = 20
    """The silence between announcements where there is no music."""
    callback_digit: Digit | None = "1"
    """Pressed while waiting, it asks for a callback; `null` for none."""
    max_waiting: Annotated[int, Field(ge=1, le=5000)] = 1000
    """How many callers may wait at once."""
    max_wait_seconds: Annotated[int, Field(ge=30, le=14_400)] = 900
    """How long one waits at most."""
    overflow: Literal["voicemail", "callback", "hangup"] = "voicemail"
    """What happens then. A caller without a number gets a voicemail instead of a callback."""
    voicemail_seconds: Annotated[int, Field(ge=5, le=600)] = 180
    """How long a message may be."""
    retries: Annotated[int, Field(ge=0, le=5)] = 2
    """How often Twilio repeats a webhook that failed here, while the caller waits."""
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 20
    """How long an agent's phone rings."""
    customer_ring_seconds: Annotated[int, Field(ge=5, le=120)] = 40
    """How long a customer's phone rings."""

    @property
    def address(self) -> str:
        """Our first number: the address names the account, whichever number was called."""
        return self.numbers[0]

    @property
    def shown_number(self) -> str:
        """The number a customer sees when we call."""
        return self.caller_id or self.numbers[0]

    @property
    def default_language(self) -> str:
        """The first language in the file."""
        return next(iter(self.languages))

    def speech(self, language: str | None) -> Speech:
        """The texts of a language (`de` for `de-AT`), or of the default one."""
        return self.languages[self.spoken(language)]

    def spoken(self, language: str | None) -> str:
        """The language we speak to somebody who wants `language`."""
        base = (language or "").split("-")[0].lower()
        return base if base in self.languages else self.default_language

    @model_validator(mode="after")
    def _hangs_together(self) -> "PhoneSettings":
        for problem in _problems(self):
            raise ValueError(problem)
        return self


def _problems(account: PhoneSettings) -> list[str]:
    """What no single key shows; the first is reported."""
    known = set(account.languages)
    problems = [
        f"languages.{language}: texts are missing: {', '.join(missing)}"
        for language, speech in account.languages.items()
        if language != "en" and (missing := _missing(speech))
    ]
    if account.menu:
        problems += [
            f"languages.{language}.menu: say which digits there are"
            for language, speech in account.languages.items()
            if not speech.menu
        ]
    for place in ("digit", "label"):
        values = [getattr(option, place) for option in account.menu]
        problems += [f"menu: {place} {v!r} twice" for v in values if values.count(v) > 1]
    named = {language for option in account.menu for language in option.words}
    named |= {option.language for option in account.menu if option.language is not None}
    named |= set(account.language_by_country.values())
    problems += [
        f"language {language!r} is used but not in languages" for language in sorted(named - known)
    ]
    if (account.no_choice == "menu") or (account.closed in ("menu", "queue")):
        problems.append("no_choice cannot be menu; closed cannot be menu or queue")
    if (account.api_key_sid is None) != (account.api_key_secret is None):
        problems.append("api_key_sid and api_key_secret belong together")
    return problems


def _missing(speech: Speech) -> list[str]:
    optional = {"voice", "menu"}
    return sorted(set(Speech.model_fields) - optional - speech.model_fields_set)
