"""What `patchbay.yaml` may say about a phone account."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.channels.account import ResolvedSecret
from shared.channels.phone.settings import Speech
from tests.unit.shared.channels.phone.accounts import account, settings

OPEN = {
    "time_zone": "America/New_York",
    "open": {"mon": ["09:00-12:00", "13:00-24:00"]},
    "closed_on": ["2026-09-07"],
}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"languages": {"de": {"greeting": "Hallo"}}}, "languages.de: texts are missing"),
        ({"languages": {"en": {}}}, "languages.en.menu: say which digits there are"),
        ({"languages": {"en": {"menu": "x", "waiting": "Ein {minutes}"}}}, "{minutes}"),
        ({"languages": {"en": {"menu": "x", "position": "No {position"}}}, "unknown placeholder"),
        ({"languages": {}}, "at least 1"),
        ({"language_by_country": {"DE": "de"}}, "language 'de' is used but not in languages"),
        ({"menu": [{"digit": "1", "label": "a"}, {"digit": "1", "label": "b"}]}, "digit '1' twice"),
        ({"menu": [{"digit": "1", "label": "a"}, {"digit": "2", "label": "a"}]}, "label 'a' twice"),
        ({"menu": [{"digit": "#", "label": "a"}]}, "digit"),
        ({"menu": [{"digit": "1", "label": "a", "words": {"fr": ["x"]}}]}, "language 'fr'"),
        ({"no_choice": "menu"}, "no_choice cannot be menu"),
        ({"closed": "queue"}, "closed cannot be menu or queue"),
        ({"api_key_sid": "SK" + "b" * 32}, "belong together"),
        ({"numbers": []}, "at least 1"),
        ({"numbers": ["030 123456"]}, "numbers"),
        ({"account_sid": "AC1"}, "account_sid"),
        ({"auth_tokens": ()}, "auth_tokens"),
        ({"auth_tokens": "written in the file"}, "a secret never stands in the file"),
        ({"public_url": "patchbay.example"}, "public_url"),
        ({"hours": {**OPEN, "time_zone": "Mars/Base"}}, "unknown time zone"),
        ({"hours": {**OPEN, "open": {"mon": ["17:00-17:00"]}}}, "this span is empty"),
        ({"hours": {**OPEN, "open": {"mon": ["9-17"]}}}, "09:00-17:30"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_refuses_what_cannot_work(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        account(**changes)
    assert says in str(caught.value)
    assert "newest-auth-token" not in str(caught.value)


def test_the_defaults_are_enough_for_a_line_without_a_menu() -> None:
    plain = settings()
    del plain["menu"], plain["languages"]
    line = account(**plain, menu=[], languages={"en": {}})
    assert line.default_language == "en"
    assert line.address == line.shown_number == "+15005550006"


def test_an_api_key_and_another_caller_id() -> None:
    key = {"api_key_sid": "SK" + "b" * 32, "api_key_secret": ResolvedSecret("s")}
    assert account(**key, caller_id="+15005550007").shown_number == "+15005550007"


@pytest.mark.parametrize(
    ("wanted", "spoken"), [("de-AT", "de"), ("de", "de"), ("fr", "en"), (None, "en"), ("", "en")]
)
def test_a_language_is_spoken_or_the_default(wanted: str | None, spoken: str) -> None:
    everything = {name: "x" for name in Speech.model_fields if name not in ("voice", "locale")}
    line = account(
        languages={"en": {"menu": "x"}, "de": {**everything, "locale": "de-DE"}},
    )
    assert line.spoken(wanted) == spoken
