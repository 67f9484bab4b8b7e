"""WhatsApp's own error codes (Meta, "Cloud API error codes"), in replies and in failed statuses."""

from shared.channels.meaning import Meaning
from shared.channels.meta.errors import Codes

UNDELIVERED = Meaning("unreachable", "WhatsApp could not deliver the message.")

_PARAMETER = Meaning("rejected_content", "Something in the message is missing or not valid.")
_TEMPLATE = Meaning("rejected_content", "The template's parameters do not fit the template.")
_REGISTRATION = Meaning("misconfigured", "Our WhatsApp number is not registered properly.")
_BUSY = Meaning("retry", "WhatsApp's service is not available at the moment.", 5)

CODES: Codes = {
    33: Meaning("misconfigured", "Our WhatsApp number no longer exists."),
    80007: Meaning("throttled", "Our WhatsApp account makes too many calls.", 60),
    80008: Meaning("throttled", "Our WhatsApp account makes too many calls.", 60),
    130429: Meaning("throttled", "Our WhatsApp number sends too fast.", 1),
    130472: Meaning("unreachable", "WhatsApp withholds marketing from this customer (a test)."),
    130497: Meaning("unreachable", "WhatsApp does not let us write to customers in this country."),
    131000: Meaning("retry", "Something went wrong at WhatsApp.", 5),
    131005: Meaning("misconfigured", "Our app lacks a permission at WhatsApp."),
    131008: _PARAMETER,
    131009: _PARAMETER,
    131016: _BUSY,
    131021: Meaning("rejected_content", "The recipient is our own number."),
    131026: Meaning("unreachable", "The customer cannot be reached on WhatsApp."),
    131030: Meaning("misconfigured", "Our number is a test number without this recipient."),
    131031: Meaning("misconfigured", "WhatsApp has locked our account."),
    131037: Meaning("misconfigured", "Our number's display name is not approved."),
    131042: Meaning("misconfigured", "WhatsApp reports a problem with our payment method."),
    131044: Meaning("misconfigured", "WhatsApp reports a problem with our payment method."),
    131045: Meaning("misconfigured", "Our WhatsApp number is not registered properly."),
    131047: Meaning("window_closed", "More than 24 hours since the customer last wrote."),
    131048: Meaning("throttled", "WhatsApp holds our messages back: too many were reported.", 3600),
    131049: Meaning("unreachable", "WhatsApp limits marketing to this customer; not before a day."),
    131050: Meaning("opted_out", "The customer has stopped our marketing on WhatsApp."),
    131051: Meaning("rejected_content", "WhatsApp does not carry this type of message."),
    131052: Meaning("rejected_content", "The customer's file could not be fetched."),
    131053: Meaning("retry", "WhatsApp could not fetch our file.", 5),
    131056: Meaning("throttled", "Too many messages to this customer in a short time.", 4),
    131057: Meaning("retry", "Our WhatsApp number is under maintenance.", 60),
    131062: Meaning("unreachable", "This message needs the customer's phone number."),
    131063: Meaning("misconfigured", "Marketing templates are not enabled for our number."),
    131064: Meaning("throttled", "Our WhatsApp account has reached its messaging limit.", 14_400),
    132000: _TEMPLATE,
    132001: Meaning("misconfigured", "The template is not approved in this language."),
    132005: Meaning("rejected_content", "The filled-in template is too long."),
    132007: Meaning("rejected_content", "The template's content violates a policy."),
    132008: _TEMPLATE,
    132012: _TEMPLATE,
    132015: Meaning("misconfigured", "WhatsApp has paused the template."),
    132016: Meaning("misconfigured", "WhatsApp has disabled the template."),
    132068: Meaning("misconfigured", "The form is blocked."),
    132069: Meaning("throttled", "The form is used too often at the moment.", 60),
    133000: _REGISTRATION,
    133004: _BUSY,
    **dict.fromkeys(range(133005, 133011), _REGISTRATION),
    133015: _REGISTRATION,
    133016: Meaning("throttled", "Our number was registered too often.", 3600),
    134101: Meaning("retry", "The template is still being prepared.", 600),
    134102: Meaning("misconfigured", "The template cannot be used for marketing."),
    135000: Meaning("rejected_content", "WhatsApp refused the message."),
    137000: Meaning("unreachable", "The customer's identity has changed; confirm it first."),
    138006: Meaning("opted_out", "The customer has not allowed calls."),
}
