"""X-Twilio-Signature, and the number sealed in our own addresses."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.channels import HttpRequest
from shared.channels.phone.seal import seal, unseal
from shared.channels.phone.signature import signature, verify
from shared.errors import SignatureInvalid
from tests.unit.shared.channels.phone.accounts import TOKEN, account

URL = "https://patchbay.example/webhooks/phone/hotline"
WORDS = st.text(max_size=20).filter(lambda text: text.isascii() or text.isprintable())
FORMS = st.lists(st.tuples(WORDS, WORDS), max_size=8)


def test_the_example_in_twilio_s_documentation() -> None:
    form = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature(url, form, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@given(form=FORMS)
def test_what_is_signed_is_believed(form: list[tuple[str, str]]) -> None:
    request = _signed(form, TOKEN)
    assert verify(request, account()) == 0


@given(form=FORMS, name=WORDS, value=WORDS)
def test_a_parameter_more_is_not_believed(
    form: list[tuple[str, str]], name: str, value: str
) -> None:
    request = _signed(form, TOKEN)
    more = HttpRequest(
        "POST", request.url, request.headers, urlencode([*form, ("x" + name, value)]).encode()
    )
    with pytest.raises(SignatureInvalid):
        verify(more, account())


@given(body=st.binary(max_size=60), header=st.text(max_size=40))
def test_noise_is_not_believed(body: bytes, header: str) -> None:
    request = HttpRequest("POST", URL, {"x-twilio-signature": header}, body)
    with pytest.raises(SignatureInvalid):
        verify(request, account())


@given(address=st.text(max_size=60))
def test_only_a_live_token_opens_a_sealed_number(address: str) -> None:
    newest, older, other = SecretStr("newest"), SecretStr("older"), SecretStr("other")
    sealed = seal(address, older)
    assert sealed == seal(address, older)
    assert unseal(sealed, (newest, older)) == address
    assert unseal(sealed, (other,)) is None
    assert set(sealed) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(text=st.text(max_size=60))
def test_noise_is_not_unsealed(text: str) -> None:
    assert unseal(text, (SecretStr("newest"),)) is None


def _signed(form: list[tuple[str, str]], token: str) -> HttpRequest:
    headers = {"x-twilio-signature": signature(URL, form, token)}
    return HttpRequest("POST", URL, headers, urlencode(form).encode())
