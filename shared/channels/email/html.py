"""HTML to text by the standard library's tokenizer: nothing is loaded, run or kept as markup.

It also finds where the quoted original begins, by the containers mail programs put it in.
"""

import re
from html.parser import HTMLParser

_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object"})
_BLOCKS = frozenset(
    {"p", "div", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre"}
    | {"blockquote", "section", "article", "header", "footer", "hr", "dl", "dt", "dd", "form"}
)
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "wbr"})
_QUOTE_CLASSES = frozenset(
    {"gmail_quote", "gmail_quote_container", "protonmail_quote", "yahoo_quoted", "moz-cite-prefix"}
    | {"gmail_attr", "tutanota_quote", "zmail_extra"}
)
_QUOTE_IDS = frozenset({"divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container"})
_LINK = re.compile(r"https?://[^\s<>\"']{1,2000}", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
_MANY_BREAKS = re.compile(r"\n{3,}")


class _Text(HTMLParser):
    """Collects the text. `rest_at` is where everything after it is the original (Outlook)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.quoted: list[bool] = []
        self.rest_at: int | None = None
        self._skip: list[str] = []
        self._quote_tag = ""
        self._quote_depth = 0
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skip.append(tag)
        attributes = {name: value or "" for name, value in attrs}
        self._watch_quote(tag, attributes)
        if tag == "br":
            self._put("\n")
        elif tag in _BLOCKS:
            self._put("\n- " if tag == "li" else "\n")
        elif tag in ("td", "th"):
            self._put(" ")
        elif tag == "img":
            self._put(attributes.get("alt", ""))
        elif tag == "a":
            self._href = attributes.get("href", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED and self._skip:
            self._skip.pop()
        if tag == self._quote_tag and self._quote_depth:
            self._quote_depth -= 1
        if tag == "a":
            self._put_link()
        elif tag in _BLOCKS and tag != "li":
            self._put("\n\n" if tag in ("p", "table", "ul", "ol") else "\n")

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self._put(_SPACES.sub(" ", data.replace("\n", " ")))

    def _put(self, text: str) -> None:
        self.out.append(text)
        self.quoted.append(self._quote_depth > 0)

    def _put_link(self) -> None:
        """The address of a link stands behind its text, unless the text already says it."""
        href, self._href = self._href, ""
        if _LINK.fullmatch(href) and href not in "".join(self.out[-3:]):
            self._put(f" <{href}>")

    def _watch_quote(self, tag: str, attributes: dict[str, str]) -> None:
        if self._quote_depth:
            if tag == self._quote_tag and tag not in _VOID:
                self._quote_depth += 1
            return
        if attributes.get("id", "").lower() in _QUOTE_IDS and self.rest_at is None:
            self.rest_at = len(self.out)
        classes = frozenset(attributes.get("class", "").lower().split())
        cited = tag == "blockquote" and attributes.get("type", "").lower() == "cite"
        if cited or classes & _QUOTE_CLASSES:
            self._quote_tag, self._quote_depth = tag, 1


def html_to_text(html: str) -> tuple[str, str]:
    """The whole text, and the part of it that is new.

    Text between or after the quotes is an answer written into them: then all of it is new.
    """
    parser = _Text()
    parser.feed(html)
    parser.close()
    whole = _tidy("".join(parser.out))
    pieces = list(zip(parser.out, parser.quoted, strict=True))[: parser.rest_at]
    fresh_at = [n for n, (text, quoted) in enumerate(pieces) if text.strip() and not quoted]
    quote_at = [n for n, (text, quoted) in enumerate(pieces) if text.strip() and quoted]
    if quote_at and fresh_at and fresh_at[-1] > quote_at[0]:
        return whole, whole
    fresh = _tidy("".join(text for text, quoted in pieces if not quoted))
    return whole, fresh or whole


def _tidy(text: str) -> str:
    lines = (" ".join(line.split(" ")).strip() for line in _SPACES.sub(" ", text).split("\n"))
    return _MANY_BREAKS.sub("\n\n", "\n".join(lines)).strip()
