"""Reads `tests/commerce/<source>/*.json`; README.md there says how."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from shared.channels import HttpRequest
from shared.channels.account import ResolvedSecret
from shared.commerce import FactSource
from shared.commerce.registry import SOURCES
from shared.config.models import CommerceSource

HERE = Path(__file__).parent
NEWEST, OLDER = "newest-secret", "older-secret"


def source_of(name: str, **settings: Any) -> CommerceSource:
    """The settings every case uses."""
    secrets = tuple(ResolvedSecret(text) for text in (NEWEST, OLDER))
    plain = {"source": name, "name": "shop1", "workspace": "acme", "secret": secrets}
    return CommerceSource.model_validate({**plain, **settings})


@dataclass(frozen=True)
class Case:
    """One case: `data` as it stands in its file."""

    name: str
    path: Path
    data: dict[str, Any]

    @property
    def adapter(self) -> FactSource:
        return SOURCES[self.name]

    @property
    def source(self) -> CommerceSource:
        given = dict(self.data.get("source", {}))
        if "secret" in given:
            given["secret"] = ResolvedSecret(given["secret"])
        return source_of(self.name, **given)

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.data.get("now", "2026-10-01T12:00:00+00:00"))

    @property
    def request(self) -> HttpRequest:
        plain = self.data["request"]
        text = json.dumps(plain["json"]) if "json" in plain else plain.get("body", "")
        url = "https://patchbay.example/webhooks/commerce/shop1"
        return HttpRequest("POST", url, plain.get("headers", {}), text.encode())

    def settle(self, actual: Mapping[str, Any], *, update: bool) -> None:
        """Compare with what the file expects, or write it there."""
        if update:
            kept = {k: v for k, v in self.data.items() if k not in ("expected", "error", "detail")}
            text = json.dumps({**kept, **actual}, indent=1, ensure_ascii=False)
            self.path.write_text(text + "\n")
        for key, value in actual.items():
            known = (json.loads(self.path.read_text()) if update else self.data).get(key)
            assert json.loads(json.dumps(value)) == known, f"{self.path.name}: {key}"


def cases() -> list[Any]:
    """Every fact case as a pytest parameter."""
    return [
        pytest.param(
            Case(path.parent.name, path, json.loads(path.read_text())),
            id=f"{path.parent.name}/{path.stem}",
        )
        for path in sorted(HERE.glob("*/*.json"))
    ]


def signature_cases() -> list[Any]:
    """Every row of the signature tables as a pytest parameter."""
    return [
        pytest.param(Case(path.parent.parent.name, path, row), id=f"{path.parent.parent.name}/{n}")
        for path in sorted(HERE.glob("*/signatures/table.json"))
        for n, row in json.loads(path.read_text()).items()
    ]
