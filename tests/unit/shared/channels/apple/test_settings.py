import base64

import pytest
from pydantic import ValidationError

from shared.channels.account import ResolvedSecret
from shared.channels.apple.settings import AppleSettings


@pytest.mark.parametrize(
    "secret", ["not base64!", "YWJj\n", "", base64.b64encode(b"short").decode()]
)
def test_a_secret_that_cannot_be_a_key_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AppleSettings(msp_id="m", business_id="b", secret=(ResolvedSecret(secret),))
    assert "secret" in str(refused.value)
    assert not secret or secret not in str(refused.value)
