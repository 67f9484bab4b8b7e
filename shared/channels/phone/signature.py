"""Did Twilio send this? (Twilio, "Validating requests": X-Twilio-Signature)"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit

from shared.channels import HttpRequest
from shared.channels.phone.settings import PhoneSettings
from shared.errors import SignatureInvalid

Pairs = list[tuple[str, str]]

MAX_FIELDS = 500
_PORTS = {"https": 443, "http": 80}


def signature(url: str, form: Iterable[tuple[str, str]], token: str) -> str:
    """Base64 of HMAC-SHA1 over the URL and every distinct parameter, sorted by name and value."""
    text = url + "".join(name + value for name, value in sorted(set(form)))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def verify(request: HttpRequest, account: PhoneSettings) -> int:
    """The index of the auth token that signed this. Raises SignatureInvalid."""
    given = request.headers.get("x-twilio-signature", "").encode()
    form = _signed_form(request)
    matched = None
    for index, token in reversed(list(enumerate(account.auth_tokens))):
        for url in _urls(public_url(request, account)):
            expected = signature(url, form, token.get_secret_value()).encode()
            if hmac.compare_digest(expected, given):
                matched = index
    if matched is None:
        raise SignatureInvalid("X-Twilio-Signature does not fit any live auth token")
    return matched


def public_url(request: HttpRequest, account: PhoneSettings) -> str:
    """The address as Twilio called it: behind a proxy only the configuration knows the host."""
    at = request.url.find("/webhooks/")
    return request.url if at < 0 else account.public_url.rstrip("/") + request.url[at:]


def form_of(request: HttpRequest) -> Pairs:
    """The parameters Twilio sent, in order, blank ones too. Raises ValueError."""
    if request.method == "GET":
        text = urlsplit(request.url).query
    elif _is_json(request):
        return []
    else:
        text = request.body.decode("ascii")  # anything else is percent-encoded
    return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)


def _signed_form(request: HttpRequest) -> Pairs:
    """What is signed beside the URL: a JSON body by its digest in the URL, a GET by nothing."""
    if request.method == "GET":
        return []
    if _is_json(request):
        _check_digest(request)
        return []
    try:
        return form_of(request)
    except ValueError:
        raise SignatureInvalid("the body is not a form") from None


def _is_json(request: HttpRequest) -> bool:
    return request.headers.get("content-type", "").startswith("application/json")


def _check_digest(request: HttpRequest) -> None:
    given = parse_qs(urlsplit(request.url).query).get("bodySHA256", [""])[-1]
    digest = hashlib.sha256(request.body).hexdigest()
    if not hmac.compare_digest(digest.encode(), given.lower().encode()):
        raise SignatureInvalid("bodySHA256 does not fit the body")


def _urls(url: str) -> list[str]:
    """With and without the port: Twilio is not consistent in signing it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = host if host.endswith("]") else host.partition(":")[0]
    if host.startswith("[") and not host.endswith("]"):
        bare = host.rpartition(":")[0]
    port = host[len(bare) + 1 :] or str(_PORTS.get(parts.scheme, 443))
    hosts = (parts.netloc, bare, f"{bare}:{port}")
    rest = url[len(f"{parts.scheme}://{parts.netloc}") :]
    return [urlunsplit((parts.scheme, each, "", "", "")) + rest for each in dict.fromkeys(hosts)]
