"""Reading an HTML form as bytes: a mail inside it must come out as it went in.

Both encodings (WHATWG URL, application/x-www-form-urlencoded; RFC 7578, multipart/form-data) are
read in one pass, with a cap on the number of fields. Of a field given twice the last counts.
"""

import re
from urllib.parse import unquote_to_bytes

from shared.channels import HttpRequest
from shared.errors import PayloadInvalid

_MOST_FIELDS = 1000
_HEAD_BYTES = 4096
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'(?:^|[;\s])name="([^"\r\n]{1,200})"', re.IGNORECASE)


def form_fields(request: HttpRequest) -> dict[str, bytes]:
    """Every field by its name. Raises PayloadInvalid when the body is no form."""
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _urlencoded(request.body)
    boundary = _BOUNDARY.search(content_type)
    if kind != "multipart/form-data" or boundary is None:
        raise PayloadInvalid("the body is not a form")
    return _multipart(request.body, (boundary[1] or boundary[2]).encode())


def _urlencoded(body: bytes) -> dict[str, bytes]:
    if body.count(b"&") >= _MOST_FIELDS:
        raise PayloadInvalid("the form has too many fields")
    fields: dict[str, bytes] = {}
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        fields[_name(name)] = unquote_to_bytes(value.replace(b"+", b" "))
    return fields


def _name(raw: bytes) -> str:
    return unquote_to_bytes(raw[:600].replace(b"+", b" ")).decode("utf-8", "replace")


def _multipart(body: bytes, boundary: bytes) -> dict[str, bytes]:
    delimiter = b"\r\n--" + boundary
    parts = (b"\r\n" + body).split(delimiter, _MOST_FIELDS + 1)
    if len(parts) > _MOST_FIELDS or not parts[-1].startswith(b"--"):
        raise PayloadInvalid("the form does not end, or has too many fields")
    fields: dict[str, bytes] = {}
    for part in parts[1:-1]:
        head, separator, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head[:_HEAD_BYTES])
        if not separator or name is None:
            raise PayloadInvalid("a part of the form has no name")
        fields[name[1].decode("utf-8", "replace")] = content
    return fields
