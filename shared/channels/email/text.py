"""Our own texts as HTML: nothing but paragraphs, line breaks and links."""

import re
from html import escape

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def to_html(text: str, language: str) -> str:
    """A small HTML document that shows the text as it was written."""
    paragraphs = "\n".join(f"<p>{_lines(part)}</p>" for part in re.split(r"\n{2,}", text))
    tag = escape(language, quote=True)
    return f'<!DOCTYPE html>\n<html lang="{tag}"><body>\n{paragraphs}\n</body></html>'


def _lines(text: str) -> str:
    return "<br>\n".join(_linked(line) for line in text.split("\n"))


def _linked(line: str) -> str:
    pieces: list[str] = []
    at = 0
    for match in _LINK.finditer(line):
        pieces.append(escape(line[at : match.start()], quote=False))
        address = escape(match[0], quote=True)
        pieces.append(f'<a href="{address}">{address}</a>')
        at = match.end()
    return "".join((*pieces, escape(line[at:], quote=False)))
