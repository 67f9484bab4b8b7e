"""The customer's number inside our own callback addresses, readable by nobody on the way.

Some callbacks (a leg's status, a recording) do not say who the customer is, so the address they
call must. Addresses end up in access logs, numbers must not: AES-SIV (RFC 5297), deterministic, so
that the same call gives the same address, with a key made of the auth token.
"""

import base64
import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from pydantic import SecretStr


def seal(address: str, token: SecretStr) -> str:
    """Text for a query string that only a holder of the token can open."""
    sealed = _cipher(token).encrypt(address.encode(), None)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal(text: str, tokens: tuple[SecretStr, ...]) -> str | None:
    """The address, when one of the live tokens sealed it."""
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    for token in tokens:
        try:
            return _cipher(token).decrypt(sealed, None).decode()
        except (InvalidTag, ValueError):
            continue
    return None


def _cipher(token: SecretStr) -> AESSIV:
    secret = token.get_secret_value().encode()
    return AESSIV(hashlib.blake2b(secret, person=b"patchbay caller", digest_size=64).digest())
