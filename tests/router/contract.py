"""Every answer that a test gets is held to the OpenAPI document."""

import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from services.router.api.openapi import openapi
from services.router.api.table import OPERATIONS


@cache
def document() -> dict[str, Any]:
    """The description that the API serves."""
    return openapi(OPERATIONS)


@cache
def _paths() -> dict[str, re.Pattern[str]]:
    return {
        path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?.*)?$")
        for path in document()["paths"]
    }


def described(method: str, path: str) -> dict[str, Any] | None:
    """The operation behind a request; None for an address that the document does not name."""
    for template, pattern in _paths().items():
        if pattern.match(path):
            found: dict[str, Any] | None = document()["paths"][template].get(method.lower())
            return found
    return None


def hold(method: str, path: str, status: int, media: str, body: Any) -> None:
    """Fails when the answer is not one that the document promises."""
    operation = described(method, path)
    if operation is None:
        return
    assert str(status) in operation["responses"], f"{method} {path} answers {status}: undocumented"
    content = operation["responses"][str(status)]["content"]
    assert media in content, f"{method} {path} answers {media}: undocumented"
    if media.endswith("json"):
        schema = {**content[media]["schema"], "components": document()["components"]}
        Draft202012Validator(schema).validate(body)
