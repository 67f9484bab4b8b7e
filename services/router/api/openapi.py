"""The OpenAPI 3.1 document, made of the table of operations and the models they name."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.router.api.announce import EVENT_NAMES
from services.router.api.operations import STREAM, Operation
from services.router.api.problems import KINDS

VERSION = "1.0.0"
_ALWAYS = ("malformed", "too_large", "unsupported_media", "invalid", "internal", "unavailable")
_REFERENCE = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{(\w+)\}")

Document = dict[str, Any]


def openapi(operations: Sequence[Operation]) -> Document:
    """The whole document. It is the same for the same code: names are ordered."""
    models = sorted(
        {m for o in operations for m in (o.body, o.answer, o.query) if m is not None},
        key=lambda model: model.__name__,
    )
    _, schemas = models_json_schema(
        [(model, _mode(operations, model)) for model in models], ref_template=_REFERENCE
    )
    paths: dict[str, Document] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Patchbay queue API",
            "version": VERSION,
            "summary": "For agent desktops and supervisors.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**schemas["$defs"], "Problem": _problem()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "ticket": {"type": "apiKey", "in": "query", "name": "ticket"},
            },
        },
        "x-problems": {code: _kind(code) for code in KINDS},
    }


def _mode(operations: Sequence[Operation], model: type[BaseModel]) -> Any:
    return "serialization" if any(o.answer is model for o in operations) else "validation"


def _operation(operation: Operation) -> Document:
    found: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": {
            str(operation.status): _answer(operation),
            **_refusals(operation),
        },
        "security": _security(operation),
    }
    if operation.description:
        found["description"] = operation.description
    if operation.roles is not None:
        found["x-roles"] = sorted(operation.roles)
    if operation.body is not None:
        schema = {"$ref": _REFERENCE.format(model=operation.body.__name__)}
        required = any(f.is_required() for f in operation.body.model_fields.values())
        found["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": schema}},
        }
    return found


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.media == STREAM:
        return [{"token": []}, {"ticket": []}]
    return [{"token": []}] if operation.roles is not None else []


def _parameters(operation: Operation) -> list[Document]:
    found: list[Document] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(operation.path)
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema()
        found += [
            {"name": name, "in": "query", "required": False, "schema": one}
            for name, one in schema["properties"].items()
            if name != "ticket"
        ]
    if operation.key != "no":
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": operation.key == "required",
                "description": "A random text; the same request with it is done once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    return found


def _answer(operation: Operation) -> Document:
    if operation.media == STREAM:
        schema: Document = {"type": "string"}
        text = f"Events of the types {', '.join(EVENT_NAMES)}, each with a JSON object."
        return {"description": text, "content": {STREAM: {"schema": schema}}}
    assert operation.answer is not None
    schema = {"$ref": _REFERENCE.format(model=operation.answer.__name__)}
    return {"description": "Done.", "content": {operation.media: {"schema": schema}}}


def _refusals(operation: Operation) -> Document:
    """One response per status, naming the codes that have it."""
    codes = [*operation.problems, *_ALWAYS]
    if operation.roles is not None:
        codes += ["unauthenticated", "forbidden"]
    if operation.key == "required":
        codes.append("key_required")
    by_status: dict[int, list[str]] = {}
    for code in sorted(set(codes)):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        str(status): {
            "description": ", ".join(names),
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
        for status, names in sorted(by_status.items())
    }


def _problem() -> Document:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "RFC 9457 problem details.",
        "required": ["type", "title", "status", "detail", "code", "hint", "instance"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": {"enum": list(KINDS)},
            "hint": text,
            "instance": text,
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["pointer", "detail"],
                    "properties": {"pointer": text, "detail": text},
                },
            },
        },
    }


def _kind(code: str) -> Document:
    kind = KINDS[code]
    return {"status": kind.status, "title": kind.title, "hint": kind.hint}
