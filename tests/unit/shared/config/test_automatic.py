"""Automatic texts: what a shop may say, and what it must not leave out."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.config.automatic import (
    BUILT_IN,
    ENGLISH,
    GERMAN,
    Automatic,
    complete,
    spoken,
    words,
)


@pytest.mark.parametrize("texts", BUILT_IN.values(), ids=BUILT_IN.keys())
def test_ours_are_complete(texts: Automatic) -> None:
    assert texts.missing() == []
    assert "{position}" in (texts.expected_wait or "")
    assert "{time}" in (texts.after_hours or "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"closed": "until {date}"},
        {"position": "{minutes}"},
        {"after_hours": "{date"},
        {"max_wait": ""},
        {"greeting": "Hello"},
    ],
)
def test_refuses_what_cannot_be_filled(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Automatic.model_validate(wrong)


def test_another_language_needs_every_text() -> None:
    with pytest.raises(ValueError, match="fr: texts are missing: after_hours_closed, closed"):
        complete({"fr": Automatic(after_hours="x")})
    assert complete({"de": Automatic(closed="Zu.")}) == {"de": Automatic(closed="Zu.")}


@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "Zu."), ("en", ENGLISH.closed), ("fr", ENGLISH.closed)],
)
def test_words_of_a_language(language: str, expected: str) -> None:
    assert words({"de": Automatic(closed="Zu.")}, language, "closed") == expected
    assert words({}, "de", "closed") == GERMAN.closed


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("de-AT", "de"), ("fr", "en"), (None, "en"), ("es", "es"), ("", "en")],
)
def test_whom_we_answer_in_which_language(wanted: str | None, expected: str) -> None:
    assert spoken(wanted, ("en", "de-DE"), {"es": Automatic()}) == expected
