"""The texts of templates: do they compile, and do alerts know the values they ask for?"""

from collections.abc import Iterator
from typing import Any

from jinja2 import TemplateSyntaxError, meta
from jinja2.sandbox import SandboxedEnvironment

from shared.config.raw import children, mapping, texts, workspaces
from shared.config.schema import near
from shared.config.source import Document, Path_

ALERT_VALUES = frozenset(
    {
        "name", "first_name", "shop", "order", "shipment", "carrier", "tracking_url", "state",
        "promised", "expected", "days_late", "product", "available",
    }
)  # fmt: skip
"""What the template of an alert may use. A reply's template gets its values from its agent."""


def check_templates(document: Document) -> None:
    """Note every text that does not compile, and every value an alert will not have."""
    jinja = SandboxedEnvironment()
    jinja.filters |= dict.fromkeys(("day", "number"), str)
    for _, here, content in workspaces(document.data):
        alerts = children(content.get("alerts"))
        of_alerts = {name for _, alert in alerts for _, name in texts(alert.get("template"))}
        for name, template in children(content.get("templates")):
            path = (*here, "templates", name)
            _default(document, path, template)
            for place, text in _sources(path, template):
                _check(document, jinja, place, text, alert=name in of_alerts)


def _default(document: Document, path: Path_, template: dict[str, Any]) -> None:
    languages, default = mapping(template.get("languages")), template.get("default_language", "en")
    if languages and isinstance(default, str) and default not in languages:
        message = f"its default_language {default!r} is none of its languages"
        document.problem((*path, "default_language"), message, near(default, languages))


def _sources(path: Path_, template: dict[str, Any]) -> Iterator[tuple[Path_, str]]:
    """Every Jinja text with its place; a parameter is an expression, so it gets its braces."""
    for language, entry in children(template.get("languages")):
        here = (*path, "languages", language)
        for key in ("text", "subject", "voice"):
            if isinstance(entry.get(key), str):
                yield (*here, key), entry[key]
        for key, value in mapping(entry.get("parameters")).items():
            if isinstance(value, str):
                yield (*here, "parameters", key), f"{{{{ {value} }}}}"


def _check(
    document: Document, jinja: SandboxedEnvironment, path: Path_, text: str, *, alert: bool
) -> None:
    try:
        jinja.compile(text)
        used = meta.find_undeclared_variables(jinja.parse(text))
    except TemplateSyntaxError as error:
        said = (error.message or "").rstrip(".")
        document.problem(path, f"not a Jinja template: {said}", "as in {{ shipment }}")
        return
    for value in sorted(used - ALERT_VALUES) if alert else ():
        document.problem(path, f"an alert has no value {value!r}", near(value, ALERT_VALUES))
