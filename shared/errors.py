"""Every failure we expect. Anything else is a bug and ends the process.

A class answers three questions for whoever catches it: may the same call be tried again
(`retryable`), should somebody be woken (`alert`), and do we know that nothing happened (`certain`).
`code` is one word for the metric label, the log field and the API's problem type.
"""

from typing import ClassVar


class PatchbayError(Exception):
    """A failure we expected."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    alert: ClassVar[bool] = False
    certain: ClassVar[bool] = True


class LogUnavailable(PatchbayError):
    """The log did not confirm in time. The record may or may not have been appended."""

    code, retryable, certain = "log_unavailable", True, False


class RecordTooLarge(PatchbayError):
    """The record or batch is larger than the topic takes; nothing was appended."""

    code = "record_too_large"


class OwnershipLost(PatchbayError):
    """Another member owns the partition now; drop what is in hand, it will be redelivered."""

    code = "ownership_lost"


class RecordIncomplete(PatchbayError):
    """Decisions that a shard's state rests on are no longer retained, and no snapshot has them."""

    code, alert = "record_incomplete", True


class CacheUnavailable(PatchbayError):
    """Redis did not answer in time. A command may or may not have run."""

    code, retryable, certain = "cache_unavailable", True, False


class TookTooLong(PatchbayError):
    """A handler did not return in time. What it was doing may or may not have happened."""

    code, retryable, certain = "took_too_long", True, False


class Undecodable(PatchbayError):
    """A record's value is not an envelope we know."""

    code, alert = "undecodable", True


class TooManyDeadLetters(PatchbayError):
    """Nearly everything fails: stop, rather than shovel a topic into `dead-letters`."""

    code, alert = "too_many_dead_letters", True


class SignatureInvalid(PatchbayError):
    """The request does not prove that the provider sent it."""

    code = "signature_invalid"


class SignatureExpired(SignatureInvalid):
    """The signature is right, but too old (or from the future)."""

    code = "signature_expired"


class PayloadInvalid(PatchbayError):
    """The body is not what the provider's format allows; the message says where."""

    code = "payload_invalid"


class UnknownAccount(PatchbayError):
    """No channel account with that name, or none that serves the addressed number or page."""

    code = "unknown_account"


class ConfigurationInvalid(PatchbayError):
    """`patchbay.yaml` cannot be used; the message lists every problem with file and line."""

    code = "configuration_invalid"


class ViewBehind(PatchbayError):
    """The view in Redis does not show yet what is already in the record."""

    code, retryable = "view_behind", True
