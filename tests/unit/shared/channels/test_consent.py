import pytest

from shared.channels.consent import consent_in


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "stop", " Stop! ", "Stop.", "stop all", "Opt-out", "UNSUBSCRIBE", "quit"),
        *("Stopp", "Abmelden", "Arrêt", "désabonner", "BAJA", "sair", "uitschrijven"),
        *("iptal", "İPTAL", "СТОП", "إلغاء", "停止。", "रोकें", "수신거부", "st\u200bop"),
    ],
)
def test_stops(text: str) -> None:
    assert consent_in(text) == "stop"


@pytest.mark.parametrize("text", ["START", "Subscribe", "s'abonner", "Alta", "подписаться"])
def test_resumes(text: str) -> None:
    assert consent_in(text) == "resume"


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "...", "stop sending the wrong size", "please cancel my order", "the end"),
        *("bus stop", "nonstop", "stop" * 20, "👍"),
    ],
)
def test_anything_else_is_a_message(text: str | None) -> None:
    assert consent_in(text) is None
