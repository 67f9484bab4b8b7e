"""What Twilio's REST answers mean, and how a doubtful call is looked up."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from shared.channels import HttpReply, HttpRequest, Outcome
from shared.channels.meaning import http_meaning, of_http, outcome, retry_after
from shared.channels.payload import Wire, read_item, read_object
from shared.channels.phone.errors import CODES
from shared.channels.phone.flow import GONE
from shared.channels.phone.outbound import get
from shared.channels.phone.settings import PhoneSettings
from shared.channels.phone.turn import canonical
from shared.errors import PayloadInvalid
from shared.events.outbound import OutboundMessage

_PAGE = 200
_SKEW = timedelta(seconds=5)


class _Error(Wire):
    code: int | None = None


class _Call(Wire):
    sid: str
    status: str = ""
    direction: str = ""
    date_created: str = ""
    parent_call_sid: str | None = None


class _Calls(Wire):
    calls: tuple[_Call, ...]
    next_page_uri: str | None = None


def confirm(reply: HttpReply) -> Outcome:
    """2xx with the call: taken. Otherwise Twilio's own code decides, then the HTTP status."""
    body = _object(reply)
    if 200 <= reply.status < 300:
        return _accepted(body)
    code = _code(body)
    meaning = CODES.get(code) if code is not None else None
    if meaning is None and reply.status >= 500 and reply.status != 503:
        meaning = CODES[20500]
    if meaning is None and code is None:
        return of_http(reply)
    return outcome(
        meaning or http_meaning(reply.status),
        code=str(code or reply.status),
        after=retry_after(reply.headers),
    )


def lookup(message: OutboundMessage, account: PhoneSettings) -> HttpRequest:
    """Ask for the calls that exist if it was done, or for the live call it was done to."""
    call = message.call
    if call is not None and call.action in ("say", "hangup", "conference"):
        return get(account, f"Calls/{quote(call.call_id or '', safe='')}.json")
    since = (message.written_at - _SKEW).astimezone(UTC).date().isoformat()
    query = {**_sought(message), "StartTime>": since, "PageSize": _PAGE}
    return get(account, f"Calls.json?{urlencode(query)}")


def _sought(message: OutboundMessage) -> dict[str, str]:
    """A leg below the caller's call, or a call to the number."""
    call = message.call
    if call is None or call.action == "ring":
        return {"To": canonical(message.to)}
    if call.action == "connect":
        return {"ParentCallSid": call.call_id or ""}
    return {"To": call.agent_endpoint or ""}


def found(message: OutboundMessage, reply: HttpReply) -> Outcome | None:
    """What the look-up says; None when it leaves the doubt."""
    body = _object(reply)
    if reply.status != 200 or body is None:
        return confirm(reply) if _code(body) == 20404 else None
    try:
        if "calls" in body:
            return _among(message, read_item(_Calls, body, "body"))
        return _changed(message, read_item(_Call, body, "body"))
    except PayloadInvalid:
        return None


def _among(message: OutboundMessage, listed: _Calls) -> Outcome | None:
    since = message.written_at - _SKEW
    connect = message.call is not None and message.call.action == "connect"
    direction = "outbound-dial" if connect else "outbound-api"
    for call in listed.calls:
        if call.direction == direction and (_created(call) or since) >= since:
            return Outcome("accepted", provider_id=call.parent_call_sid or call.sid)
    if listed.next_page_uri:
        return None
    return Outcome("retry", after=0.0, reason="The call was not made.")


def _changed(message: OutboundMessage, call: _Call) -> Outcome | None:
    """Hanging up twice is harmless; whether a text was heard only its receipt tells."""
    hangup = message.call is not None and message.call.action == "hangup"
    if call.status in GONE:
        over = outcome(CODES[21220], code=call.status)
        return Outcome("accepted", provider_id=call.sid) if hangup else over
    return Outcome("retry", after=0.0) if hangup else None


def _created(call: _Call) -> datetime | None:
    try:
        moment = parsedate_to_datetime(call.date_created)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _accepted(body: dict[str, Any] | None) -> Outcome:
    try:
        call = read_item(_Call, body, "body")
    except PayloadInvalid:
        return Outcome("unknown", reason="Twilio's answer cannot be read.")
    return Outcome("accepted", provider_id=call.sid)


def _object(reply: HttpReply) -> dict[str, Any] | None:
    try:
        return read_object(reply.body)
    except PayloadInvalid:
        return None


def _code(body: dict[str, Any] | None) -> int | None:
    try:
        return read_item(_Error, body, "body").code
    except PayloadInvalid:
        return None
