"""TwiML, the XML that tells Twilio what to do with a call (Twilio, "TwiML for Programmable Voice").

Everything goes through ElementTree, which escapes it; what XML 1.0 cannot hold at all is left out.
"""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from shared.channels.phone.settings import PhoneSettings, Speech

MAX_BYTES = 65_536
"""The longest document Twilio takes (error 11750)."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(*verbs: Element) -> bytes:
    """The whole answer."""
    root = Element("Response")
    root.extend(verbs)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()


def verb(name: str, text: str = "", /, **attributes: str | int | None) -> Element:
    """An element; attributes that are None are left out."""
    present = {key: clean(str(value)) for key, value in attributes.items() if value is not None}
    element = Element(name, present)
    element.text = clean(text) or None
    return element


def clean(text: str) -> str:
    """The text without characters that no XML 1.0 document may hold (section 2.2)."""
    return _NOT_XML.sub("", text)


def say(speech: Speech, text: str) -> Element:
    """Read a text aloud."""
    return verb("Say", text, voice=speech.voice, language=speech.locale)


def gather(action: str, prompts: list[Element], /, **attributes: str | int | None) -> Element:
    """Read prompts while listening for keys or speech; what was heard goes to `action`."""
    element = verb("Gather", action=action, **attributes)
    element.extend(prompts)
    return element


def enqueue(account: PhoneSettings, action: str, wait: str) -> Element:
    """Park the caller; `wait` is asked what he hears, `action` what to do when he leaves."""
    return verb(
        "Enqueue", account.name, action=action, waitUrl=wait, maxQueueSize=account.max_waiting
    )


def record(account: PhoneSettings, action: str, done: str) -> Element:
    """Record a message: `action` goes on with the call, `done` is told when the file exists."""
    return verb(
        "Record",
        action=action,
        maxLength=account.voicemail_seconds,
        finishOnKey="#",
        playBeep="true",
        trim="trim-silence",
        recordingStatusCallback=done,
        recordingStatusCallbackEvent="completed absent",
    )


def dial(endpoint: str, leg: str, /, **attributes: str | int) -> Element:
    """Call somebody and join the two when he answers; `leg` is told that he did."""
    element = verb("Dial", answerOnBridge="true", **attributes)
    noun, value = _noun(endpoint)
    attached = {"statusCallback": clean(leg), "statusCallbackEvent": "answered"}
    SubElement(element, noun, attached).text = clean(value)
    return element


def conference(room: str, /, *, ends: bool, **attributes: str | int) -> Element:
    """Put whoever is on the line into a room. `ends`: with him it is over for all."""
    element = verb("Dial", **attributes)
    lasts = {"startConferenceOnEnter": "true", "endConferenceOnExit": "true" if ends else "false"}
    SubElement(element, "Conference", {**lasts, "beep": "false"}).text = clean(room)
    return element


def _noun(endpoint: str) -> tuple[str, str]:
    if endpoint.startswith("client:"):
        return "Client", endpoint.removeprefix("client:")
    return ("Sip" if endpoint.startswith("sip:") else "Number"), endpoint
