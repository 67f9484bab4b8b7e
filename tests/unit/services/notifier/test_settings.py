"""What the environment may say."""

import pytest
from pydantic import ValidationError

from services.notifier.settings import NotifierSettings


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHBAY_NOTIFIER_WIDTH", "3")
    monkeypatch.setenv("PATCHBAY_NOTIFIER_DOUBT_SECONDS", "7")
    monkeypatch.setenv("PATCHBAY_NOTIFIER_RESEND_UNHEARD", '["email"]')
    settings = NotifierSettings()

    assert settings.patience().unheard == {"email"}
    assert (settings.room().width, settings.call_limits().connections) == (3, 3)
    assert settings.patience().doubt == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [("WIDTH", "0"), ("LOCAL_SHARE", "1.5"), ("RESENDS", "-1"), ("TOTAL_SECONDS", "0")],
)
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PATCHBAY_NOTIFIER_{name}", value)

    with pytest.raises(ValidationError):
        NotifierSettings()
