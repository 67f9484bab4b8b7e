"""What we ask of Twilio: calls, and changes to live ones (Twilio, "Call resource")."""

import base64
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

from shared.channels import HttpRequest
from shared.channels.fit import Unsendable
from shared.channels.phone import twiml
from shared.channels.phone.settings import PhoneSettings
from shared.channels.phone.turn import Bag, canonical, is_call, reachable
from shared.events.outbound import CallControl, OutboundMessage

MAX_TWIML = 4000
"""The longest `Twiml` parameter, in characters."""

Form = list[tuple[str, str]]


def compose(message: OutboundMessage, account: PhoneSettings) -> HttpRequest:
    """The one REST call a message needs. Raises Unsendable."""
    if message.attachments:
        raise Unsendable("rejected_content", "A file cannot be sent into a call.")
    if message.call is not None:
        return _CONTROLS[message.call.action](message, message.call, account)
    if message.kind == "alert":
        return _alert(message, account)
    raise Unsendable(
        "rejected_content", "A call is answered by voice: accept it, or call the customer back."
    )


def _connect(message: OutboundMessage, call: CallControl, account: PhoneSettings) -> HttpRequest:
    bag = _bag(message, account)
    speech = account.speech(bag.language)
    joined = twiml.dial(
        _agent(call),
        bag.link(account, "leg"),
        action=bag.link(account, "dial"),
        timeout=account.ring_seconds,
    )
    spoken = _inline(twiml.document(twiml.say(speech, message.text or speech.connecting), joined))
    return update(account, _live(call), [("Twiml", spoken)])


def _dial(message: OutboundMessage, call: CallControl, account: PhoneSettings) -> HttpRequest:
    """The agent is called first: a customer never hears silence."""
    customer = _customer(message)
    bag = _bag(message, account)
    speech = account.speech(None)
    joined = twiml.dial(
        customer,
        bag.link(account, "leg"),
        action=bag.link(account, "callback"),
        timeout=account.customer_ring_seconds,
        callerId=account.shown_number,
    )
    spoken = _inline(twiml.document(twiml.say(speech, speech.agent_intro), joined))
    more = [("Timeout", str(account.ring_seconds)), ("StatusCallback", bag.link(account, "agent"))]
    return _create(account, _agent(call), spoken, more)


def _ring(message: OutboundMessage, call: CallControl, account: PhoneSettings) -> HttpRequest:
    """The customer is called first; when he answers, he waits for the agent who is kept for him."""
    customer = _customer(message)
    bag = _bag(message, account)
    form = [
        ("To", customer),
        ("From", account.shown_number),
        ("Url", bag.link(account, "called")),
        ("Timeout", str(account.customer_ring_seconds)),
        ("MachineDetection", "Enable"),
        ("StatusCallback", bag.link(account, "ring")),
    ]
    return _post(account, "Calls.json", form)


def _say(message: OutboundMessage, call: CallControl, account: PhoneSettings) -> HttpRequest:
    """Afterwards the caller waits on, where he was, unless that was all."""
    bag = _bag(message, account)
    said = twiml.say(account.speech(bag.language), _text(message))
    on = twiml.verb("Hangup") if call.hang_up else _wait_on(bag, account)
    return update(account, _live(call), [("Twiml", _inline(twiml.document(said, on)))])


def _wait_on(bag: Bag, account: PhoneSettings) -> Element:
    return twiml.verb("Redirect", bag.link(account, "queue"))


def _conference(message: OutboundMessage, call: CallControl, account: PhoneSettings) -> HttpRequest:
    """The customer goes from the line with one agent into a room for three. It ends with him."""
    left = _bag(message, account).link(account, "room")
    spoken = _inline(twiml.document(twiml.conference(_room(call), ends=True, action=left)))
    return update(account, _live(call), [("Twiml", spoken)])


def _join(message: OutboundMessage, call: CallControl, account: PhoneSettings) -> HttpRequest:
    """An agent's phone rings, and he is in the room with the customer when he answers."""
    bag = _bag(message, account)
    spoken = _inline(twiml.document(twiml.conference(_room(call), ends=False)))
    more = [("Timeout", str(account.ring_seconds)), ("StatusCallback", bag.link(account, "agent"))]
    return _create(account, _agent(call), spoken, more)


