"""An alert's words, in the customer's language."""

from datetime import date
from typing import Any

import pytest

from services.notifier.alerts.texts import Unwritable, choose, write
from shared.config.models import Template, TemplateText

DAY = date(2026, 5, 15)
VALUES: dict[str, Any] = {
    "expected": DAY,
    "shipment": "1Z77",
    "first_name": "Ada",
    "available": 1234,
}


def _template(text: str, **changes: Any) -> Template:
    return Template(default_language="en", languages={"en": TemplateText(text=text, **changes)})


def _said(text: str, language: str = "en", **values: Any) -> str:
    return write(_template(text), language, {**VALUES, **values}).text


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["de_AT"], "de"),
        (["pt-BR"], "pt-BR"),
        (["pt-PT"], "en"),
        ([None, "de"], "de"),
        (["fr", "de"], "de"),
        ([], "en"),
        (["klingon"], "en"),
    ],
    ids=str,
)
def test_the_language_is_the_first_wanted_one_there_is(
    wanted: list[str | None], chosen: str
) -> None:
    languages = {tag: TemplateText(text="x") for tag in ("en", "de", "pt-BR")}

    assert choose(Template(default_language="en", languages=languages), wanted) == chosen


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "May 15, 2026"),
        ("de", "15. Mai 2026"),
        ("fr", "15 mai 2026"),
        ("pt-BR", "15 de maio de 2026"),
        ("ja", "2026年5月15日"),
        ("xx", "May 15, 2026"),
    ],
)
def test_days_are_written_as_the_language_writes_them(language: str, text: str) -> None:
    assert _said("{{ expected }}", language) == text


def test_another_length_of_a_day_and_a_number() -> None:
    assert _said("{{ expected | day('full') }}", "de") == "Freitag, 15. Mai 2026"
    assert _said("{{ available | number }}", "de") == "1.234"


def test_what_is_not_known_is_left_out() -> None:
    assert _said("late{% if promised %}, promised {{ promised }}{% endif %}{{ nothing }}") == "late"


def test_an_approved_template_gets_its_parameters_on_one_line() -> None:
    template = _template(
        "x",
        whatsapp="late",
        parameters={"a": "first_name", "b": "expected", "c": "nothing", "d": "shipment ~ '!'"},
    )

    words = write(template, "en", {**VALUES, "first_name": "Ada\nByron\t"})

    assert words.approved == {"whatsapp": "late"}
    assert words.parameters == {"a": "Ada Byron", "b": "May 15, 2026", "c": "-", "d": "1Z77!"}


def test_what_a_shop_or_a_customer_wrote_stays_one_bounded_line() -> None:
    said = _said("Hello {{ first_name }}", first_name="Ada\r\nBcc: all@example.com" + "x" * 999)

    assert "\n" not in said
    assert len(said) < 320


def test_what_they_wrote_is_never_a_template() -> None:
    assert _said("{{ first_name }}", first_name="{{ 7 * 7 }}") == "{{ 7 * 7 }}"


def test_a_template_sees_nothing_private() -> None:
    assert _said("{{ expected._locale }}{{ expected.__class__ }}") == ""


def test_subject_and_voice() -> None:
    words = write(_template("text", subject="{{ shipment }}\n late", voice="spoken"), "en", VALUES)
    plain = write(_template("text"), "en", VALUES)

    assert (words.subject, words.voice) == ("1Z77  late", "spoken")
    assert (plain.subject, plain.voice) == ("", "text")


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1 / 0 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ expected + 1 }}",
        "{% include 'other' %}",
    ],
)
def test_a_template_that_cannot_be_filled_in_is_an_expected_failure(text: str) -> None:
    with pytest.raises(Unwritable):
        _said(text)
