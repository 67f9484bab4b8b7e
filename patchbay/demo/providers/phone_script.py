"""What a TwiML document makes a network do with a call, and what its customer does meanwhile."""

from collections.abc import Callable
from dataclasses import replace

from patchbay.demo.providers.phone_network import Call, Due, Network
from patchbay.demo.providers.phone_wire import Verb


def carry_out(
    network: Network, call: Call, verbs: tuple[Verb, ...], *, holding: bool = False
) -> list[Due]:
    """Do what the document says, as far as the next webhook."""
    if holding and call.wish == "hangup" and call.waited >= network.impatience:
        return network.end(call)
    for verb in verbs:
        dues = _VERBS[verb.name](network, call, verb)
        if dues is not None:
            return dues
    return [_wait_on(network, call, call.wait_url)] if holding else network.end(call)


def _say(network: Network, call: Call, verb: Verb) -> None:
    alert = call.outbound and not call.agent and call.told == 0
    call.told += 1
    network.note("alert" if alert else "told", call, verb.text)


def _pass(network: Network, call: Call, verb: Verb) -> None:
    """Music and pauses: time, which the round counts."""


def _gather(network: Network, call: Call, verb: Verb) -> list[Due] | None:
    for prompt in verb.inside:
        _VERBS[prompt.name](network, call, prompt)
    pressed = _input(network, call, "speech" in verb.attributes.get("input", "dtmf"))
    if not pressed and verb.attributes.get("actionOnEmptyResult") == "true":
        pressed = {"Digits": ""}
    return [network.due(call, verb.attributes["action"], pressed)] if pressed else None


def _input(network: Network, call: Call, speech: bool) -> dict[str, str]:
    if call.queue_action:
        key = network.keys.get("callback-waiting", "") if call.wish == "callback" else ""
        return {"Digits": key} if key else {}
    if call.outbound:
        return {"Digits": "1"} if call.customer in network.presses else {}
    if speech and call.says and call.wish in ("agent", "hangup"):
        return {"SpeechResult": call.says, "Confidence": "0.93"}
    key = network.keys.get(call.wish) or network.keys.get("agent", "")
    return {"Digits": key} if key else {}


def _enqueue(network: Network, call: Call, verb: Verb) -> list[Due]:
    call.queue_action = verb.attributes["action"]
    call.wait_url = verb.attributes["waitUrl"]
    call.waited = 0.0
    return [network.due(call, call.wait_url, {"QueueTime": "0", "QueuePosition": "1"})]


def _record(network: Network, call: Call, verb: Verb) -> list[Due] | None:
    if call.wish == "hangup":
        return None  # he says nothing, and the document goes on
    recording = call.sid.replace("CA", "RE", 1)
    path = f"/2010-04-01/Accounts/{network.line.account_sid}/Recordings/{recording}"
    form = {"RecordingSid": recording, "RecordingUrl": path, "RecordingDuration": "6"}
    network.note("voicemail", call)
    done = verb.attributes.get("recordingStatusCallback", "")
    dues = [network.due(call, verb.attributes["action"], form)]
    if done:
        told = {**form, "RecordingStatus": "completed"}
        dues.append(network.due(call, done, told, after=0.2, speaks=False))
    return dues


def _redirect(network: Network, call: Call, verb: Verb) -> list[Due]:
    if call.queue_action:
        call.wait_url = verb.text
        return [_wait_on(network, call, verb.text)]
    return [network.due(call, verb.text, {})]


def _wait_on(network: Network, call: Call, url: str) -> Due:
    call.waited += network.round_seconds
    form = {"QueueTime": str(int(call.waited)), "QueuePosition": "1"}
    return network.due(call, url, form, after=network.round_seconds)


def _leave(network: Network, call: Call, verb: Verb) -> list[Due]:
    return [replace(due, speaks=True) for due in network.leave_queue(call, "leave")]


def _hangup(network: Network, call: Call, verb: Verb) -> list[Due]:
    return network.end(call)


def _dial(network: Network, call: Call, verb: Verb) -> list[Due]:
    """Somebody else's phone rings: an agent's, or in a callback the customer's."""
    (noun,) = verb.inside
    if noun.name == "Conference":
        return _meet(network, call, verb, noun)
    action = verb.attributes["action"]
    child = network.new_leg(call)
    picks_up = network.customers_answer if call.agent else network.agents_answer
    if not picks_up:
        missed = {"DialCallStatus": "no-answer", "DialCallSid": child}
        return [network.due(call, action, missed, after=network.round_seconds)]
    network.note("connected", call, agent=call.agent or noun.text)
    leg = {
        "CallSid": child,
        "ParentCallSid": call.sid,
        "Direction": "outbound-dial",
        "To": noun.text,
    }
    spoken = {
        "DialCallStatus": "completed",
        "DialCallSid": child,
        "DialCallDuration": str(max(1, round(network.talk_seconds))),
    }
    return [
        network.due(call, noun.attributes["statusCallback"], leg, speaks=False),
        network.due(call, action, spoken, after=network.talk_seconds),
    ]


def _meet(network: Network, call: Call, verb: Verb, noun: Verb) -> list[Due]:
    """Whoever is on the line joins a room. The customer leaves it when they have talked."""
    network.note("joined", call, agent=call.agent or noun.text)
    if "action" not in verb.attributes:
        return []
    left = {"DialCallStatus": "answered"}
    return [network.due(call, verb.attributes["action"], left, after=network.talk_seconds)]


_VERBS: dict[str, Callable[[Network, Call, Verb], list[Due] | None]] = {
    "Say": _say,
    "Play": _pass,
    "Pause": _pass,
    "Gather": _gather,
    "Enqueue": _enqueue,
    "Record": _record,
    "Redirect": _redirect,
    "Leave": _leave,
    "Hangup": _hangup,
    "Dial": _dial,
}
