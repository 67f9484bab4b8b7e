"""Twilio's REST API for calls, on the people and calls of an `Network`."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from patchbay.demo.providers.phone_network import Call, Due, Network
from patchbay.demo.providers.phone_script import carry_out
from patchbay.demo.providers.phone_wire import (
    Verb,
    error_reply,
    json_reply,
    read_twiml,
    signed_in,
)
from shared.channels import HttpReply, HttpRequest

_PATH = re.compile(r"(?:/[\w-]+)*/2010-04-01/Accounts/(AC\w+)/Calls(?:/(CA\w+))?\.json")
_CREATED = "Thu, 01 Jan 2099 00:00:00 +0000"
"""Later than any message: what exists was made for the one that asks."""

Answer = tuple[HttpReply, list[Due]]

_NO_CALL = error_reply(404, 20404, "The requested resource was not found")


def answer(network: Network, request: HttpRequest) -> Answer:
    """The reply, and the webhooks that follow from it."""
    parts = urlsplit(request.url)
    match = _PATH.fullmatch(unquote(parts.path))
    if not signed_in(request, network.line):
        return error_reply(401, 20003, "Authenticate"), []
    if match is None or match[1] != network.line.account_sid:
        return _NO_CALL, []
    form = parse_qsl(request.body.decode() if request.method == "POST" else parts.query)
    if match[2] is None:
        return _create(network, form) if request.method == "POST" else _listed(network, form)
    call = network.calls.get(match[2])
    if call is None:
        return _NO_CALL, []
    if request.method == "GET":
        return json_reply(200, _resource(call)), []
    return _update(network, call, dict(form))


def _update(network: Network, call: Call, form: dict[str, str]) -> Answer:
    if call.status != "in-progress":
        return error_reply(400, 21220, "Call is not in-progress. Cannot redirect."), []
    if form.get("Status") == "completed":
        dues = network.end(call)
        return json_reply(200, _resource(call)), dues
    verbs = _verbs(form)
    if verbs is None:
        return error_reply(400, 12100, "Document parse failure"), []
    call.turn += 1
    dues = network.leave_queue(call, "redirected")
    return json_reply(200, _resource(call)), [*dues, *carry_out(network, call, verbs)]


def _create(network: Network, form: list[tuple[str, str]]) -> Answer:
    given = dict(form)
    verbs = () if "Url" in given else _verbs(given)
    if verbs is None:
        return error_reply(400, 12100, "Document parse failure"), []
    if given.get("From") != network.line.number:
        return error_reply(400, 21210, "'From' phone number not verified"), []
    dialled = [verb.inside[0].text for verb in verbs if verb.name == "Dial"]
    call = network.new_call(dialled[0] if dialled else given["To"])
    call.outbound = True
    call.agent = given["To"] if dialled else ""
    call.status_callback = given.get("StatusCallback", "")
    reply = json_reply(201, {**_resource(call), "status": "queued"})
    if not (network.agents_answer if dialled else network.customers_answer):
        call.status = "no-answer"
        return reply, [network.due(call, call.status_callback, {}, speaks=False)]
    if "Url" in given:
        return reply, [network.due(call, given["Url"], {"AnsweredBy": network.answered_by})]
    return reply, [*_answered(network, call, form), *carry_out(network, call, verbs)]


def _answered(network: Network, call: Call, form: list[tuple[str, str]]) -> list[Due]:
    if ("StatusCallbackEvent", "answered") not in form:
        return []
    return [network.due(call, call.status_callback, {"AnsweredBy": "human"}, speaks=False)]


def _listed(network: Network, query: list[tuple[str, str]]) -> Answer:
    wanted = dict(query)
    rows = [
        _resource(call)
        for call in network.calls.values()
        if call.outbound and (call.agent or call.customer) == wanted.get("To")
    ]
    parent = network.calls.get(wanted.get("ParentCallSid", ""))
    rows += [_child(parent, sid) for sid in parent.children] if parent else []
    return json_reply(200, {"calls": rows, "next_page_uri": None}), []


def _verbs(form: dict[str, str]) -> tuple[Verb, ...] | None:
    spoken = form.get("Twiml", "")
    try:
        return read_twiml(spoken.encode()) if len(spoken) <= 4000 else None
    except ValueError:
        return None


def _resource(call: Call) -> dict[str, object]:
    direction = "outbound-api" if call.outbound else "inbound"
    return {
        "sid": call.sid,
        "status": call.status,
        "direction": direction,
        "date_created": _CREATED,
        "parent_call_sid": None,
    }


def _child(parent: Call, sid: str) -> dict[str, object]:
    row = {**_resource(parent), "sid": sid, "direction": "outbound-dial"}
    return {**row, "parent_call_sid": parent.sid}