def _hang_up(message: OutboundMessage, call: CallControl, account: PhoneSettings) -> HttpRequest:
    return update(account, _live(call), [("Status", "completed")])


_CONTROLS = {
    "connect": _connect,
    "dial": _dial,
    "ring": _ring,
    "say": _say,
    "conference": _conference,
    "join": _join,
    "hangup": _hang_up,
}


def _alert(message: OutboundMessage, account: PhoneSettings) -> HttpRequest:
    """The text is read to whoever answers, or onto his machine after its tone."""
    customer = _customer(message)
    bag = _bag(message, account)
    speech = account.speech(bag.language)
    prompts = [twiml.say(speech, _text(message)), twiml.say(speech, speech.alert_choice)]
    answer = bag.link(account, "alert")
    asked = twiml.gather(answer, prompts, input="dtmf", numDigits=1, timeout=account.menu_seconds)
    ending = (twiml.say(speech, speech.goodbye), twiml.verb("Hangup"))
    return _create(
        account,
        customer,
        _inline(twiml.document(asked, *ending)),
        [
            ("Timeout", str(account.customer_ring_seconds)),
            ("MachineDetection", "DetectMessageEnd"),
            ("StatusCallback", bag.link(account, "status")),
            ("StatusCallbackEvent", "answered"),
            ("StatusCallbackEvent", "completed"),
        ],
    )


def update(account: PhoneSettings, call_id: str, form: Form) -> HttpRequest:
    """Change a live call."""
    return _post(account, f"Calls/{call_id}.json", form)


def get(account: PhoneSettings, path: str) -> HttpRequest:
    """Ask about a call, or for a list of them."""
    return HttpRequest("GET", _address(account, path), _signed_in(account))


def _create(account: PhoneSettings, to: str, spoken: str, more: Form) -> HttpRequest:
    form = [("To", to), ("From", account.shown_number), ("Twiml", spoken)]
    return _post(account, "Calls.json", [*form, *more])


def _post(account: PhoneSettings, path: str, form: Form) -> HttpRequest:
    headers = {**_signed_in(account), "content-type": "application/x-www-form-urlencoded"}
    return HttpRequest("POST", _address(account, path), headers, urlencode(form).encode())


def _address(account: PhoneSettings, path: str) -> str:
    return f"{account.base_url.rstrip('/')}/2010-04-01/Accounts/{account.account_sid}/{path}"


def _signed_in(account: PhoneSettings) -> dict[str, str]:
    user, secret = account.account_sid, account.auth_tokens[0]
    if account.api_key_sid is not None and account.api_key_secret is not None:
        user, secret = account.api_key_sid, account.api_key_secret
    pair = f"{user}:{secret.get_secret_value()}".encode()
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _bag(message: OutboundMessage, account: PhoneSettings) -> Bag:
    language = account.spoken(message.language)
    return Bag(language=language, message=message.id, customer=canonical(message.to))


def _customer(message: OutboundMessage) -> str:
    customer = canonical(message.to)
    if not reachable(customer):
        raise Unsendable("unreachable", "The customer's number is withheld or cannot be called.")
    return customer


def _agent(call: CallControl) -> str:
    endpoint = call.agent_endpoint or ""
    if not reachable(endpoint):
        raise Unsendable("unreachable", "The agent has no phone that can be called.")
    return endpoint


def _room(call: CallControl) -> str:
    if not call.room:
        raise Unsendable("rejected_content", "A conference needs a room.")
    return call.room


def _live(call: CallControl) -> str:
    live = call.call_id or ""
    if not is_call(live):
        raise Unsendable("unreachable", "There is no live call to act on.")
    return live


def _text(message: OutboundMessage) -> str:
    if not (message.text or "").strip():
        raise Unsendable("rejected_content", "There is no text to read aloud.")
    return message.text or ""


def _inline(document: bytes) -> str:
    spoken = document.decode()
    if len(spoken) > MAX_TWIML:
        raise Unsendable("rejected_content", "The text is too long to be read aloud in one call.")
    return spoken
