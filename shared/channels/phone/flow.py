"""What a caller's call does next: the decision of every step that is answered with TwiML.

`decide` is used twice for one request: what happened is recorded first, and spoken afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from shared.channels.phone.menu import choose
from shared.channels.phone.settings import Do, Option, PhoneSettings
from shared.channels.phone.turn import Turn, reachable
from shared.events.inbound import CallState

Then = Literal["queue", "voicemail", "callback", "hangup", "menu", "hold", "leave", "nothing"]

GONE = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""The states a call ends in (Twilio, CallStatus)."""

MACHINES = ("machine", "fax")
"""How Twilio's AnsweredBy begins where no person took the call."""


@dataclass(frozen=True, slots=True)
class Next:
    """The decision: `says` names texts of `Speech`, `then` is what follows, `states` what is told.

    `round_`, `language` and `choice` go on to the next step.
    """

    then: Then
    says: tuple[str, ...] = ()
    states: tuple[CallState, ...] = ()
    reason: str | None = None
    choice: str = ""
    language: str | None = None
    round_: int = 0
    opted_out: bool = False


def decide(turn: Turn, account: PhoneSettings, *, is_open: bool) -> Next | None:
    """What this request means and what comes next; None for a step that is not spoken to."""
    if turn.path == "":
        return _start(turn, account, is_open=is_open)
    step = _STEPS.get(turn.path)
    return step(turn, account) if step else None


def _start(turn: Turn, account: PhoneSettings, *, is_open: bool) -> Next:
    if not is_open:
        then = _for_caller(account.closed, turn)
        return Next(then, ("closed",), ("started", *_told(then)), "closed")
    if not account.menu:
        return Next("queue", ("greeting", "queued"), ("started", "queued"))
    return Next("menu", ("greeting",), ("started",))


def _menu(turn: Turn, account: PhoneSettings) -> Next:
    option = choose(turn, account)
    if option is not None:
        return _chosen(option, turn)
    heard = turn.get("Digits") or turn.get("SpeechResult")
    reason = "not_understood" if heard else "no_input"
    tries = turn.bag.round + 1
    if tries < account.tries:
        return Next("menu", ("not_understood",), ("menu",), reason, round_=tries)
    then = _for_caller(account.no_choice, turn)
    return Next(then, _before(then), _told(then) or ("menu",), reason)


def _chosen(option: Option, turn: Turn) -> Next:
    then = _for_caller(option.do, turn)
    states = _told(then) or ("menu",)
    return Next(then, _before(then), states, choice=option.label, language=option.language)


def _hold(turn: Turn, account: PhoneSettings) -> Next:
    waited = turn.whole("QueueTime") or 0
    wanted = account.callback_digit is not None and turn.get("Digits") == account.callback_digit
    if wanted and reachable(turn.customer):
        return Next("callback", states=("callback_requested",), reason="asked_while_waiting")
    if waited >= account.max_wait_seconds:
        return Next("leave")
    return Next("hold", round_=turn.bag.round + 1)


def _left_queue(turn: Turn, account: PhoneSettings) -> Next:
    result = turn.get("QueueResult")
    if result == "hangup" or turn.get("CallStatus") in GONE:
        return Next("nothing", states=("ended",), reason="hung_up_waiting")
    if result == "":  # we sent him here after telling him something
        return Next("queue")
    if result in ("leave", "queue-full", "error", "system-error"):
        then = _for_caller(account.overflow, turn)
        return Next(then, ("too_long",), _told(then), f"queue_{result.replace('-', '_')}")
    return Next("nothing")


def _dialled(turn: Turn, account: PhoneSettings) -> Next:
    result = turn.get("DialCallStatus")
    if result in ("completed", "answered"):
        return Next("hangup", ("goodbye",), ("ended",), "completed")
    if turn.get("CallStatus") in GONE:
        return Next("nothing", states=("ended",), reason="hung_up_ringing")
    return Next("queue", ("missed",), ("queued",), result.replace("-", "_") or "failed")


def _recorded(turn: Turn, account: PhoneSettings) -> Next:
    return Next("hangup", ("voicemail_thanks",), ("voicemail",))


def _called_back(turn: Turn, account: PhoneSettings) -> Next:
    if turn.get("DialCallStatus") in ("completed", "answered"):
        return Next("hangup", states=("ended",), reason="completed")
    return Next("hangup", ("agent_missed",))


def _answered_callback(turn: Turn, account: PhoneSettings) -> Next:
    """A person waits for his agent; a machine is hung up on."""
    if turn.get("AnsweredBy").startswith(MACHINES):
        return Next("hangup")
    return Next("queue", ("callback_here",), ("queued",))


def _left_room(turn: Turn, account: PhoneSettings) -> Next:
    return Next("hangup", states=("ended",), reason="completed")


def _alert_answered(turn: Turn, account: PhoneSettings) -> Next:
    pressed = turn.get("Digits")
    if pressed == "1":
        return Next("queue", ("queued",), ("queued",), choice="alert")
    if pressed == "9":
        return Next("hangup", ("opted_out",), opted_out=True)
    return Next("hangup", ("goodbye",))


def _fallback(turn: Turn, account: PhoneSettings) -> Next:
    return Next("voicemail", reason="fallback")


_STEPS: dict[str, Callable[[Turn, PhoneSettings], Next]] = {
    "menu": _menu,
    "wait": _hold,
    "queue": _left_queue,
    "dial": _dialled,
    "voicemail": _recorded,
    "callback": _called_back,
    "called": _answered_callback,
    "room": _left_room,
    "alert": _alert_answered,
    "fallback": _fallback,
}


def _for_caller(do: Do, turn: Turn) -> Do:
    """Nobody can call back a caller whose number is withheld: he is asked for a message."""
    return "voicemail" if do == "callback" and not reachable(turn.customer) else do


def _told(then: Then) -> tuple[CallState, ...]:
    if then == "queue":
        return ("queued",)
    return ("callback_requested",) if then == "callback" else ()


def _before(then: Then) -> tuple[str, ...]:
    return ("queued",) if then == "queue" else ()
