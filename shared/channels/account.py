"""What the settings of every channel account have in common."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr

from shared.strict import Strict


class ResolvedSecret(SecretStr):
    """A secret the loader read from the environment or a file."""


def _only_resolved(value: Any) -> Any:
    if isinstance(value, ResolvedSecret):
        return value
    raise ValueError("a secret never stands in the file: write {env: NAME} or {file: PATH}")


def _as_tuple(value: Any) -> Any:
    values = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_only_resolved(item) for item in values)


Secret = Annotated[SecretStr, BeforeValidator(_only_resolved)]
"""One secret."""

Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_as_tuple), Field(max_length=2)]
"""One or two live secrets, newest first: two during a rotation."""


class AccountSettings(Strict):
    """One account at a provider; every channel extends it. `name` and `workspace` are set by where
    it stands in the file."""

    channel: str
    """The kind of account."""
    name: str = ""
    workspace: str = ""
    base_url: str = ""
    """The provider's API; tests and the demo put a loopback provider there."""
    public_url: str = ""
    """Our own address as the provider calls it, without `/webhooks/…`: some signatures cover it."""

    @property
    def address(self) -> str:
        """Our address at the provider, by which an item in a batch finds its account."""
        return self.name

    @property
    def served(self) -> frozenset[str]:
        """Every address that only this account may have."""
        return frozenset({self.address})
