"""The decision as TwiML: what the caller hears, and where his call goes on."""

import math
from collections.abc import Callable
from xml.etree.ElementTree import Element

from shared.channels import WaitFacts
from shared.channels.phone import twiml
from shared.channels.phone.flow import Next, Then
from shared.channels.phone.settings import PhoneSettings, Speech
from shared.channels.phone.turn import Bag, Turn, reachable

_SOON_SECONDS = 120


def speak(turn: Turn, account: PhoneSettings, step: Next, wait: WaitFacts | None) -> bytes:
    """The TwiML document for a decision; `wait` is only heard by those who hold."""
    if step.then == "nothing":
        return twiml.document()
    choice = step.choice if step.then != "menu" else ""
    bag = turn.next(round_=step.round_, language=step.language, choice=choice)
    speech = account.speech(bag.language)
    said = [twiml.say(speech, getattr(speech, name)) for name in step.says]
    if step.then == "hold":
        return twiml.document(*_hold(turn, account, bag, wait))
    return twiml.document(*said, *_THEN[step.then](account, bag, speech))


def _menu(account: PhoneSettings, bag: Bag, speech: Speech) -> list[Element]:
    words = [w for option in account.menu for w in option.words.get(bag.language, ())]
    hints = ",".join(word.replace(",", " ") for word in words)
    return [
        twiml.gather(
            bag.link(account, "menu"),
            [twiml.say(speech, speech.menu)],
            input="dtmf speech" if words else "dtmf",
            numDigits=1,
            timeout=account.menu_seconds,
            speechTimeout="auto" if words else None,
            hints=hints[:1000] or None,
            language=speech.locale,
            actionOnEmptyResult="true",
        )
    ]


def _queue(account: PhoneSettings, bag: Bag, speech: Speech) -> list[Element]:
    return [twiml.enqueue(account, bag.link(account, "queue"), bag.link(account, "wait"))]


def _voicemail(account: PhoneSettings, bag: Bag, speech: Speech) -> list[Element]:
    record = twiml.record(account, bag.link(account, "voicemail"), bag.link(account, "recording"))
    silence = twiml.say(speech, speech.goodbye)
    return [twiml.say(speech, speech.voicemail), record, silence, twiml.verb("Hangup")]


def _callback(account: PhoneSettings, bag: Bag, speech: Speech) -> list[Element]:
    return [twiml.say(speech, speech.callback_confirmed), twiml.verb("Hangup")]


def _hangup(account: PhoneSettings, bag: Bag, speech: Speech) -> list[Element]:
    return [twiml.verb("Hangup")]


def _leave(account: PhoneSettings, bag: Bag, speech: Speech) -> list[Element]:
    return [twiml.verb("Leave")]


_THEN: dict[Then, Callable[[PhoneSettings, Bag, Speech], list[Element]]] = {
    "menu": _menu,
    "queue": _queue,
    "voicemail": _voicemail,
    "callback": _callback,
    "hangup": _hangup,
    "leave": _leave,
}


def _hold(turn: Turn, account: PhoneSettings, bag: Bag, wait: WaitFacts | None) -> list[Element]:
    """One round of waiting: where he stands, what he may press, music, and again."""
    speech = account.speech(bag.language)
    texts = [speech.waiting] if turn.bag.round else []
    texts += _standing(speech, wait)
    digit = account.callback_digit if reachable(turn.customer) else None
    if digit is not None:
        texts.append(speech.callback_offer.replace("{digit}", digit))
    prompts = [twiml.say(speech, text) for text in texts]
    prompts.append(
        twiml.verb("Play", account.music)
        if account.music
        else twiml.verb("Pause", length=account.pause_seconds)
    )
    again = bag.link(account, "wait")
    if digit is not None:
        prompts = [twiml.gather(again, prompts, input="dtmf", numDigits=1, timeout=1)]
    return [*prompts, twiml.verb("Redirect", again)]


def _expected(speech: Speech, seconds: float, at_most: float) -> str:
    minutes, most = (str(math.ceil(value / 60)) for value in (seconds, at_most))
    return speech.expected.replace("{minutes}", minutes).replace("{at_most}", most)


def _standing(speech: Speech, wait: WaitFacts | None) -> list[str]:
    if wait is None or wait.position is None:
        return []
    place = speech.next if wait.position <= 1 else speech.position
    texts = [place.replace("{position}", str(wait.position))]
    if wait.seconds is not None and math.isfinite(wait.seconds):
        at_most = wait.seconds if wait.at_most is None else wait.at_most
        texts.append(
            speech.soon if at_most < _SOON_SECONDS else _expected(speech, wait.seconds, at_most)
        )
    return texts
