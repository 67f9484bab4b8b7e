"""Which account a request, and each item in it, belongs to."""

from collections.abc import Mapping

from pydantic import SecretStr

from shared.channels.account import AccountSettings
from shared.config.models import CommerceSource, Config
from shared.errors import UnknownAccount


class Accounts:
    """The configured accounts, by name for requests and by our address for items."""

    def __init__(self, config: Config) -> None:
        self._by_name = config.accounts()
        self._by_address = {
            (account.channel, account.address): account for account in self._by_name.values()
        }
        self._commerce: Mapping[str, CommerceSource] = {
            name: source
            for workspace in config.workspaces.values()
            for name, source in workspace.commerce.items()
        }
        self._config = config

    def named(self, channel: str, name: str) -> AccountSettings:
        """The account in a webhook's address. Raises UnknownAccount."""
        account = self._by_name.get((channel, name))
        if account is None:
            raise UnknownAccount(f"no {channel} account is called {name!r}")
        return account

    def commerce(self, name: str) -> CommerceSource:
        """The shop or carrier in a webhook's address. Raises UnknownAccount."""
        source = self._commerce.get(name)
        if source is None:
            raise UnknownAccount(f"no commerce source is called {name!r}")
        return source

    def of_channel(self, channel: str) -> list[AccountSettings]:
        """Every account of a channel (a mail listener serves them all)."""
        return [account for account in self._by_name.values() if account.channel == channel]

    def serving(self, verified: AccountSettings, recipient: str) -> AccountSettings:
        """The account an item of a verified request is for.

        One provider app may serve several numbers: another account is accepted when it shares a
        live secret with the one that was verified, so that nobody can write into an account whose
        secret he does not know. Raises UnknownAccount.
        """
        if recipient in ("", verified.address):
            return verified
        account = self._by_address.get((verified.channel, recipient))
        if account is None or not _secrets(account) & _secrets(verified):
            raise UnknownAccount(f"no {verified.channel} account of this app serves the recipient")
        return account

    def identity_key(self, workspace: str) -> bytes:
        """The key that makes this workspace's conversation keys opaque."""
        return self._config.identity_key(workspace)


def _secrets(account: AccountSettings) -> set[str]:
    """Every live secret of an account that has two places for it: the signing ones."""
    return {
        secret.get_secret_value()
        for name in type(account).model_fields
        for secret in _several(getattr(account, name))
    }


def _several(value: object) -> tuple[SecretStr, ...]:
    if isinstance(value, tuple):
        return tuple(secret for secret in value if isinstance(secret, SecretStr))
    return ()
