"""Fill a template of the configuration for one reply."""

from collections.abc import Mapping

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.router.api.problems import Refusal
from shared.config.models import Template, TemplateText
from shared.events.outbound import Template as Approved

_FAILURES = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def _environment() -> ImmutableSandboxedEnvironment:
    """Values come as texts, so the filters that write dates and numbers leave them as they are."""
    jinja = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    jinja.filters["day"] = lambda value, _length="long": value
    jinja.filters["number"] = lambda value: value
    return jinja


_JINJA = _environment()


def choose(
    template: Template, wanted: str | None, customer: str | None, channel: str, *, approved: bool
) -> tuple[str, TemplateText] | Refusal:
    """The language: the one asked for, else the customer's, else the template's own.

    `approved`: only languages with a text that the channel's provider has approved.
    """
    usable = {
        language: text
        for language, text in template.languages.items()
        if not approved or getattr(text, channel, None)
    }
    if wanted is not None and wanted not in usable:
        detail = f"The template has no {wanted} here; it has {', '.join(sorted(usable))}."
        return Refusal("invalid", detail, "/template/language")
    for language in (wanted, customer, (customer or "").partition("-")[0]):
        if language in usable:
            return language, usable[language]
    if template.default_language in usable:
        return template.default_language, usable[template.default_language]
    return next(iter(usable.items()))


def fill(
    text: TemplateText, language: str, channel: str, values: Mapping[str, str]
) -> tuple[str, Approved | None] | Refusal:
    """The text as the customer reads it and, where the provider has approved one, its template."""
    try:
        shown = _JINJA.from_string(text.text).render(values)
        parameters = {
            name: _value(expression, values) for name, expression in text.parameters.items()
        }
    except _FAILURES as error:
        why = error.message if isinstance(error, TemplateError) else type(error).__name__
        detail = f"The template cannot be filled: {why}."
        return Refusal("invalid", detail, "/template/values")
    name = getattr(text, channel, None)
    if name is None:
        return shown, None
    return shown, Approved(name=name, language=language, parameters=parameters)


def _value(expression: str, values: Mapping[str, str]) -> str:
    return str(_JINJA.compile_expression(expression, undefined_to_none=False)(**values))
