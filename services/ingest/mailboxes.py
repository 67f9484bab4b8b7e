"""Which account serves a mailbox."""

from collections.abc import Iterable

from shared.channels.email.addresses import plain, split_extension
from shared.channels.email.settings import EmailSettings
from shared.channels.email.tokens import Tokens
from shared.errors import ConfigurationInvalid


class Mailboxes:
    """Every mailbox of every e-mail account; `+` extensions belong to their mailbox.

    Accounts may share the mailbox that bounces come to: the address a bounce comes to says whose it
    is. `postmaster` of a domain we serve always has somebody who reads it (RFC 5321, 4.5.1).
    """

    def __init__(self, accounts: Iterable[EmailSettings]) -> None:
        self._accounts: dict[str, EmailSettings] = {}
        self._bounces: dict[str, list[EmailSettings]] = {}
        self._postmasters: dict[str, EmailSettings] = {}
        for account in accounts:
            self._bounces.setdefault(account.bounces, []).append(account)
            for mailbox in account.addresses:
                if self._accounts.setdefault(mailbox, account) is not account:
                    raise ConfigurationInvalid(f"mailbox {mailbox} belongs to two accounts")
            for mailbox in account.mailboxes:
                domain = mailbox.rpartition("@")[2]
                self._postmasters.setdefault(f"postmaster@{domain}", account)

    def serving(self, address: str) -> EmailSettings | None:
        """The account that takes mail for this address."""
        mailbox, extension = split_extension(plain(address))
        account = self._accounts.get(mailbox)
        if account is not None:
            return account
        sharing = self._bounces.get(mailbox, [])
        owner = (a for a in sharing if Tokens(a).bounced(extension) is not None)
        return next(owner, sharing[0] if sharing else self._postmasters.get(mailbox))
