"""Reads the case files of `tests/channels/<channel>/<folder>/*.json`; README.md there says how.

The file name is the case name. A file with a `table` holds one small case per name.
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import BaseModel, SecretStr

from shared.channels import Channel, HttpReply, HttpRequest, MailReply, MailRequest, WaitFacts
from shared.channels.account import AccountSettings, ResolvedSecret
from shared.channels.registry import CHANNELS

HERE = Path(__file__).parent
FOLDERS = ("inbound", "outbound", "replies", "signatures")
_RESULTS = frozenset({"expected", "error", "detail", "unsendable"})


@dataclass(frozen=True)
class Case:
    """One case: `data` as it stands in its file."""

    channel_name: str
    path: Path
    row: str | None
    data: dict[str, Any]

    @property
    def channel(self) -> Channel[Any]:
        return CHANNELS[self.channel_name]

    @property
    def account(self) -> AccountSettings:
        """The channel's `account.json`, overridden by what the case says."""
        plain = json.loads((HERE / self.channel_name / "account.json").read_text())
        merged = {
            "channel": self.channel_name,
            "name": "main",
            "workspace": "shop",
            **plain,
            **self.data.get("account", {}),
        }
        return self.channel.settings.model_validate(_with_secrets(merged))

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.data.get("now", "2026-10-01T12:00:00+00:00"))

    @property
    def request(self) -> HttpRequest:
        plain = self.data["request"]
        return HttpRequest(
            method=plain.get("method", "POST"),
            url=plain.get("url", f"https://patchbay.example/webhooks/{self.channel_name}/main"),
            headers=plain.get("headers", {}),
            body=_mail(HERE / self.channel_name / plain["eml"]) if "eml" in plain else _body(plain),
        )

    @property
    def wait(self) -> WaitFacts | None:
        plain = self.data["wait"]
        if plain is None:
            return None
        times = (plain.get("seconds"), plain.get("at_most"))
        seconds, at_most = (None if time is None else float(time) for time in times)
        return WaitFacts(plain["position"], seconds, at_most)

    @property
    def reply(self) -> HttpReply | MailReply:
        plain = self.data["reply"]
        if "code" in plain:
            return MailReply(plain["code"], plain.get("text", ""))
        return HttpReply(plain["status"], plain.get("headers", {}), _body(plain))

    def settle(self, actual: Mapping[str, Any], *, update: bool) -> None:
        """Compare with what the file expects, or write it there."""
        if update:
            self._write(actual)
        for key, value in actual.items():
            assert json.loads(json.dumps(value)) == self.data.get(key), f"{self.path.name}: {key}"

    def _write(self, actual: Mapping[str, Any]) -> None:
        whole = json.loads(self.path.read_text())
        target = whole if self.row is None else whole["table"][self.row]
        stale = _RESULTS - actual.keys() if _RESULTS & actual.keys() else frozenset()
        for data in (target, self.data):
            data.update(json.loads(json.dumps(actual)))
            for key in stale:
                data.pop(key, None)
        text = json.dumps(whole, indent=1, ensure_ascii=False)
        self.path.write_text(text + "\n")


def cases(folder: str, having: str | None = None) -> list[Any]:
    """The cases of a folder of all channels as pytest parameters; `having` names a needed key."""
    return [
        pytest.param(case, id=_label(case))
        for case in _read(folder)
        if having is None or having in case.data
    ]


def _label(case: Case) -> str:
    row = "" if case.row is None else f"[{case.row}]"
    return f"{case.channel_name}/{case.path.stem}{row}"


def _read(folder: str) -> Iterator[Case]:
    for path in sorted(HERE.glob(f"*/{folder}/*.json")):
        whole = json.loads(path.read_text())
        name = path.parent.parent.name
        rows = whole.get("table")
        if rows is None:
            yield Case(name, path, None, whole)
        else:
            yield from (Case(name, path, row, data) for row, data in rows.items())


def _with_secrets(value: Any) -> Any:
    """`{"$secret": "text"}` becomes a secret as the configuration's loader makes it."""
    if isinstance(value, dict):
        if set(value) == {"$secret"}:
            return ResolvedSecret(value["$secret"])
        return {key: _with_secrets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_secrets(item) for item in value]
    return value


def secrets_of(account: AccountSettings) -> set[str]:
    """Every secret of an account."""
    found: set[str] = set()
    for value in dict(account).values():
        several = value if isinstance(value, tuple) else (value,)
        found |= {item.get_secret_value() for item in several if isinstance(item, SecretStr)}
    return found


def _mail(path: Path) -> bytes:
    """A mail is kept with the line ends of a text file and sent with its own (RFC 5322, 2.1)."""
    return path.read_bytes().replace(b"\n", b"\r\n")


def _body(plain: Mapping[str, Any]) -> bytes:
    if "form" in plain:
        body = urlencode(plain["form"]).encode()
    elif "json" in plain:
        body = json.dumps(plain["json"]).encode()
    elif "body_base64" in plain:
        body = base64.b64decode(plain["body_base64"])
    else:
        body = plain.get("body", "").encode()
    return gzip.compress(body, mtime=0) if plain.get("gzip") else body


def plain_item(item: Any) -> dict[str, Any]:
    """An item, or any dataclass of the contract, without the fields that have their defaults."""
    shown: dict[str, Any] = {"item": type(item).__name__}
    for field in fields(item):
        value = getattr(item, field.name)
        if value != field.default or field.default is MISSING:
            shown[field.name] = _plain(value)
    return shown


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return _plain_bytes(value)
    return list(value) if isinstance(value, tuple) else value


def _plain_bytes(value: bytes) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        pass
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def plain_sent(request: HttpRequest | MailRequest) -> dict[str, Any]:
    """A composed request, its body as JSON or text."""
    if isinstance(request, MailRequest):
        return {
            "sender": request.sender,
            "recipients": list(request.recipients),
            "content": request.content.decode(errors="surrogateescape").split("\r\n"),
        }
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": _plain_bytes(request.body),
    }


def plain_reply(reply: HttpReply) -> dict[str, Any]:
    """An answer of ours, its body as text."""
    return {
        "status": reply.status,
        "headers": dict(reply.headers),
        "body": reply.body.decode(),
    }
