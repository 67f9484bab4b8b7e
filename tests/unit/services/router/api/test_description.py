"""The description of the API: valid, complete, and the same as what is served."""

from typing import Any, get_args

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from services.router.api.announce import EVENT_NAMES, WORDS
from services.router.api.openapi import openapi
from services.router.api.operations import STREAM, Operation
from services.router.api.problems import KINDS
from services.router.api.table import OPERATIONS
from shared.events import routing as was
from shared.events.routing import RoutingEvent

UNTOLD = {
    was.RampEnded,
    was.BatchBegun,  # the offers follow
    was.BatchEnded,
    was.Opened,  # followed by `queued`, or by a call's menu
    was.Reopened,  # followed by `queued`
    was.Enriched,  # attributes: read with the conversation
    was.Responded,  # derived from what the agent did himself
    was.Forgotten,
    was.AlertNoted,
    was.AlertForgotten,
    was.Ignored,  # counted in the list of who is blocked
    was.Warned,  # in the answer to a command
    was.Refused,  # the answer to a command
    was.Unchanged,
}


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for path in document["paths"].values() for one in path.values()]


def test_the_document_is_valid() -> None:
    validate(openapi(OPERATIONS), cls=OpenAPIV31SpecValidator)


def test_the_document_is_always_the_same() -> None:
    assert openapi(OPERATIONS) == openapi(OPERATIONS)


def test_every_operation_is_described_once() -> None:
    names = [one["operationId"] for one in operations(openapi(OPERATIONS))]
    assert sorted(names) == sorted({operation.name for operation in OPERATIONS})


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_names_problems_that_exist(operation: Operation) -> None:
    assert set(operation.problems) <= KINDS.keys()
    assert operation.key == "no" or "outcome_unknown" in operation.problems
    assert operation.answer is not None or operation.media == STREAM


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_write_takes_a_key_or_does_no_harm(operation: Operation) -> None:
    harmless = {"signIn", "createStreamTicket"}
    assert operation.method == "GET" or operation.key != "no" or operation.name in harmless


def test_every_kind_of_problem_tells_what_to_do() -> None:
    assert all(kind.hint.endswith(".") and kind.title for kind in KINDS.values())


def test_every_code_of_the_engines_refusals_is_a_problem() -> None:
    codes = get_args(was.Refused.__annotations__["code"])
    assert set(codes) <= KINDS.keys()


def test_every_event_is_told_or_left_out_on_purpose() -> None:
    (union, _) = get_args(RoutingEvent)
    assert WORDS.keys() | UNTOLD == set(get_args(union))
    assert not WORDS.keys() & UNTOLD


def test_the_names_of_events_are_described() -> None:
    (stream,) = [
        one for one in operations(openapi(OPERATIONS)) if one["operationId"] == "streamEvents"
    ]
    told = stream["responses"]["200"]["description"]
    assert all(name in told for name in EVENT_NAMES)
