"""Which account serves a mailbox."""

from collections.abc import Iterable

from shared.channels.email.addresses import plain, split_extension
from shared.channels.email.settings import EmailSettings
from shared.errors import ConfigurationInvalid


class Mailboxes:
    """Every mailbox of every e-mail account; `+` extensions belong to their mailbox.

    `postmaster` of a domain we serve always has somebody who reads it (RFC 5321, 4.5.1).
    """

    def __init__(self, accounts: Iterable[EmailSettings]) -> None:
        self._accounts: dict[str, EmailSettings] = {}
        served = list(accounts)
        for account in served:
            for mailbox in account.mailboxes:
                other = self._accounts.setdefault(mailbox, account)
                if other is not account:
                    raise ConfigurationInvalid(
                        f"mailbox {mailbox} belongs to two accounts: {other.name}, {account.name}"
                    )
        for account in served:
            for mailbox in account.mailboxes:
                domain = mailbox.rpartition("@")[2]
                self._accounts.setdefault(f"postmaster@{domain}", account)

    def serving(self, address: str) -> EmailSettings | None:
        """The account that takes mail for this address."""
        return self._accounts.get(split_extension(plain(address))[0])
