"""Whole messages that withdraw or give consent: a small closed set of words.

The English ones are those US law takes as a revocation by themselves (47 CFR 64.1200(a)(10)).
A message that says only this stays a message: a person reads it, and the hint tells what it means.
"""

import unicodedata
from typing import Literal

Consent = Literal["stop", "resume"]

_STOP = frozenset(
    {
        *("stop", "stopall", "stop all", "unsubscribe", "quit", "end", "cancel", "revoke"),
        *("opt out", "optout", "stop messages", "spam"),
        *("stopp", "abmelden", "abbestellen", "keine nachrichten", "keine nachrichten mehr"),
        *("arret", "arreter", "desabonner", "desinscription", "se desabonner"),
        *("baja", "darse de baja", "alto", "parar", "cancelar suscripcion"),
        *("sair", "descadastrar", "cancelar inscricao"),
        *("disiscrivimi", "annulla iscrizione", "cancellami", "basta"),
        *("afmelden", "uitschrijven", "stoppen"),
        *("wypisz", "rezygnuje", "avregistrera", "afmeld", "peru tilaus"),
        *("dur", "iptal", "abonelikten cik"),
        *("стоп", "отписаться", "відписатися"),
        *("توقف", "إلغاء", "إلغاء الاشتراك"),
        *("रोकें", "停止", "配信停止", "退订", "退訂", "取消订阅", "수신거부"),
    }
)
_RESUME = frozenset(
    {
        *("start", "unstop", "resume", "subscribe", "opt in", "optin"),
        *("anmelden", "s abonner", "alta", "suscribir", "assinar", "iscrivimi", "aanmelden"),
        *("старт", "подписаться", "اشترك", "订阅", "購読", "수신동의"),
    }
)
_DOTLESS_I = "\u0131"


def consent_in(text: str | None) -> Consent | None:
    """What a message means for consent when it says nothing else; None otherwise.

    Case, accents, punctuation and repeated spaces do not count.
    """
    if not text or len(text) > 40:
        return None
    said = _bare(text)
    if said in _STOP_BARE:
        return "stop"
    return "resume" if said in _RESUME_BARE else None


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold()).replace(_DOTLESS_I, "i")
    kept = "".join(
        character if character.isalnum() else " "
        for character in folded
        if not unicodedata.combining(character) and unicodedata.category(character) != "Cf"
    )
    return " ".join(kept.split())


_STOP_BARE = frozenset(map(_bare, _STOP))
_RESUME_BARE = frozenset(map(_bare, _RESUME))
