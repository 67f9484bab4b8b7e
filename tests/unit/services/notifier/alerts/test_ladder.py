"""Which channels an alert may take, in the customer's order, and why not the others."""

from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from services.notifier.alerts.ladder import Place, Rung, judge_place, places
from services.notifier.policy import Known
from shared.channels import Limits
from shared.config.models import AlertRule
from shared.events.commerce import Contact
from tests.unit.services.notifier.case_files import table

ACCOUNTS = {
    "wa": ("whatsapp", Limits(text=1, window_hours=24, templates=True)),
    "fb": ("messenger", Limits(text=1, window_hours=24, human_window_hours=168, templates=True)),
    "imsg": ("apple", Limits(text=1, cold_start=False)),
    "mail": ("email", Limits(text=1)),
    "tel": ("phone", Limits(text=1)),
}
_KNOWN: TypeAdapter[Known] = TypeAdapter(Known)


def _said(found: object) -> str:
    readers: dict[type, Any] = {
        Rung: lambda rung: ("text", "template")[rung.template],
        str: lambda refusal: refusal,
    }
    return str(readers[type(found)](found))


def _judged(place: Place | tuple[str, str], case: dict[str, Any]) -> str:
    readers: dict[type, Any] = {tuple: lambda refused: refused, Place: lambda p: _judge(p, case)}
    account, said = readers[type(place)](place)
    return f"{account} {said}"


def _judge(place: Place, case: dict[str, Any]) -> tuple[str, str]:
    known = _KNOWN.validate_python({"as_of": case["due"], **case["known"].get(place.account, {})})
    found = judge_place(
        place,
        AlertRule.model_validate(case["rule"]),
        Contact.model_validate(case["contact"]),
        known,
        datetime.fromisoformat(case["due"]),
        frozenset(case["templates"]),
    )
    return place.account, _said(found)


@pytest.mark.parametrize("case", table("ladder"))
def test_ladder(case: dict[str, Any]) -> None:
    rule = AlertRule.model_validate(case["rule"])
    contact = Contact.model_validate(case["contact"])

    tried = [_judged(place, case) for place in places(rule, contact, ACCOUNTS)]

    assert tried == case["expect"]
