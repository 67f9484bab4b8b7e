"""Which branch of the menu a caller meant, by key or by word."""

import re
import unicodedata

from shared.channels.phone.settings import Option, PhoneSettings
from shared.channels.phone.turn import Turn

_WORD = re.compile(r"\w+")


def choose(turn: Turn, account: PhoneSettings) -> Option | None:
    """The option taken; None for silence, for a key nobody offered, or for words not understood.

    Of several options whose words were said the longest phrase counts, then the file's order.
    """
    if digits := turn.get("Digits"):
        return next((option for option in account.menu if option.digit == digits), None)
    if _confidence(turn.get("Confidence")) < account.min_confidence:
        return None
    said = _words(turn.get("SpeechResult"))
    best, length = None, 0
    for option in account.menu:
        for phrase in option.words.get(turn.bag.language, ()):
            words = _words(phrase)
            if len(words) > length and _holds(said, words):
                best, length = option, len(words)
    return best


def _confidence(text: str) -> float:
    """Twilio's 0.0 to 1.0; a speech engine that gives none is believed."""
    try:
        return float(text or "1")
    except ValueError:
        return 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _holds(said: list[str], phrase: list[str]) -> bool:
    return any(said[at : at + len(phrase)] == phrase for at in range(len(said) - len(phrase) + 1))
