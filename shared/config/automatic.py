"""What Patchbay tells customers by itself while they wait, in every language the shop speaks."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.strict import Strict

_PLACE = re.compile(r"\{[^}]*\}?|\}")
_WHEN = frozenset({"{date}", "{time}"})
_WAIT = frozenset({"{position}", "{minutes}", "{at_most}"})
_PLACES: dict[str, frozenset[str]] = {
    "after_hours": _WHEN,
    "after_hours_closed": _WHEN,
    "expected_wait": _WAIT,
    "position": frozenset({"{position}"}),
}

Text = Annotated[str, Field(min_length=1, max_length=1000)]
AutomaticName = Literal[
    "after_hours",
    "after_hours_closed",
    "closed",
    "max_wait",
    "max_wait_closed",
    "expected_wait",
    "position",
    "callback_confirmed",
]


class Automatic(Strict):
    """The texts of one language. English and German ones come with Patchbay; any other language
    must give all of them."""

    after_hours: Text | None = None
    """It waits until the queue opens: on `{date}` at `{time}`."""
    after_hours_closed: Text | None = None
    """It ended, because the queue is closed until `{date}`, `{time}`."""
    closed: Text | None = None
    """The same two, where it is not known when the queue opens."""
    max_wait: Text | None = None
    """It takes longer than it should, and goes on."""
    max_wait_closed: Text | None = None
    """It took too long, and ended."""
    expected_wait: Text | None = None
    """The place, `{position}`, and the expected wait: half of all wait no longer than `{minutes}`
    minutes, nine in ten no longer than `{at_most}`."""
    position: Text | None = None
    """The place, where nobody can say how long it takes."""
    callback_confirmed: Text | None = None
    """To a caller who is called back instead of holding the line."""

    @model_validator(mode="after")
    def _knows_its_placeholders(self) -> "Automatic":
        for name in type(self).model_fields:
            found = set(_PLACE.findall(getattr(self, name) or ""))
            if stray := found - _PLACES.get(name, frozenset()):
                raise ValueError(f"{name}: unknown placeholder {min(stray)}")
        return self

    def missing(self) -> list[str]:
        """The texts that are not given."""
        return [name for name in type(self).model_fields if getattr(self, name) is None]


ENGLISH = Automatic(
    after_hours="Thank you for contacting us. We are closed at the moment and will answer when we "
    "open again, on {date} at {time}.",
    after_hours_closed="Thank you for contacting us. We are closed at the moment. Please come back "
    "when we are open, from {date}, {time}.",
    closed="Thank you for contacting us. We are closed at the moment.",
    max_wait="Thank you for your patience. It takes longer than usual; we will answer as soon as "
    "we can.",
    max_wait_closed="We are sorry: nobody could answer you in time. Please try again later.",
    expected_wait="You are number {position} in line. Half of all customers in your place wait no "
    "longer than {minutes} minutes, nine in ten no longer than {at_most}.",
    position="You are number {position} in line. How long it takes cannot be said yet.",
    callback_confirmed="You need not hold the line: we will call you back. Goodbye.",
)
GERMAN = Automatic(
    after_hours="Danke, dass Sie sich melden. Wir haben gerade geschlossen und antworten, sobald "
    "wir wieder öffnen: am {date} um {time} Uhr.",
    after_hours_closed="Danke, dass Sie sich melden. Wir haben gerade geschlossen. Bitte kommen "
    "Sie wieder, wenn wir geöffnet haben: ab {date}, {time} Uhr.",
    closed="Danke, dass Sie sich melden. Wir haben gerade geschlossen.",
    max_wait="Vielen Dank für Ihre Geduld. Es dauert länger als sonst; wir antworten so bald wie "
    "möglich.",
    max_wait_closed="Es tut uns leid: Niemand konnte Ihnen rechtzeitig antworten. Bitte versuchen "
    "Sie es später noch einmal.",
    expected_wait="Sie sind an Stelle {position}. Die Hälfte aller Kunden an dieser Stelle wartet "
    "höchstens {minutes} Minuten, neun von zehn höchstens {at_most}.",
    position="Sie sind an Stelle {position}. Wie lange es dauert, lässt sich noch nicht sagen.",
    callback_confirmed="Sie müssen nicht in der Leitung bleiben: Wir rufen Sie zurück. Auf "
    "Wiederhören.",
)
BUILT_IN = {"en": ENGLISH, "de": GERMAN}


def complete(texts: dict[str, Automatic]) -> dict[str, Automatic]:
    """Raises ValueError where a language of the shop's own lacks a text."""
    for language, given in texts.items():
        if language not in BUILT_IN and (lacking := given.missing()):
            raise ValueError(f"{language}: texts are missing: {', '.join(lacking)}")
    return texts


def words(texts: dict[str, Automatic], language: str, name: AutomaticName) -> str:
    """A text in this language: the shop's, else ours; English for a language nobody has."""
    for source in (texts.get(language), BUILT_IN.get(language), texts.get("en"), ENGLISH):
        found: str | None = None if source is None else getattr(source, name)
        if found is not None:
            return found
    raise AssertionError(name)


def spoken(wanted: str | None, languages: tuple[str, ...], texts: dict[str, Automatic]) -> str:
    """The language for a customer who wants `wanted` (`de-AT` for instance): his own if the shop
    speaks it, else the shop's usual one."""
    base = (wanted or "").split("-")[0].lower()
    known = {language.split("-")[0] for language in languages} | texts.keys()
    return base if base in known else languages[0].split("-")[0]
