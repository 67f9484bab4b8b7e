"""Templates: in which language, and filled in safely."""

from typing import Any

import pytest

from services.router.api.problems import Refusal
from services.router.api.templates import choose, fill
from shared.config.models import Template, TemplateText

LATE = Template(
    default_language="en",
    languages={
        "en": TemplateText(text="Late: {{ order }}", whatsapp="late"),
        "de": TemplateText(text="Zu spät: {{ order }}", whatsapp="late"),
        "fr": TemplateText(text="En retard: {{ order }}"),
    },
)


@pytest.mark.parametrize(
    ("wanted", "customer", "approved", "expected"),
    [
        (None, "de", True, "de"),
        (None, "de-CH", True, "de"),
        (None, "it", True, "en"),
        (None, None, True, "en"),
        (None, "fr", True, "en"),
        (None, "fr", False, "fr"),
        ("de", "en", True, "de"),
    ],
    ids=[
        "the customer's",
        "without its region",
        "the template's own",
        "nothing known",
        "only what is approved",
        "where nothing needs approval",
        "the one asked for",
    ],
)
def test_the_language(
    wanted: str | None, customer: str | None, approved: bool, expected: str
) -> None:
    chosen = choose(LATE, wanted, customer, "whatsapp", approved=approved)
    assert not isinstance(chosen, Refusal)
    assert chosen[0] == expected


@pytest.mark.parametrize("wanted", ["fr", "xx"])
def test_a_language_that_there_is_not_is_refused(wanted: str) -> None:
    refusal = choose(LATE, wanted, None, "whatsapp", approved=True)
    assert isinstance(refusal, Refusal)
    assert refusal.detail == f"The template has no {wanted} here; it has de, en."


def filled(text: str, values: dict[str, str], parameters: dict[str, str] | None = None) -> Any:
    written = TemplateText(text=text, whatsapp="late", parameters=parameters or {})
    return fill(written, "en", "whatsapp", values)


def test_a_text_and_the_providers_parameters_are_filled_alike() -> None:
    text, approved = filled("{{ order|day }} is late", {"order": "7"}, {"1": "order ~ '!'"})
    assert text == "7 is late"
    assert (approved.name, approved.parameters) == ("late", {"1": "7!"})


@pytest.mark.parametrize(
    "text",
    ["{{ missing }}", "{{ order.__class__ }}", "{{ order | nothing }}", "{{ 1 / 0 }}", "{% if %}"],
    ids=["a value that is missing", "what is inside", "no filter", "no number", "no template"],
)
def test_what_cannot_be_filled_is_refused(text: str) -> None:
    refusal = filled(text, {"order": "7"})
    assert isinstance(refusal, Refusal)
    assert refusal.pointer == "/template/values"


def test_values_are_never_templates() -> None:
    text, _ = filled("{{ order }}", {"order": "{{ 7 * 7 }}"})
    assert text == "{{ 7 * 7 }}"
