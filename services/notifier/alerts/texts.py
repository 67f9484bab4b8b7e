"""An alert's words, in the customer's language: Jinja2 templates from the configuration, sandboxed.

A template may use `name`, `first_name`, `shop`, `order`, `shipment`, `carrier`, `tracking_url`,
`promised`, `expected` (days, written as the language writes them; `{{ expected | day("full") }}`
for another length), `days_late`, `state`, `product` and `available`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal
from jinja2 import Template as JinjaTemplate
from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.config.models import Template, TemplateText
from shared.errors import PatchbayError

_LONGEST_VALUE = 300
_FAILURES = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


class Unwritable(PatchbayError):
    """The template cannot be filled in."""

    code, alert = "unwritable", True


@dataclass(frozen=True, slots=True)
class Words:
    """What one template says in one language. `approved` maps a channel to the name of the
    provider's template, `parameters` fill it."""

    language: str
    text: str
    subject: str
    voice: str
    approved: Mapping[str, str]
    parameters: Mapping[str, str]


class Day:
    """A day that writes itself in the language of its text."""

    def __init__(self, day: date, locale: Locale) -> None:
        self.day = day
        self._locale = locale

    def __str__(self) -> str:
        return self.written("long")

    def written(self, length: str) -> str:
        """`short`, `medium`, `long` or `full` (Unicode CLDR)."""
        return format_date(self.day, length, locale=self._locale)


def choose(template: Template, wanted: Sequence[str | None]) -> str:
    """The language to write in: the first wanted one the template has, exactly or by its base
    (`de` for `de-AT`), else the template's default."""
    for language in wanted:
        for tag in _tags(language):
            if tag in template.languages:
                return tag
    return template.default_language


def write(template: Template, language: str, values: Mapping[str, Any]) -> Words:
    """Fill a template in. Raises Unwritable."""
    text = template.languages.get(language) or next(iter(template.languages.values()))
    locale = _locale(language)
    context = {name: _value(value, locale) for name, value in values.items()}

    def filled(source: str) -> str:
        return _compiled(language, source).render(context).strip()

    try:
        return Words(
            language=language,
            text=filled(text.text),
            subject=_line(filled(text.subject or "")),
            voice=filled(text.voice or text.text),
            approved=_approved(text),
            parameters={
                name: _parameter(_environment(language), expression, context)
                for name, expression in text.parameters.items()
            },
        )
    except _FAILURES as error:
        raise Unwritable(type(error).__name__) from error


def _parameter(
    environment: ImmutableSandboxedEnvironment, expression: str, context: Mapping[str, Any]
) -> str:
    """Providers refuse line breaks, tabs and empty values in a template's parameters."""
    value = environment.compile_expression(expression)(**context)
    return _line("" if value is None else str(value)) or "-"


@lru_cache(maxsize=1000)
def _compiled(language: str, source: str) -> JinjaTemplate:
    return _environment(language).from_string(source)


@lru_cache(maxsize=100)
def _environment(language: str) -> ImmutableSandboxedEnvironment:
    locale = _locale(language)
    environment = ImmutableSandboxedEnvironment(autoescape=False)
    environment.filters["day"] = lambda value, length="long": (
        value.written(length) if isinstance(value, Day) else ""
    )
    environment.filters["number"] = lambda value: format_decimal(value, locale=locale)
    return environment


def _approved(text: TemplateText) -> dict[str, str]:
    named = {"whatsapp": text.whatsapp, "messenger": text.messenger}
    return {channel: name for channel, name in named.items() if name}


def _value(value: Any, locale: Locale) -> Any:
    """Texts come from shops and customers: one line, of bounded length."""
    if isinstance(value, date):
        return Day(value, locale)
    return _line(value)[:_LONGEST_VALUE] if isinstance(value, str) else value


def _line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _tags(language: str | None) -> list[str]:
    tag = (language or "").replace("_", "-")
    return [tag, tag.split("-")[0].lower()] if tag else []


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")
